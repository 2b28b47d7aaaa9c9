import csv
import io
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from meddistill_gui.data.catalogue import IssueRow
from meddistill_gui.gui.pages.dataset_browser.lists.issues import IssueList, IssueModel, as_csv
from meddistill_gui.gui.pages.dataset_browser.tags import TagModel

pytestmark = pytest.mark.usefixtures("qapp")
FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


def issue(number):
    return IssueRow(
        path=Path(f"a,b/{number} ü.dcm"), cause="unreadable", reason='He said "no"', remedy="Again."
    )


def test_issues_keep_qts_rules_and_survive_csv():
    model = IssueModel()
    tester = QAbstractItemModelTester(model, FATAL)
    model.show_rows([issue(n) for n in range(3)])
    read = list(csv.reader(io.StringIO(as_csv(model).decode())))
    assert read[0] == ["Cause", "File", "Reason", "What to do"]
    assert read[1] == ["unreadable", str(Path("a,b/0 ü.dcm")), 'He said "no"', "Again."]
    assert len(read) == 4
    del tester


def test_a_csv_that_cannot_be_written_is_an_error_with_a_remedy(qtbot, tmp_path, monkeypatch):
    issues = IssueList()
    qtbot.addWidget(issues)
    target = tmp_path / "gone" / "x.csv"
    monkeypatch.setattr(
        "meddistill_gui.gui.pages.dataset_browser.lists.issues.QFileDialog.getSaveFileName",
        lambda *_: (str(target), ""),
    )
    with qtbot.waitSignal(issues.failed) as told:
        issues.save()
    assert told.args[0].remedy


def test_identifying_tags_are_marked_by_sign_and_word():
    model = TagModel()
    tester = QAbstractItemModelTester(model, FATAL)
    model.show_tags(
        [
            SimpleNamespace(
                tag="(0010,0010)", keyword="PatientName", value="x" * 900, identifying=True
            ),
            SimpleNamespace(tag="(0028,0010)", keyword="Rows", value="8", identifying=False),
        ]
    )
    assert model.index(0, 0).data() == "● PatientName"
    assert "can identify" in model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert model.index(1, 0).data() == "Rows"
    assert len(model.index(0, 1).data()) == 200
    assert model.identifying() == 1
    assert model.rowCount(model.index(0, 0)) == 0
    assert model.columnCount(QModelIndex()) == 2
    del tester
