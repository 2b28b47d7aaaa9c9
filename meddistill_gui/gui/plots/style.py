"""Lines and marks: a curve is told from the others by colour, dash and marker, never by colour alone."""

from dataclasses import dataclass
from typing import Any, Final

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPalette

from meddistill_gui.gui.theme.colours import blend, current

pg.setConfigOptions(imageAxisOrder="row-major", antialias=True)

_DASHES: Final = (
    Qt.PenStyle.SolidLine,
    Qt.PenStyle.DashLine,
    Qt.PenStyle.DotLine,
    Qt.PenStyle.DashDotLine,
)
_USUAL_TEXT_HEIGHT: Final = 16.0
_MARKERS: Final = ("o", "s", "t", "d")


@dataclass(frozen=True, kw_only=True)
class LineStyle:
    """How one curve is drawn; any of the three tells it from the others."""

    colour: QColor
    dash: Qt.PenStyle
    marker: str

    def pen(self, width: float = 1.8) -> Any:
        """A pyqtgraph pen."""
        return pg.mkPen(self.colour, width=width, style=self.dash)


def line_style(index: int) -> LineStyle:
    """Style of the curve number `index` in the scheme that is shown now."""
    colours = current().series
    return LineStyle(
        colour=QColor(colours[index % len(colours)]),
        dash=_DASHES[index % len(_DASHES)],
        marker=_MARKERS[index % len(_MARKERS)],
    )


def quiet(share: float) -> QColor:
    """The text colour mixed towards the surface, for bars and axes."""
    scheme = current()
    return QColor(blend(scheme.text, scheme.surface, share))


def dress(plot: Any, palette: QPalette, font: QFont) -> None:
    """Give a pyqtgraph PlotItem the window's colours and font, and take its menu and zooming away."""
    for side in ("left", "bottom"):
        axis = plot.getAxis(side)
        axis.enableAutoSIPrefix(enable=False)
        axis.setPen(pg.mkPen(current().line))
        axis.setTextPen(pg.mkPen(current().muted))
        axis.setTickFont(font)
        axis.label.setFont(font)
        axis.setTickDensity(min(1.0, _USUAL_TEXT_HEIGHT / QFontMetricsF(font).height()))
        axis.setStyle(tickLength=-4, tickTextOffset=6, maxTickLevel=0)
    plot.getViewBox().setBackgroundColor(palette.color(QPalette.ColorRole.Base))
    plot.showGrid(x=False, y=True, alpha=0.12)
    plot.setMenuEnabled(False)
    plot.hideButtons()
    plot.setMouseEnabled(x=False, y=False)
