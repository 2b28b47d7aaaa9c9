"""What students learn from the synthetic images, beside what they learn from real ones: `evaluation.json` as a table."""

import math
from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)
from typing_extensions import override

from meddistill_gui.gui.widgets.columns import line_up

_LONGEST_LINE: Final = 40  # letters
_SHORTEST_LINE: Final = 12


class EvaluationTable(QTableWidget):
    """One row per training set; every figure with its interval over the students."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns = {
            "balanced_accuracy": self.tr("Balanced\naccuracy"),
            "accuracy": self.tr("Accuracy"),
            "auroc": self.tr("AUROC"),
            "macro_f1": self.tr("Macro F1"),
            "calibration_error": self.tr("Calibration error"),
        }
        titles = [
            self.tr("Trained on"),
            *self._columns.values(),
            self.tr("Images"),
            self.tr("Students"),
        ]
        self.setColumnCount(len(titles))
        self.setHorizontalHeaderLabels(titles)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.setAccessibleName(self.tr("What students learn"))
        self.setShowGrid(False)
        self._wanted = 0  # width of the first column
        line_up(self, range(1, len(titles)))
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)

    def show_figures(self, evaluation: Mapping[str, Any]) -> None:
        """Show the rows of an `evaluation.json`."""
        rows = evaluation["rows"]
        self.setRowCount(len(rows))
        for place, row in enumerate(rows):
            self._put(place, 0, self._title(row), Qt.AlignmentFlag.AlignLeft)
            for column, name in enumerate(self._columns, start=1):
                said = in_words(row.get(name))
                self._put(place, column, _in_two_lines(said), said=said)
            self._put(place, len(self._columns) + 1, f"{row['training_images']:,}")
            self._put(place, len(self._columns) + 2, str(row["students"]))
        self.resizeColumnsToContents()
        for column in range(1, self.columnCount()):  # two figures beside each other are not one
            self.setColumnWidth(
                column, self.columnWidth(column) + self.fontMetrics().averageCharWidth()
            )
        # a long title takes several lines, so that the figures stay in sight
        widest = _LONGEST_LINE * self.fontMetrics().averageCharWidth()
        self._wanted = min(self.columnWidth(0), widest)
        self.verticalHeader().setMinimumSectionSize(round(2.6 * self.fontMetrics().height()))
        self._share_room()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_room()

    def _share_room(self) -> None:
        """No figure is cut at the right edge, where it would read as another one: the titles take the rest of the width."""
        least = _SHORTEST_LINE * self.fontMetrics().averageCharWidth()
        rest = self.viewport().width()
        for column in range(1, self.columnCount()):
            wanted = least if column <= len(self._columns) else self._wanted
            if rest - self.columnWidth(column) < wanted:
                break
            rest -= self.columnWidth(column)
        self.setColumnWidth(0, max(least, rest))
        self.resizeRowsToContents()

    def _title(self, row: Mapping[str, Any]) -> str:
        """A bundle carries the rows without their titles."""
        if "title" in row:
            return str(row["title"])
        return {
            "distilled": self.tr("The synthetic images"),
            "random": self.tr("Random real images"),
            "distilled-hard": self.tr("The synthetic images, labels made hard"),
            "scratch": self.tr("A few real images, from scratch"),
            "transfer": self.tr("A few real images, with weights trained elsewhere"),
            "whole": self.tr("All real images"),
        }.get(row["name"], str(row["name"]))

    def _put(
        self,
        row: int,
        column: int,
        text: str,
        side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignRight,
        *,
        said: str = "",
    ) -> None:
        item = QTableWidgetItem(text)
        item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        item.setToolTip(said or text)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, said or text)
        self.setItem(row, column, item)


def in_words(figure: Mapping[str, Any] | None) -> str:
    """A mean with its interval: "0.683 (0.641 to 0.725)"; a dash where there is none."""
    if figure is None or not _is_number(figure.get("mean")):
        return "–"
    if not (_is_number(figure.get("low")) and _is_number(figure.get("high"))):
        return f"{figure['mean']:.3f}"
    return f"{figure['mean']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def _is_number(value: object) -> bool:
    """Not None and not NaN: one student has no spread."""
    return isinstance(value, int | float) and not math.isnan(value)


def _in_two_lines(said: str) -> str:
    """The interval below the mean."""
    mean, _, interval = said.partition(" ")
    return f"{mean}\n{interval[1:-1]}" if interval else mean
