"""Runs as columns: images, verdict, figures, then the options that differ."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from meddistill_gui.gui.forms.wording import title_of
from meddistill_gui.gui.pages.compare.run_card import FIGURES, RunCard, differences
from meddistill_gui.gui.plots.mosaic import Mosaic
from meddistill_gui.gui.widgets.evaluation_table import in_words

_MOSAIC: Final = 220
_WIDEST_FIGURE: Final = "0.000 (0.000 to 0.000)"


class ComparisonTable(QTableWidget):
    """One column per run."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setCornerButtonEnabled(False)
        self.setAccessibleName(self.tr("Runs side by side"))
        self.horizontalHeader().setMinimumSectionSize(
            self.fontMetrics().horizontalAdvance(_WIDEST_FIGURE) + 24
        )
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)

    def show_runs(self, cards: Sequence[RunCard]) -> None:
        """Show these runs from left to right."""
        self.clear()
        rows = [
            *self._figures(cards),
            *(
                (title_of(d.option.path.rsplit(".", 1)[-1]), d.values)
                for d in differences([c.config for c in cards])
            ),
        ]
        self.setColumnCount(len(cards))
        self.setRowCount(len(rows) + 1)
        self.setHorizontalHeaderLabels([card.name for card in cards])
        self.setVerticalHeaderLabels([self.tr("Images"), *(title for title, _ in rows)])
        for column, card in enumerate(cards):
            self._show_images(column, card)
        if cards:
            self.verticalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
            self.setRowHeight(0, _MOSAIC)
        for row, (_, values) in enumerate(rows, start=1):
            for column, value in enumerate(values):
                item = QTableWidgetItem(value or "–")
                item.setToolTip(value)
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                self.setItem(row, column, item)

    def _show_images(self, column: int, card: RunCard) -> None:
        if card.images is None:
            item = QTableWidgetItem(card.problem or self.tr("No result yet"))
            item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
            self.setItem(0, column, item)
            return
        mosaic = Mosaic()
        mosaic.setAccessibleName(self.tr("Images of {run}").format(run=card.name))
        mosaic.show_images(card.images, card.labels, card.class_names)
        self.setCellWidget(0, column, mosaic)

    def _figures(self, cards: Sequence[RunCard]) -> list[tuple[str, tuple[str, ...]]]:
        titles = {
            "balanced_accuracy": self.tr("Balanced accuracy, test"),
            "accuracy": self.tr("Accuracy, test"),
            "macro_f1": self.tr("Macro F1, test"),
            "auroc": self.tr("AUROC, test"),
        }
        best = tuple(
            self.tr("{value} at iteration {step}").format(
                value=f"{card.best.value:.3f}", step=f"{card.best.step:,}"
            )
            if card.best
            else ""
            for card in cards
        )
        figures = [
            (titles[name], tuple(in_words((card.figures or {}).get(name)) for card in cards))
            for name in FIGURES
        ]
        verdicts = tuple(str(card.verdict or self.tr("not audited")) for card in cards)
        return [
            *figures,
            (self.tr("Best on validation"), best),
            (self.tr("Audit"), verdicts),
        ]
