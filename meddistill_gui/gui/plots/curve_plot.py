"""Curves of a run, one panel below the other over the same steps, with the same numbers as text."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget
from typing_extensions import override

from meddistill_gui.gui.plots import style
from meddistill_gui.gui.plots.series import Float64, Series, decimated

MAX_POINTS: Final = 4000
_REDRAW_MS: Final = 200
_MARKERS_PER_CURVE: Final = 12
_FEW_DECADES: Final = 2


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One plot of the stack.

    Attributes:
        title: Stands above it and names what the vertical axis measures.
        curves: Names of its curves.
        low: Fixed lower end of the axis, or None to follow the values.
        high: Fixed upper end, or None.
        logarithmic: Whether the logarithmic switch applies to it.
    """

    title: str
    curves: tuple[str, ...]
    low: float | None = None
    high: float | None = None
    logarithmic: bool = False


class StepAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """Counts steps: there is nothing between two of them."""

    @override
    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        """Distance of the ticks and where they begin, whole numbers only."""
        return [level for level in super().tickSpacing(low, high, size) if level[0] >= 1] or [
            (1, 0)
        ]


class CurvePlot(QWidget):
    """Panels of curves. Points come one by one or in heaps; it is redrawn at most five times a second, and only while seen.

    Args:
        panels: From top to bottom.
        step_name: What the horizontal axis counts ("iteration").
    """

    def __init__(
        self, panels: Sequence[Panel], step_name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._panels = tuple(panels)
        self._step_name = step_name
        self._logarithmic = False
        self._series = {name: Series() for panel in panels for name in panel.curves}
        self._changed: set[str] = set()
        self._views: list[Any] = []
        self._titles: list[QLabel] = []
        self._plots: list[Any] = []
        self._lines: dict[str, Any] = {}
        self._marks: dict[str, Any] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REDRAW_MS)
        self._timer.timeout.connect(self.redraw)
        self._build()
        self.setAccessibleName(self.tr("Curves of the run"))

    @property
    def series(self) -> dict[str, Series]:
        """The points of each curve, by name."""
        return self._series

    @property
    def step_name(self) -> str:
        """What the horizontal axis counts."""
        return self._step_name

    def set_step_name(self, name: str) -> None:
        """Say what the horizontal axis counts."""
        if name == self._step_name:
            return
        self._step_name = name
        if self._plots:
            self._plots[-1].setLabel("bottom", name)
            self._plots[-1].getAxis("bottom").resizeEvent()  # puts the new words in the middle

    def add(self, name: str, step: float, value: float) -> None:
        """Add a point; a curve that no panel shows is left out."""
        if name not in self._series:
            return
        self._series[name].append(step, value)
        self._changed.add(name)
        if not self._timer.isActive():
            self._timer.start()

    def clear(self) -> None:
        """Forget every point."""
        for one in self._series.values():
            one.clear()
        self._changed.update(self._series)
        self.redraw()

    def set_logarithmic(self, on: bool) -> None:
        """Draw the panels that allow it with a logarithmic axis."""
        self._logarithmic = on
        for panel, plot in zip(self._panels, self._plots, strict=True):
            if panel.logarithmic:
                plot.setLogMode(x=False, y=on)
                plot.getAxis("left").setTicks(None)
                self._changed.update(panel.curves)
        self.redraw()

    def redraw(self) -> None:
        """Draw what has changed, if anyone can see it."""
        if not self.isVisible():
            return
        for name in self._changed:
            self._draw(name)
        if self._logarithmic and self._changed:
            self._tick_decades()
        self._changed.clear()
        self.setAccessibleDescription(self.sentence())

    def sentence(self) -> str:
        """The curves in words, e.g. "loss 0.41 at iteration 1,200, falling"."""
        parts = [part for name in self._series if (part := self._in_words(name))]
        return "; ".join(parts) if parts else self.tr("No values yet")

    @override
    def sizeHint(self) -> QSize:
        return QSize(400, 200 * len(self._panels))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._dress()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for panel in self._panels:
            title = QLabel(panel.title)
            view: Any = pg.PlotWidget(axisItems={"bottom": StepAxis("bottom")})
            view.setMinimumHeight(80)
            view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            view.setAccessibleName(panel.title)
            column.addWidget(title)
            column.addWidget(view, 1)
            self._titles.append(title)
            self._views.append(view)
            self._plots.append(self._filled(view.getPlotItem(), panel))
        self._plots[-1].setLabel("bottom", self._step_name)
        self._dress()

    def _filled(self, plot: Any, panel: Panel) -> Any:
        if panel.low is not None and panel.high is not None:
            plot.setYRange(panel.low, panel.high, padding=0.04)
        if self._plots:
            plot.setXLink(self._plots[0])
        for name in panel.curves:
            self._lines[name] = plot.plot([], [], connect="finite")
            self._marks[name] = plot.plot([], [], pen=None)
        return plot

    def _dress(self) -> None:
        palette, font, metrics = self.palette(), self.font(), self.fontMetrics()
        width = metrics.horizontalAdvance("0.0000") + metrics.height() // 2
        for panel, view, plot in zip(self._panels, self._views, self._plots, strict=True):
            view.setBackground(palette.color(QPalette.ColorRole.Base))
            style.dress(plot, palette, font)
            plot.getAxis("left").setWidth(width)
            for index, name in enumerate(panel.curves):
                line = style.line_style(index)
                self._lines[name].setPen(line.pen())
                self._marks[name].setSymbol(line.marker)
                self._marks[name].setSymbolSize(7)
                self._marks[name].setSymbolBrush(line.colour)
                self._marks[name].setSymbolPen(palette.color(QPalette.ColorRole.Base))

    def _draw(self, name: str) -> None:
        one = self._series[name]
        steps, values = decimated(one.steps, one.values, MAX_POINTS)
        if self._logarithmic:
            values = np.where(values > 0, values, np.nan)
        self._lines[name].setData(steps, values)
        self._marks[name].setData(*_sparse(steps, values))

    def _tick_decades(self) -> None:
        """Few round numbers on each logarithmic axis, written out."""
        for panel, plot in zip(self._panels, self._plots, strict=True):
            if not panel.logarithmic:
                continue
            values = np.concatenate([self._series[name].values for name in panel.curves])
            positive = values[np.isfinite(values) & (values > 0)]
            if len(positive):
                ticks = round_numbers(float(positive.min()), float(positive.max()))
                labels = [(math.log10(tick), f"{tick:g}") for tick in ticks]
                plot.getAxis("left").setTicks([labels])

    def _in_words(self, name: str) -> str:
        last = self._series[name].last()
        if last is None:
            return ""
        trend = {1: self.tr(", rising"), -1: self.tr(", falling"), 0: ""}[
            self._series[name].trend()
        ]
        return self.tr("{name} {value} at {unit} {step}{trend}").format(
            name=name,
            value=f"{last[1]:.3g}",
            unit=self._step_name,
            step=f"{last[0]:,.0f}",
            trend=trend,
        )


