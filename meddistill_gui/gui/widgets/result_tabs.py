"""How trained students did on images that they never saw: compared, class by class, and what was taken for what."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from PySide6.QtWidgets import QTabWidget, QWidget

from meddistill_gui.gui.widgets.class_figures import ClassFigures
from meddistill_gui.gui.widgets.confusion_table import ConfusionTable
from meddistill_gui.gui.widgets.evaluation_table import EvaluationTable

_MEANS: Final = ("balanced_accuracy", "auroc", "calibration_error")


class ResultTabs(QTabWidget):
    """Three tables of one test."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self.figures = ClassFigures()
        self.confusion = ConfusionTable()
        self.compared = EvaluationTable()
        self.addTab(self.compared, self.tr("What it is worth here"))
        self.addTab(self.figures, self.tr("By class"))
        self.addTab(self.confusion, self.tr("Taken for"))

    def show_summary(self, summary: Mapping[str, Any]) -> None:
        """Show what `receive` has measured; its summary must hold tests."""
        self._show(summary["tests"], summary.get("rows", []))

    def show_evaluation(self, evaluation: Mapping[str, Any]) -> None:
        """Show an `evaluation.json`; the tables by class are about students of its first row, the synthetic images."""
        rows = evaluation["rows"]
        means = {name: rows[0].get(name, {}).get("mean") for name in _MEANS}
        self._show([{**rows[0], **means}], rows)

    def _show(self, tests: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> None:
        self.figures.show_tests(tests)
        self.compared.show_figures({"rows": rows})
        counts = [test["confusion"] for test in tests if "confusion" in test]
        if counts:
            names = [one["class"] for one in tests[0]["per_class"]]
            self.confusion.show_counts(names, np.mean(counts, axis=0).tolist())
        self.setTabVisible(self.indexOf(self.confusion), bool(counts))
