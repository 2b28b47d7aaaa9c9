"""The numbers behind a curve plot as a table: for screen readers, for copying, for people who like numbers."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QTableWidget, QTableWidgetItem, QWidget

from meddistill_gui.gui.plots.series import Series

MAX_ROWS: Final = 200


class NumbersTable(QTableWidget):
    """One row per step, one column per curve, newest first; Ctrl+C copies the chosen rows with tabs between."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setAlternatingRowColors(True)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.verticalHeader().hide()
        self.horizontalHeader().setStretchLastSection(True)
        self.setAccessibleName(self.tr("Numbers of the curves"))
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy_rows)

    def show_series(self, step_name: str, series: Mapping[str, Series]) -> None:
        """Show the newest `MAX_ROWS` steps of these curves; `step_name` is what the first column counts."""
        filled = {name: one for name, one in series.items() if len(one)}
        parts = [np.empty(0), *(one.steps[-MAX_ROWS:] for one in filled.values())]
        steps = np.unique(np.concatenate(parts))[::-1][:MAX_ROWS]
        self.setColumnCount(1 + len(filled))
        self.setHorizontalHeaderLabels([step_name, *filled])
        self.setRowCount(len(steps))
        for row, step in enumerate(steps):
            self._put(row, 0, f"{step:,.0f}")
            for column, one in enumerate(filled.values(), start=1):
                self._put(row, column, _value_at(one, float(step)))
        self.resizeColumnsToContents()

    def copy_rows(self) -> None:
        """Copy the chosen rows, all if none is chosen."""
        rows = sorted({index.row() for index in self.selectedIndexes()}) or range(self.rowCount())
        lines = [
            "\t".join(
                item.text() if (item := self.item(row, column)) else ""
                for column in range(self.columnCount())
            )
            for row in rows
        ]
        QGuiApplication.clipboard().setText("\n".join(lines))

    def _put(self, row: int, column: int, text: str) -> None:
        item = QTableWidgetItem(text)
        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setItem(row, column, item)


def _value_at(series: Series, step: float) -> str:
    place = int(np.searchsorted(series.steps, step))
    if place < len(series) and series.steps[place] == step:
        return f"{series.values[place]:.5g}"
    return ""
