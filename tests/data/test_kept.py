"""What the catalogue keeps of its answers is what it would answer now, whatever was done to it in between."""

import contextlib
import sqlite3
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from meddistill_gui.core.configs.patients import PatientsConfig
from meddistill_gui.core.errors import LabelError
from meddistill_gui.data import counts, tree
from meddistill_gui.data.catalogue import Catalogue, open_catalogue
from meddistill_gui.data.division.patients import name_patients
from meddistill_gui.data.facts import FileFacts, Header, Problem
from meddistill_gui.data.kept import ORDER, PATIENTS, SUMMARY, kept
from meddistill_gui.data.labels import hand_labels
from meddistill_gui.data.labels.layers import record_given
from meddistill_gui.data.recording import (
    SeenFile,
    forget_files,
    forget_orphans,
    record_files,
    record_issues,
    record_roles,
)
from tests.data.conftest import IMAGES

CLASSES = st.sampled_from(["normal", "opacity", "sain", "氏"])
NUMBERS = st.integers(0, 9)
PROBLEM = Problem(cause="truncated", reason="It ends.", remedy="Copy it.")


def asked(catalogue: Catalogue) -> tuple[object, ...]:
    """What opening the project asks, answered out of what is kept where it is."""
    branches = tree.patients(catalogue.connection)
    ids, images = branches.ids.tolist(), branches.images.tolist()
    return catalogue.summary(), catalogue.image_ids().tolist(), ids, images


def asked_anew(catalogue: Catalogue) -> tuple[object, ...]:
    """The same, counted on a copy of the file that has forgotten everything."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalogue.sqlite"
        copy = sqlite3.connect(path)
        catalogue.connection.backup(copy)
        copy.execute("DELETE FROM kept")
        copy.commit()
        copy.close()
        with open_catalogue(path) as fresh:
            return asked(fresh)


def file(number: int, header: Header | None) -> tuple[SeenFile, FileFacts]:
    problem = None if header else PROBLEM
    seen = SeenFile(path=f"{number % 3}/p{number}_{number}.png", size=1, modified=1)
    return seen, FileFacts(kind="png", header=header, problem=problem)


class Changes(RuleBasedStateMachine):
    """Everything that writes to a catalogue, in any order, by a program beside the one that reads."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "catalogue.sqlite"
        self.writer, self.reader = open_catalogue(path), open_catalogue(path)

    def teardown(self) -> None:
        for one in (self.writer, self.reader):
            one.close()
        self.folder.cleanup()

    @initialize()
    def some(self) -> None:
        for number in range(0, 10, 2):
            self.scan(number, f"P{number % 4}", 1, "CR", "")

    @rule(
        number=NUMBERS,
        patient=st.sampled_from(["", "P0", "P1", "Å"]),
        frames=st.integers(1, 3),
        modality=st.sampled_from(["", "CR", "US"]),
        risk=st.sampled_from(["", "It is ultrasound."]),
    )
    def scan(self, number: int, patient: str, frames: int, modality: str, risk: str) -> None:
        header = Header(
            width=4, height=4, fingerprint=b"%d" % number, frames=frames,
            modality=modality, patient=patient, text_risk=risk,
        )  # fmt: skip
        record_files(self.writer, [file(number, header)])

    @rule(number=NUMBERS)
    def break_one(self, number: int) -> None:
        record_files(self.writer, [file(number, None)])

    @rule(number=NUMBERS)
    def vanish(self, number: int) -> None:
        forget_files(self.writer, [file(number, None)[0].path])
        forget_orphans(self.writer)

    @rule(which=st.integers(0, 3))
    def folder_issues(self, which: int) -> None:
        record_issues(self.writer, "folder", [(f"gone {n}", PROBLEM) for n in range(which)])

    @rule(which=st.sets(NUMBERS, min_size=1), name=CLASSES)
    def by_hand(self, which: set[int], name: str) -> None:
        ids = self.writer.image_ids()
        chosen = [int(ids[n]) for n in which if n < len(ids)]
        with contextlib.suppress(LabelError):  # nothing chosen, or a name that was renamed
            hand_labels.set_classes(self.writer, chosen, name)

    @rule(back=st.booleans())
    def step(self, back: bool) -> None:
        (hand_labels.undo if back else hand_labels.redo)(self.writer)

    @rule(name=CLASSES, becomes=CLASSES)
    def label_by_rule(self, name: str, becomes: str) -> None:
        given = {int(one): name for one in self.writer.image_ids()[::2]}
        record_given(self.writer, given, {name: becomes}, forget_hand=False)

    @rule(pattern=st.booleans())
    def name_patients_by(self, pattern: bool) -> None:
        said = {"rule": "pattern", "pattern": r"p(\d)_"} if pattern else {"rule": "none"}
        with contextlib.suppress(LabelError):  # every header names a patient
            name_patients(PatientsConfig(project=self.writer.path.parent, **said), self.writer)

    @rule(role=st.sampled_from(["train", "test", None]))
    def divide(self, role: str | None) -> None:
        ids = [int(one) for one in self.writer.image_ids()] if role else []
        record_roles(self.writer, [(one, role, 0) for one in ids if role], {})

    @rule(number=NUMBERS)
    def something_else(self, number: int) -> None:
        record_files(self.writer, [(file(number, None)[0], FileFacts(kind="other"))])

    @rule()
    def give_up(self) -> None:
        with pytest.raises(RuntimeError), self.writer.transaction() as connection:  # noqa: PT012 - both lines belong to it
            connection.execute("DELETE FROM image")
            raise RuntimeError

    @invariant()
    def says_what_is_true(self) -> None:
        assert asked(self.reader) == asked(self.reader) == asked_anew(self.writer)


