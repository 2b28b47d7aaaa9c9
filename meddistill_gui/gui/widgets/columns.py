"""Heads of columns stand where their columns stand: words begin at the left, numbers end at the right."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTableWidget


def line_up(table: QTableWidget, numbers: Iterable[int]) -> None:
    """Put the heads of a table over what they name; called when they have their titles.

    Args:
        table: Any table.
        numbers: Its columns of numbers, which stand at the right.
    """
    middle = Qt.AlignmentFlag.AlignVCenter
    table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | middle)
    for column in numbers:
        head = table.horizontalHeaderItem(column)
        if head is not None:
            head.setTextAlignment(Qt.AlignmentFlag.AlignRight | middle)
