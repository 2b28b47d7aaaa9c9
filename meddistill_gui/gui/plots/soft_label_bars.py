"""The soft labels of a few images as bars: how much of each class an image teaches, in words, hatching and colour.

Probabilities fill a frame from 0 to 1 and are said in per cent. Other weights of the classes have a sign and two decimals; all
frames then reach from the least weight to the greatest, and a bar stands on the line of 0: to its left an image teaches against a class.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from meddistill_gui.core.distilled import are_probabilities
from meddistill_gui.gui.theme import colours

_HATCHES: Final = (
    Qt.BrushStyle.Dense6Pattern,
    Qt.BrushStyle.HorPattern,
    Qt.BrushStyle.DiagCrossPattern,
    Qt.BrushStyle.VerPattern,
    Qt.BrushStyle.BDiagPattern,
    Qt.BrushStyle.Dense4Pattern,
)
_MOST: Final = 12  # rows; a set of more images is no longer one that is looked at image by image


class SoftLabelBars(QWidget):
    """One row per image, one bar per class; nothing where labels are hard.

    Args:
        parent: Owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels = np.empty((0, 0), np.float32)
        self._names: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Soft labels of the images"))
        self.hide()

    def show_labels(self, labels: npt.NDArray[np.float32] | None, names: Sequence[str]) -> None:
        """Show these labels.

        Args:
            labels: float32 `[N, K]`, rows of probabilities, or any weights of the classes; None for none.
            names: The K classes.
        """
        fits = labels is not None and labels.shape[1] == len(names)
        self._labels = (
            labels[:_MOST] if labels is not None and fits else np.empty((0, 0), np.float32)
        )
        self._names = tuple(names) if fits else ()
        self.setVisible(bool(self._labels.size))
        self.setAccessibleDescription(self.sentence())
        self.setToolTip(self.sentence())
        self.updateGeometry()
        self.update()

    def sentence(self) -> str:
        """The bars in words."""
        return "\n".join(
            self.tr("Image {number}: {shares}").format(
                number=number,
                shares=", ".join(
                    f"{name} {self._said(weight)}"
                    for name, weight in zip(self._names, row, strict=True)
                ),
            )
            for number, row in enumerate(self._labels.tolist(), start=1)
        )

    @override
    def sizeHint(self) -> QSize:
        return QSize(320, 8 + self._line() * len(self._labels))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        scheme = colours.current()
        metrics = self.fontMetrics()
        first = metrics.horizontalAdvance(self.tr("Image {number}").format(number=88)) + 12
        width = (self.width() - first) / max(1, len(self._names))
        for number, row in enumerate(self._labels.tolist()):
            top = 4 + number * self._line()
            painter.setPen(QPen(QColor(scheme.text)))
            painter.drawText(
                QRectF(0, top, first, self._line() - 6),
                Qt.AlignmentFlag.AlignVCenter,
                self.tr("Image {number}").format(number=number + 1),
            )
            for column, weight in enumerate(row):
                place = QRectF(first + column * width, top, width - 8, self._line() - 6)
                self._paint_bar(painter, place, column, weight)
        painter.end()

    def _paint_bar(self, painter: QPainter, place: QRectF, column: int, weight: float) -> None:
        scheme = colours.current()
        said = f"{self._short(int(place.width()))[column]} {self._said(weight)}"
        words = QRectF(place.left(), place.top(), place.width(), self.fontMetrics().height())
        painter.setPen(QPen(QColor(scheme.text)))
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, said)
        frame = QRectF(place.left(), words.bottom() + 2, place.width(), 10)
        colour = QColor(scheme.series[column % len(scheme.series)])
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(colour, _HATCHES[column % len(_HATCHES)]))
        zero, end = self._place(frame, 0.0), self._place(frame, weight)
        filled = QRectF(min(zero, end), frame.top(), abs(end - zero), frame.height())
        painter.drawRect(filled)
        painter.setPen(QPen(colour, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(filled)
        painter.setPen(QPen(QColor(scheme.border), 1))
        painter.drawRect(frame)
        if zero > frame.left():
            painter.setPen(QPen(QColor(scheme.text), 1))
            painter.drawLine(QPointF(zero, frame.top() - 2), QPointF(zero, frame.bottom() + 2))

    def _place(self, frame: QRectF, weight: float) -> float:
        """Where a weight stands in a frame; all frames have the same scale, and 0 and 1 are in it."""
        low, high = min(0.0, float(self._labels.min())), max(1.0, float(self._labels.max()))
        return frame.left() + frame.width() * (weight - low) / (high - low)

    def _said(self, weight: float) -> str:
        """A weight in words: per cent of probabilities, else a number with its sign."""
        return f"{weight:.0%}" if are_probabilities(self._labels) else f"{weight:+.2f}"

    def _short(self, width: int) -> list[str]:
        """The classes' names, cut to the room they have where they stay apart from each other."""
        metrics, mode = self.fontMetrics(), Qt.TextElideMode
        room = width - metrics.horizontalAdvance(f" {self._said(1.0)}")
        ways = (
            [metrics.elidedText(name, cut, room) for name in self._names]
            for cut in (mode.ElideRight, mode.ElideMiddle, mode.ElideLeft)
        )
        apart = (names for names in ways if len(set(names)) == len(set(self._names)))
        return next(apart, list(self._names))

    def _line(self) -> int:
        return self.fontMetrics().height() + 24