Changes.TestCase.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)
TestChanges = pytest.mark.slow(Changes.TestCase)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM image WHERE id = 1",
        "INSERT INTO image (file, frame, modality, width, height, fingerprint) VALUES (1, 9, 'CT', 1, 1, x'00')",
        "UPDATE image SET patient = NULL WHERE id = 1",
        "UPDATE image SET modality = 'PX'",
        "INSERT INTO file (path, size, modified, kind) VALUES ('x', 1, 1, 'other')",
        "DELETE FROM file WHERE id = 1",
        "DELETE FROM file WHERE NOT EXISTS (SELECT 1 FROM image WHERE image.file = file.id)",
        "UPDATE file SET path = 'zzz' WHERE id = (SELECT file FROM image WHERE id = 1)",
        "UPDATE file SET looked = 0",
        "UPDATE patient SET identity = 'zzz' WHERE id = 1",
        "INSERT INTO label SELECT image.id, class.id FROM image, class WHERE image.frame = 9 LIMIT 1",
        "UPDATE label SET class = (SELECT min(id) FROM class)",
        "DELETE FROM label WHERE image = 1",
        "UPDATE class SET name = 'zzz' WHERE id = 1",
        "INSERT INTO role VALUES (1, 'train', 1)",
        "UPDATE role SET role = 'validation'",
        "DELETE FROM role",
        "INSERT INTO issue (path, stage, cause, reason, remedy) VALUES ('x', 'scan', '', '', '')",
        "UPDATE issue SET stage = 'risk'",
        "DELETE FROM issue",
    ],
)
def test_each_change_drops_what_it_makes_wrong(labelled: Catalogue, sql: str) -> None:
    """Whoever makes it: the triggers see to it, not the writers."""
    for before in (
        "INSERT INTO image (file, frame, modality, width, height, fingerprint) VALUES (1, 9, 'CT', 1, 1, x'00')"
        if "frame = 9" in sql
        else "SELECT 1",
        "INSERT INTO role VALUES (2, 'train', 1)",
        "INSERT INTO issue (path, stage, cause, reason, remedy) VALUES ('y', 'scan', '', '', '')",
        "INSERT INTO file (path, size, modified, kind) VALUES ('y', 1, 1, 'other')",
    ):
        labelled.connection.execute(before)
    labelled.prepare()
    before_it = asked(labelled)
    labelled.connection.execute(sql)
    assert asked(labelled) == asked_anew(labelled) != before_it


def test_what_was_answered_is_not_asked_again(labelled: Catalogue) -> None:
    labelled.prepare()
    said: list[str] = []
    labelled.connection.set_trace_callback(said.append)
    summary, ids, *_ = asked(labelled)
    assert (summary.images, len(ids)) == (IMAGES, IMAGES)  # type: ignore[attr-defined,arg-type]
    assert not [sql for sql in said if "count(" in sql or "group_concat" in sql]


def test_an_answer_of_yesterdays_snapshot_is_not_kept(labelled: Catalogue) -> None:
    labelled.connection.execute("DELETE FROM kept")

    def ask() -> bytes:
        before = counts.packed(counts.counted(labelled.connection))
        with open_catalogue(labelled.path) as other:
            forget_files(other, ["none such"])
            with other.transaction() as connection:
                connection.execute("DELETE FROM image WHERE id = 1")
        return before

    old = counts.unpacked(kept(labelled.connection, SUMMARY, ask), None)
    assert (old.images, labelled.summary().images) == (IMAGES, IMAGES - 1)


def test_nobody_waits_to_keep_an_answer(labelled: Catalogue) -> None:
    labelled.connection.execute("DELETE FROM kept")
    with open_catalogue(labelled.path) as other, other.transaction() as connection:
        connection.execute("DELETE FROM image WHERE id = 1")
        assert labelled.summary().images == IMAGES, "a reader sees what was there before"
        assert other.summary().images == IMAGES - 1, "the writer sees its own change"
    assert labelled.summary().images == IMAGES - 1
    stored = {name for (name,) in labelled.connection.execute("SELECT name FROM kept")}
    assert stored == {SUMMARY}


def test_what_cannot_be_kept_is_answered_all_the_same(labelled: Catalogue) -> None:
    labelled.connection.execute("DELETE FROM kept")
    labelled.connection.execute("PRAGMA query_only = 1")
    labelled.prepare()
    assert len(labelled.image_ids()) == IMAGES
    labelled.connection.execute("PRAGMA query_only = 0")
    labelled.prepare()
    stored = {name for (name,) in labelled.connection.execute("SELECT name FROM kept")}
    assert stored == {SUMMARY, ORDER, PATIENTS}
    assert labelled.image_ids().dtype == np.int64
