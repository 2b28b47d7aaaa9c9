"""How good decisions by voting are at every threshold: sensitivity, specificity and their harmonic mean."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from meddistill_gui.gui.plots import style

FIGURES: Final = ("sensitivity", "specificity", "harmonic_mean")


class DeltaCurve(QWidget):
    """Three curves over the threshold, told apart by colour, dash and marker; a line marks the chosen threshold.

    Args:
        parent: Owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._titles = {
            "sensitivity": self.tr("Sensitivity"),
            "specificity": self.tr("Specificity"),
            "harmonic_mean": self.tr("Harmonic mean"),
        }
        self._view: Any = pg.PlotWidget()
        self._view.setMinimumHeight(160)
        self._view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._view.setAccessibleName(self.tr("Figures over the threshold"))
        self._plot: Any = self._view.getPlotItem()
        self._plot.setXRange(0, 1, padding=0.02)
        self._plot.setYRange(0, 1, padding=0.04)
        self._plot.setLabel("bottom", self.tr("threshold of the share of positive votes"))
        self._legend: Any = self._plot.addLegend()
        # sensitivity begins above, specificity below: between them nothing is hidden
        self._legend.anchor(itemPos=(0, 0.5), parentPos=(0, 0.5), offset=(8, 0))
        self._lines = {name: self._plot.plot([], [], name=self._titles[name]) for name in FIGURES}
        self._chosen: Any = pg.InfiniteLine(angle=90)
        self._plot.addItem(self._chosen)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._view)
        self._dress()

    def show_curve(self, curve: Sequence[Mapping[str, float]], delta: float) -> None:
        """Show the figures at every threshold.

        Args:
            curve: "delta" and each of `FIGURES`, 0..1; NaN where there is none.
            delta: The chosen threshold.
        """
        deltas = [one["delta"] for one in curve]
        for name, line in self._lines.items():
            line.setData(deltas, [one[name] for one in curve], connect="finite")
        self._chosen.setValue(delta)
        nearest = min(curve, key=lambda one: abs(one["delta"] - delta), default=None)
        if nearest is not None:
            self._view.setAccessibleDescription(
                ", ".join(
                    f"{self._titles[name]} {nearest[name]:.2f}"
                    for name in FIGURES
                    if not math.isnan(nearest[name])
                )
            )

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._dress()

    def _dress(self) -> None:
        palette = self.palette()
        self._view.setBackground(palette.color(QPalette.ColorRole.Base))
        style.dress(self._plot, palette, self.font())
        for _, words in self._legend.items:
            words.setText(words.text, color=palette.color(QPalette.ColorRole.Text))
        self._chosen.setPen(pg.mkPen(style.quiet(0.6), width=1, style=Qt.PenStyle.DashLine))
        for index, line in enumerate(self._lines.values()):
            look = style.line_style(index)
            line.setPen(look.pen())
            line.setSymbol(look.marker)
            line.setSymbolSize(7)
            line.setSymbolBrush(look.colour)
            line.setSymbolPen(palette.color(QPalette.ColorRole.Base))
