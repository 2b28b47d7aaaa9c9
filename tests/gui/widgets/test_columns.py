"""Heads stand over what they name."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTableWidget

from meddistill_gui.gui.widgets.columns import line_up


def test_words_begin_at_the_left_and_numbers_end_at_the_right(qtbot):
    table = QTableWidget(0, 3)
    qtbot.addWidget(table)
    table.setHorizontalHeaderLabels(["Name", "Size", "Place"])
    line_up(table, (1, 7))
    model, role = table.model(), Qt.ItemDataRole.TextAlignmentRole
    sides = [model.headerData(k, Qt.Orientation.Horizontal, role) for k in range(3)]
    assert int(sides[1]) & int(Qt.AlignmentFlag.AlignRight)
    assert not int(sides[0] or 0) & int(Qt.AlignmentFlag.AlignRight)
    assert table.horizontalHeader().defaultAlignment() & Qt.AlignmentFlag.AlignLeft
