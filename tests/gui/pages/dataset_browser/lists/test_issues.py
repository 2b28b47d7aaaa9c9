import csv
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester

from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.facts import Problem
from meddistill_gui.data.issues import IssueRow
from meddistill_gui.data.recording import record_issues
from meddistill_gui.gui.pages.dataset_browser.lists.issues import IssueModel
from tests.gui.pages.dataset_browser.open_page import names, settle

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


@pytest.fixture
def troubled(project):
    """The project, with more problems: a folder, and an image whose pixels may show text."""
    with open_catalogue(project / "catalogue.sqlite") as catalogue:
        problem = Problem(cause="no permission", reason='He said "no", twice', remedy="Again.")
        record_issues(catalogue, "folder", [("a,b/ü", problem), ("c", problem)])
        risk = Problem(
            cause="text in the pixels?", reason="It is ultrasound.", remedy="Look at it."
        )
        record_issues(catalogue, "risk", [("opacity/p00_000.png", risk)])
    return project


@pytest.fixture
def problems(qtbot, page, troubled):
    """The list of problems, on the screen."""
    page._session.open_project(troubled)
    settle(qtbot, page)
    page.browser.tabs.setCurrentWidget(page.browser.issues)
    settle(qtbot, page)
    return page.browser.issues


def said(problems, column):
    return [problems.model.index(row, column).data() for row in range(problems.model.rowCount())]


def test_the_model_keeps_qts_rules_and_reads_what_is_looked_at(qapp):
    asked = []

    def read(ids):
        asked.append(len(ids))
        return [
            IssueRow(path=Path(f"{one}.dcm"), cause="c", reason="r", remedy="m", id=int(one))
            for one in ids
            if one != 7
        ]

    model = IssueModel(read)
    tester = QAbstractItemModelTester(model, FATAL)
    model.show_ids(np.arange(1, 20))
    model.show_ids(np.arange(0))
    del tester
    asked.clear()
    model.show_ids(np.arange(1, 100_001))
    assert model.rowCount() == 100_000
    assert model.index(50_000, 1).data() == "50001.dcm"
    assert model.index(6, 1).data() is None, "it is gone meanwhile"
    assert model.index(50_000, 0).data(Qt.ItemDataRole.ToolTipRole) == "50001.dcm\nr m"
    assert asked == [128, 128]


def test_what_could_not_be_used_comes_first_and_headings_order(qtbot, problems):
    causes = said(problems, 0)
    assert causes[:3] == sorted(causes[:3])
    assert causes.count("no permission") == 2
    assert causes[3:] == ["text in the pixels?"]
    header = problems.table.horizontalHeader()
    place = QPoint(header.sectionViewportPosition(1) + 10, header.height() // 2)
    for turned in (False, True):
        qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
        qtbot.wait(300)
        paths = [str(problems.model.row_at(row).path) for row in range(4)]
        assert paths == sorted(paths, reverse=turned)


def test_space_orders_by_the_column_one_stands_in(qtbot, page, problems):
    problems.table.setFocus()
    for turned in (False, True):
        problems.table.setCurrentIndex(problems.model.index(0, 1))
        with qtbot.waitSignal(problems.wanted) as asked:
            qtbot.keyClick(problems.table, Qt.Key.Key_Space)
        assert asked.args == ["", "file", turned]
        settle(qtbot, page)


def test_the_filter_looks_into_every_column(qtbot, page, problems):
    for text, count in (("ULTRASOUND", 1), ("permission", 2), ("a,b", 1), ("100%", 0), ("", 4)):
        with qtbot.waitSignal(problems.wanted):
            problems.search.setText(text + "x")
            problems.search.setText(text)
        settle(qtbot, page)
        assert problems.model.rowCount() == count


def test_enter_shows_the_image_of_a_line(qtbot, page, problems):
    problems.table.selectRow(3)
    assert "It is ultrasound. Look at it." in problems._said.text()
    qtbot.keyClick(problems.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: names(page) == ["p00_000.png"])
    assert page.browser.grid.isVisible()


def test_what_is_listed_survives_csv(qtbot, page, problems, tmp_path, monkeypatch):
    target = tmp_path / "x.csv"
    monkeypatch.setattr(
        "meddistill_gui.gui.pages.dataset_browser.lists.issues.QFileDialog.getSaveFileName",
        lambda *_: (str(target), ""),
    )
    with qtbot.waitSignal(problems.wanted):
        problems.search.setText("permission")
    settle(qtbot, page)
    problems.save()
    qtbot.waitUntil(target.is_file)
    read = list(csv.reader(target.read_text(encoding="utf-8").splitlines()))
    assert read[0] == ["Cause", "File", "Reason", "What to do"]
    assert [Path(row[1]).name for row in read[1:]] == ["ü", "c"]
    assert read[1][2:] == ['He said "no", twice', "Again."]


def test_a_csv_that_cannot_be_written_is_an_error_with_a_remedy(
    qtbot, problems, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        "meddistill_gui.gui.pages.dataset_browser.lists.issues.QFileDialog.getSaveFileName",
        lambda *_: (str(tmp_path / "gone" / "x.csv"), ""),
    )
    with qtbot.waitSignal(problems.failed) as told:
        problems.save()
    assert told.args[0].remedy


def test_nothing_is_asked_until_the_list_is_seen(qtbot, page, troubled):
    asked = []
    page.browser.issues.wanted.connect(lambda *wish: asked.append(wish))
    page._session.open_project(troubled)
    settle(qtbot, page)
    assert (asked, page.browser.tabs.tabText(1)) == ([], "Problems (4)")
    page.browser.tabs.setCurrentIndex(1)
    assert asked == [("", "cause", False)]
    settle(qtbot, page)
    assert page.browser.issues.model.rowCount() == 4
