from types import SimpleNamespace

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from meddistill_gui.gui.pages.dataset_browser.tags import TagModel

pytestmark = pytest.mark.usefixtures("qapp")
FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


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
