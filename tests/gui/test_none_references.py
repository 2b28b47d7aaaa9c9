import sys

import pytest
from PySide6.QtCore import QAbstractListModel, QSortFilterProxyModel
from PySide6.QtWidgets import QWidget


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from Python 3.12 on")
def test_pyside_keeps_its_references_to_none(qtbot):
    """PySide6 6.12.0 loses one per virtual call on Python 3.10 and 3.11 and aborts the process after minutes."""

    class Model(QAbstractListModel):
        def rowCount(self, parent=None):  # noqa: N802
            return 3

        def data(self, index, role=0):
            return None

    class Widget(QWidget):
        def paintEvent(self, event):  # noqa: N802
            return None

    model = Model()
    proxy = QSortFilterProxyModel()
    proxy.setSourceModel(model)
    index = proxy.index(0, 0)
    widget = Widget()
    qtbot.addWidget(widget)
    widget.resize(9, 9)
    widget.show()
    for call in (lambda: proxy.data(index, 0), widget.repaint):
        call()
        before = sys.getrefcount(None)
        for _ in range(200):
            call()
        assert abs(sys.getrefcount(None) - before) < 20
