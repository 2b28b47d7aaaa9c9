"""What stands behind the verdict: planted copies found, and whether the preconditions hold."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from meddistill_gui.gui.pages.anonymity_preview.audit_reading import Check, PlantedKind
from meddistill_gui.gui.theme import colours, icons
from meddistill_gui.gui.widgets.columns import line_up


def planted_table(parent: QWidget | None = None) -> QTableWidget:
    """An empty table for `show_planted`."""
    table = _table(
        ["Kind of copy", "Found", "Right patient named first", "Missed at most"],
        parent,
        stretched=0,
    )
    line_up(table, (1, 2, 3))
    table.setAccessibleName(table.tr("Planted copies that the tests found"))
    table.setToolTip(
        table.tr(
            "Missed at most: share of further copies of this kind that would be missed, with 95 % confidence"
        )
    )
    return table


def show_planted(table: QTableWidget, kinds: Sequence[PlantedKind]) -> None:
    """One row per kind of planted copy."""
    table.setRowCount(len(kinds))
    for row, kind in enumerate(kinds):
        table.setItem(row, 0, QTableWidgetItem(kind.kind))
        texts = [
            table.tr("{count} of {planted}").format(count=count, planted=kind.planted)
            for count in (kind.found, kind.right_patient)
        ]
        texts.append("–" if kind.missed_at_most is None else f"{kind.missed_at_most:.1%}")
        for column, text in enumerate(texts, start=1):
            item = QTableWidgetItem(text)
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            table.setItem(row, column, item)


def checks_table(parent: QWidget | None = None) -> QTableWidget:
    """An empty table for `show_checks`."""
    table = _table(["Precondition", "Result", "What it means"], parent, stretched=2)
    line_up(table, ())
    table.setWordWrap(True)
    table.setAccessibleName(table.tr("Preconditions of the audit"))
    return table


def show_checks(table: QTableWidget, checks: Sequence[Check]) -> None:
    """One row per precondition."""
    scheme = colours.current()
    table.setRowCount(len(checks))
    for row, check in enumerate(checks):
        result = QTableWidgetItem(table.tr("Holds") if check.passed else table.tr("Fails"))
        name, colour = ("good", scheme.good) if check.passed else ("error", scheme.danger)
        result.setIcon(QIcon(icons.pixmap(name, 20, QColor(colour))))
        for column, item in enumerate(
            (QTableWidgetItem(check.name), result, QTableWidgetItem(check.sentence))
        ):
            table.setItem(row, column, item)
    table.resizeRowsToContents()


def _table(titles: Sequence[str], parent: QWidget | None, *, stretched: int) -> QTableWidget:
    table = QTableWidget(0, len(titles), parent)
    table.setHorizontalHeaderLabels([table.tr(title) for title in titles])
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setTabKeyNavigation(False)
    table.setShowGrid(False)
    table.verticalHeader().hide()
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
    return table
