"""The catalogue answers quickly, survives a killed writer, and two programs may have it open."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.errors import BusyError, ProjectError, TargetError
from meddistill_gui.data import schema
from meddistill_gui.data.catalogue import Catalogue, open_catalogue
from meddistill_gui.data.division.splitting import split
from meddistill_gui.data.search import Search
from tests.data.conftest import IMAGES, PATIENTS


def test_a_new_catalogue_is_empty(catalogue: Catalogue) -> None:
    summary = catalogue.summary()
    assert (summary.source, summary.images, summary.classes, summary.roles) == (None, 0, (), ())
    assert catalogue.image_ids().dtype == np.int64
    assert catalogue.images([1, 2]) == []
    assert catalogue.issues() == []


def test_filters_agree_with_the_summary(labelled: Catalogue) -> None:
    split(SplitConfig(project=labelled.path.parent), labelled)
    summary = labelled.summary()
    assert (summary.images, summary.patients, summary.unlabelled) == (IMAGES, PATIENTS, 0)
    modalities = [row.modality for row in labelled.images(labelled.image_ids())]
    assert summary.modality == max(sorted(set(modalities)), key=modalities.count)
    for count in summary.classes:
        rows = labelled.images(labelled.image_ids(Search(class_name=count.name)))
        assert len(rows) == count.images
        assert len({row.patient for row in rows}) == count.patients
    for part in summary.roles:
        ids = labelled.image_ids(Search(role=part.role))
        assert len(ids) == part.images
        assert len({row.patient for row in labelled.images(ids)}) == part.patients
        for name, number in part.per_class.items():
            assert len(labelled.image_ids(Search(role=part.role, class_name=name))) == number
    assert len(labelled.image_ids(Search(class_name=""))) == 0


def test_images_keep_the_order_of_ids_and_leave_out_gone_ones(labelled: Catalogue) -> None:
    ids = labelled.image_ids()[::-1]
    assert [row.id for row in labelled.images([*ids, 10**9])] == ids.tolist()


def test_what_is_no_catalogue_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    other.write_bytes(b"this is a letter, not a database" * 100)
    with pytest.raises(ProjectError, match="is damaged"):
        open_catalogue(other)
    newer = tmp_path / "newer.sqlite"
    open_catalogue(newer).close()
    connection = sqlite3.connect(newer)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ProjectError, match="format 99"):
        open_catalogue(newer)
    with pytest.raises(TargetError):
        open_catalogue(tmp_path / "missing" / "c.sqlite")


def test_a_catalogue_of_the_first_format_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(schema.TABLES)
    connection.execute("INSERT INTO about VALUES ('source', '/images')")
    connection.commit()
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    open_catalogue(tmp_path / "new.sqlite").close()
    with open_catalogue(path) as old, open_catalogue(tmp_path / "new.sqlite") as new:
        assert old.source == Path("/images")
        tables = "SELECT group_concat(sql) FROM (SELECT sql FROM sqlite_master ORDER BY name)"
        assert old.value(tables) == new.value(tables)


def test_a_transaction_that_fails_changes_nothing(labelled: Catalogue) -> None:
    before = labelled.summary()

    def fail() -> None:
        with labelled.transaction() as connection:
            connection.execute("DELETE FROM label")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert labelled.summary() == before


def test_a_second_writer_is_told_who_is_in_the_way(
    labelled: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "_BUSY_SECONDS", 0.05)
    with open_catalogue(labelled.path) as second, labelled.transaction():
        assert second.summary().images == IMAGES, "a reader waits for nobody"
        with pytest.raises(BusyError, match="Another program"), second.transaction():
            pass
    with open_catalogue(labelled.path) as second, second.transaction():
        pass


def test_a_full_disk_is_said_and_changes_nothing(labelled: Catalogue) -> None:
    pages = labelled.value("PRAGMA page_count")
    labelled.connection.execute(f"PRAGMA max_page_count = {pages}")
    before = labelled.summary()
    many = [(f"name {i}" * 100, str(i)) for i in range(3000)]
    with (
        pytest.raises(TargetError, match="cannot be written"),
        labelled.transaction() as connection,
    ):
        connection.executemany("INSERT INTO patient (identity, issuer) VALUES (?, ?)", many)
    assert labelled.summary() == before
    assert labelled.value("PRAGMA integrity_check") == "ok"


_TWO = """
import sys
from pathlib import Path
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.recording import set_about
with open_catalogue(Path(sys.argv[1])) as catalogue:
    for number in range(50):
        set_about(catalogue, f"{sys.argv[2]}.{number}", "written")
"""


@pytest.mark.slow
def test_two_programs_make_and_fill_one_catalogue(project: Path) -> None:
    path = project / "catalogue.sqlite"
    writers = [
        subprocess.Popen([sys.executable, "-c", _TWO, str(path), name]) for name in ("a", "b")
    ]
    assert [writer.wait() for writer in writers] == [0, 0]
    with open_catalogue(path) as catalogue:
        assert catalogue.value("SELECT count(*) FROM about") == 100
        assert catalogue.value("PRAGMA integrity_check") == "ok"


def test_many_who_make_one_catalogue_at_once_wait_for_each_other(tmp_path: Path) -> None:
    """SQLite refuses the change to WAL at once where two programs make it; one in ten was turned away."""
    together = threading.Barrier(4)

    def opened(path: Path) -> int:
        together.wait()
        with open_catalogue(path) as catalogue:
            return int(catalogue.value("SELECT count(*) FROM file"))

    with ThreadPoolExecutor(4) as pool:
        for number in range(25):
            path = tmp_path / f"{number}.sqlite"
            assert list(pool.map(opened, [path] * 4)) == [0] * 4


_SCAN = """
import sys
from pathlib import Path
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.control import Control
from meddistill_gui.data import scanning
from meddistill_gui.data.catalogue import open_catalogue
scanning._BATCH = 3
source, project = map(Path, sys.argv[1:])
with open_catalogue(project / "catalogue.sqlite") as catalogue:
    for event in scanning.scan(ScanConfig(source=source, project=project), catalogue, Control()):
        print(event, flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX")
def test_a_killed_scan_leaves_a_whole_catalogue_and_goes_on(
    hospital: Path, project: Path, scan_folder
) -> None:
    command = [sys.executable, "-c", _SCAN, str(hospital), str(project)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(4):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
    with open_catalogue(project / "catalogue.sqlite") as after:
        assert after.value("PRAGMA integrity_check") == "ok"
        assert after.value("PRAGMA foreign_key_check") is None
        kept = after.summary().files
    assert 3 <= kept < IMAGES
    _, report = scan_folder(hospital)
    assert (report.images, report.read) == (IMAGES, IMAGES + 1 - kept)