def round_numbers(low: float, high: float) -> list[float]:
    """Few numbers for a logarithmic axis from `low` to `high`: powers of ten, or 1, 2 and 5 times them, or even steps."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    decades = [10.0**power for power in range(first, last + 1)]
    if last - first <= _FEW_DECADES:
        found = [factor * decade for decade in decades for factor in (1, 2, 5)]
        inside = [one for one in found if low <= one <= high]
        return inside if len(inside) > 2 else _between(low, high)
    return decades[:: max(1, math.ceil(len(decades) / 6))]


def _between(low: float, high: float) -> list[float]:
    """Two to six even steps of a round size that lie inside; where all values are one, that value."""
    rough = (high - low) / 5
    if not rough > 1e-9 * high:
        return [float(f"{low:.3g}")]  # more digits have no room beside the axis
    decade = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * decade for factor in (1, 2, 5, 10) if factor * decade >= rough)
    return [step * count for count in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _sparse(steps: Float64, values: Float64) -> tuple[Float64, Float64]:
    """A dozen points to carry the marker, always with the newest."""
    finite = np.flatnonzero(np.isfinite(values))
    if len(finite) > _MARKERS_PER_CURVE:
        finite = finite[np.linspace(0, len(finite) - 1, _MARKERS_PER_CURVE).astype(np.int64)]
    return steps[finite], values[finite]
