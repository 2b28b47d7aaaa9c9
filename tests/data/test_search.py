"""The search box against the same question asked in Python."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.data import tree
from meddistill_gui.data.catalogue import Catalogue, ImageRow
from meddistill_gui.data.division.splitting import split
from meddistill_gui.data.issues import issue_rows
from meddistill_gui.data.search import ORDERS, Search, find
from tests.data.conftest import IMAGES


def found(catalogue: Catalogue, text: str = "", **more: object) -> list[ImageRow]:
    return catalogue.images(catalogue.image_ids(Search(text=text, **more)))  # type: ignore[arg-type]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("order", ORDERS)
def test_orders(labelled: Catalogue, order: str, descending: bool) -> None:
    split(SplitConfig(project=labelled.path.parent), labelled)
    keys = {
        "path": lambda _: "",
        "class": lambda row: row.class_name,
        "patient": lambda row: row.patient,
        "modality": lambda row: row.modality,
        "size": lambda row: row.width * row.height,
        "part": lambda row: row.role,
    }
    rows = found(labelled, order=order, descending=descending)
    keyed = [(keys[order](row), str(row.path)) for row in rows]
    assert keyed == sorted(keyed, reverse=descending)
    assert len(keyed) == IMAGES


def test_words_are_looked_for_in_path_patient_and_class_and_all_must_fit(
    labelled: Catalogue,
) -> None:
    every = found(labelled)
    one = every[7]
    assert [row.id for row in found(labelled, one.path.name)] == [one.id]
    assert {row.patient for row in found(labelled, one.patient or "")} == {one.patient}
    assert found(labelled, "NORMAL") == found(labelled, class_name="normal")
    both = found(labelled, f"normal {one.patient}")
    assert both == [r for r in every if r.class_name == "normal" and r.patient == one.patient]


@pytest.mark.parametrize(
    "text", ["%nothing", "_nothing", "'nothing", '"; DROP TABLE image', "a=b", ":", "-"]
)
def test_signs_of_sql_are_letters(labelled: Catalogue, text: str) -> None:
    assert len(found(labelled, text)) in {0, IMAGES}
    assert len(found(labelled)) == IMAGES


def test_fields(labelled: Catalogue) -> None:
    split(SplitConfig(project=labelled.path.parent), labelled)
    every = found(labelled)
    name, patient = every[0].class_name, every[0].patient
    wanted = {
        f"class={name}": lambda r: r.class_name == name,
        f"class:{name[:4].upper()}": lambda r: name[:4] in r.class_name,
        f"-class={name}": lambda r: r.class_name != name,
        f"patient={patient}": lambda r: r.patient == patient,
        "part:train": lambda r: r.role == "train",
        "role:test": lambda r: r.role == "test",
        f"role:train class={name}": lambda r: r.role == "train" and r.class_name == name,
        f'"class={name}"': lambda r: r.class_name == name,
        f"modality:{every[0].modality}": lambda r: r.modality == every[0].modality,
        f"width:>{every[0].width}": lambda r: r.width > every[0].width,
        f"width:<{every[0].width}": lambda r: r.width < every[0].width,
        f"height:{every[0].height}": lambda r: r.height == every[0].height,
        "frame:1": lambda r: r.frame == 0,
        "class:none": lambda _: False,
        "class:any": lambda _: True,
        "class:": lambda _: True,
        "width:>": lambda _: True,
        "study:none": lambda _: False,
        f"file:{every[3].path.name}": lambda r: r.path == every[3].path,
    }
    for text, fits in wanted.items():
        assert found(labelled, text) == [row for row in every if fits(row)], text


def test_images_with_issues_and_copies(labelled: Catalogue) -> None:
    first, second, third = found(labelled)[:3]
    with labelled.transaction() as connection:
        connection.execute(
            "INSERT INTO issue (file, path, stage, cause, reason, remedy) "
            "SELECT file, 'x', 'scan', 'burned-in text', 'There may be a name.', '' FROM image WHERE id = ?",
            (first.id,),
        )
        connection.execute("INSERT INTO copy VALUES (?, ?, 0.99)", (second.id, third.id))
    assert first in found(labelled, "issue:burned")
    assert first in found(labelled, 'issue:"a name"')
    assert first in found(labelled, "issue:any")
    assert first not in found(labelled, "issue:none")
    assert found(labelled, "copy:any") == [second, third]
    assert found(labelled, "-copy:any class:any") == [
        row for row in found(labelled) if row not in (second, third)
    ]


def test_a_branch_of_the_tree(labelled: Catalogue) -> None:
    rows = labelled.connection.execute("SELECT id, patient, study, series FROM image").fetchall()
    image, *branch = rows[5]
    for depth in (1, 2, 3):
        wanted = {row[0] for row in rows if list(row[1 : 1 + depth]) == branch[:depth]}
        ids = labelled.image_ids(Search(branch=tuple(branch[:depth])))
        assert set(ids.tolist()) == wanted
        assert image in wanted
    assert labelled.image_ids(Search(branch=(None,))).size == 0


def test_ids_come_as_one_array(labelled: Catalogue) -> None:
    assert labelled.image_ids().dtype == np.int64
    assert labelled.image_ids(Search(text="no such image")).shape == (0,)


def plans(connection: sqlite3.Connection, ask: Callable[[], object]) -> str:
    """How SQLite goes about what `ask` asks."""
    said: list[str] = []
    connection.set_trace_callback(said.append)
    ask()
    connection.set_trace_callback(None)
    asked = [sql for sql in said if sql.lstrip().startswith("SELECT")]
    rows = [row for sql in asked for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert rows
    return "\n".join(row[3] for row in rows)


@pytest.mark.parametrize(
    ("search", "index"),
    [
        (Search(role="train"), "role_role (role=?)"),
        (Search(class_name="opacity"), "sqlite_autoindex_class_1 (name=?)"),
        (Search(branch=(1,)), "image_patient (patient=?)"),
        (Search(branch=(1, 2)), "image_study (study=?)"),
        (Search(branch=(1, 2, 3)), "image_series (series=?)"),
        (Search(text="issue:any"), "issue_file (file=?)"),
        (Search(text="copy:any"), "copy_other (other=?)"),
    ],
)
def test_filters_go_by_an_index(labelled: Catalogue, search: Search, index: str) -> None:
    assert index in plans(labelled.connection, lambda: find(labelled.connection, search))


def test_the_order_of_files_is_not_sorted_but_read(labelled: Catalogue) -> None:
    plan = plans(labelled.connection, lambda: find(labelled.connection, Search()))
    assert "USING COVERING INDEX sqlite_autoindex_file_1" in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize(
    "ask",
    [
        lambda one: one.images([1, 2, 3]),
        lambda one: one.frames(1),
        lambda one: tree.studies(one.connection, 1),
        lambda one: tree.series(one.connection, 1, 1),
        lambda one: tree.patient_names(one.connection, [1, 2]),
        lambda one: issue_rows(one.connection, Path(), [1, 2]),
    ],
)
def test_what_the_window_asks_for_a_page_looks_at_no_whole_table(
    labelled: Catalogue, ask: Callable[[Catalogue], object]
) -> None:
    plan = plans(labelled.connection, lambda: ask(labelled))
    assert "SEARCH" in plan
    whole = [line for line in plan.splitlines() if line.startswith("SCAN")]
    assert [line for line in whole if "json_each" not in line] == []
