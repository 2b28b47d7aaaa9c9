"""How the trained students did on the receiver's own images: compared, class by class, and what was taken for what."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtWidgets import QTabWidget, QWidget

from meddistill_gui.gui.pages.receive.confusion_table import ConfusionTable
from meddistill_gui.gui.pages.receive.own_figures import OwnFigures
from meddistill_gui.gui.widgets.evaluation_table import EvaluationTable


class ResultsTabs(QTabWidget):
    """Three tables of one summary."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self.figures = OwnFigures()
        self.confusion = ConfusionTable()
        self.compared = EvaluationTable()
        self.addTab(self.compared, self.tr("What it is worth here"))
        self.addTab(self.figures, self.tr("By class"))
        self.addTab(self.confusion, self.tr("Taken for"))

    def show_summary(self, summary: Mapping[str, Any]) -> None:
        """Show what `receive` has measured; its summary must hold tests."""
        tests = summary["tests"]
        self.figures.show_tests(tests)
        self.compared.show_figures({"rows": summary.get("rows", [])})
        counts = [test["confusion"] for test in tests if "confusion" in test]
        if counts:
            names = [one["class"] for one in tests[0]["per_class"]]
            self.confusion.show_counts(names, np.mean(counts, axis=0).tolist())
        self.setTabVisible(self.indexOf(self.confusion), bool(counts))
