"""A score beside the distribution it is judged by."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from meddistill_gui.gui.plots import style

_MOST_BINS: Final = 40


class HistogramPlot(QWidget):
    """Bars of a distribution, a dashed line at the threshold, a solid line with a flag at the value in question.

    Args:
        value_name: What the horizontal axis measures.
        count_name: What the bars count.
    """

    def __init__(self, value_name: str, count_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value_name = value_name
        self._view: Any = pg.PlotWidget()
        self._view.setMinimumSize(160, 120)
        self._view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plot: Any = self._view.getPlotItem()
        self._plot.setLabel("bottom", value_name)
        self._plot.setLabel("left", count_name)
        self._bars: Any = pg.BarGraphItem(x0=[], y0=0, width=[], height=[])
        self._threshold: Any = pg.InfiniteLine(angle=90, movable=False)
        self._mark: Any = pg.InfiniteLine(angle=90, movable=False)
        self._flag: Any = pg.TextItem(anchor=(0.5, 0.0))
        for item in (self._bars, self._threshold, self._mark, self._flag):
            self._plot.addItem(item, ignoreBounds=item is self._flag)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)
        self._dress()

    def show_score(
        self, distribution: Sequence[float], value: float, threshold: float | None, label: str
    ) -> None:
        """Draw.

        Args:
            distribution: The scores to compare with, e.g. one per hold-out patient's image.
            value: The score in question.
            threshold: Where a score begins to count as found, or None.
            label: What to write at the score.
        """
        scores = np.asarray(distribution, dtype=np.float64)
        scores = scores[np.isfinite(scores)]
        bins = int(np.clip(np.sqrt(len(scores)) * 1.5, 5, _MOST_BINS))
        counts, edges = (
            np.histogram(scores, bins=bins) if len(scores) else (np.zeros(1), [0.0, 1.0])
        )
        self._bars.setOpts(x0=edges[:-1], width=np.diff(edges), height=counts)
        self._threshold.setVisible(threshold is not None)
        if threshold is not None:
            self._threshold.setValue(threshold)
        self._mark.setValue(value)
        self._flag.setText(label)
        top = float(max(1, np.max(counts)))
        marks = [value] if threshold is None else [value, threshold]
        low, high = min([edges[0], *marks]), max([edges[-1], *marks])
        margin = 0.08 * (high - low or 1.0)
        self._plot.setXRange(low - margin, high + margin, padding=0)
        self._plot.setYRange(0, top * 1.35, padding=0)
        place = (value - low + margin) / (high - low + 2 * margin or 1.0)
        self._flag.setAnchor((0.0 if place < 1 / 3 else 1.0 if place > 2 / 3 else 0.5, 0.0))
        self._flag.setPos(value, top * 1.33)
        higher = int((scores >= value).sum())
        self.setAccessibleName(label)
        self.setAccessibleDescription(
            self.tr("{name}: {higher} of {count} hold-out scores are as high or higher.").format(
                name=self._value_name, higher=higher, count=len(scores)
            )
        )

    @override
    def sizeHint(self) -> QSize:
        return QSize(280, 160)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._dress()

    def _dress(self) -> None:
        palette = self.palette()
        self._view.setBackground(palette.color(QPalette.ColorRole.Base))
        style.dress(self._plot, palette, self.font())
        bars = style.quiet(0.35)
        self._bars.setOpts(brush=bars, pen=pg.mkPen(palette.color(QPalette.ColorRole.Base)))
        self._mark.setPen(style.line_style(1).pen(2.5))
        self._threshold.setPen(
            pg.mkPen(palette.color(QPalette.ColorRole.Text), width=1.5, style=Qt.PenStyle.DashLine)
        )
        self._flag.setColor(palette.color(QPalette.ColorRole.Text))
        self._flag.fill = pg.mkBrush(palette.color(QPalette.ColorRole.Base))
        self._flag.setFont(self.font())
