"""How students did on images of each class, and of all."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from meddistill_gui.gui.widgets.columns import line_up


class ClassFigures(QTableWidget):
    """One row per class, and one for all of them; means over the students."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 5, parent)
        self.setHorizontalHeaderLabels(
            [
                self.tr("Class"),
                self.tr("Sensitivity"),
                self.tr("Specificity"),
                self.tr("Their harmonic mean"),
                self.tr("AUROC"),
            ]
        )
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        line_up(self, (1, 2, 3, 4))
        self.setAccessibleName(self.tr("What students know of each class"))

    def show_tests(self, tests: Sequence[Mapping[str, Any]]) -> None:
        """Show the figures of each student, averaged."""
        classes = [one["class"] for one in tests[0]["per_class"]]
        self.setRowCount(len(classes) + 2)
        names = ("sensitivity", "specificity", "harmonic_mean", "auroc")
        for row, class_name in enumerate(classes):
            values = [_mean([test["per_class"][row].get(name) for test in tests]) for name in names]
            self._put(row, str(class_name), values)
        balanced = _mean([test.get("balanced_accuracy") for test in tests])
        overall = _mean([test.get("auroc") for test in tests])
        self._put(len(classes), self.tr("All classes (balanced)"), [balanced, "", "", overall])
        calibration = _mean([test.get("calibration_error") for test in tests])
        self._put(
            len(classes) + 1, self.tr("Calibration error (15 bins)"), [calibration, "", "", ""]
        )

    def _put(self, row: int, title: str, values: Sequence[str]) -> None:
        self.setItem(row, 0, QTableWidgetItem(title))
        for column, text in enumerate(values, start=1):
            item = QTableWidgetItem(text)
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.setItem(row, column, item)


def _mean(values: Sequence[float | None]) -> str:
    """Mean of what is known (a class without images has no figure); a dash where nothing is."""
    known = [value for value in values if value is not None and not math.isnan(value)]
    return f"{sum(known) / len(known):.3f}" if known else "–"
