"""Places of a sliding window over an image: a square for each, told apart by letter, hatching and colour."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QTransform

LETTERS: Final = ("O", "N", "P")
"""Of the classes of patches: outside, inside-negative, inside-positive."""

_HATCHES: Final = (
    Qt.BrushStyle.Dense6Pattern,
    Qt.BrushStyle.HorPattern,
    Qt.BrushStyle.DiagCrossPattern,
)
_COLOURS: Final = (QColor("#56b4e9"), QColor("#f0e442"), QColor("#e69f00"))  # Okabe & Ito 2008
_DARK: Final = QColor(0, 0, 0, 210)
_LIGHT: Final = QColor("#ffffff")
_LETTER_FROM: Final = 15.0


def paint_places(
    painter: QPainter,
    places: Sequence[tuple[int, int, int]],
    size: int,
    stride: int,
    to_screen: QTransform,
) -> None:
    """Paint a square of one stride at the middle of each place that has a class.

    Args:
        painter: In coordinates of the screen.
        places: Row and column of the window's upper left pixel, and class (index into `LETTERS`; others are left out).
        size: Side of the window in pixels of the image.
        stride: Distance of the places.
        to_screen: From the image's pixels.
    """
    side = max(2.0, min(size, stride) * to_screen.m11() - 1)
    font = painter.font()
    font.setPixelSize(max(8, int(side * 0.45)))
    painter.setFont(font)
    for row, column, kind in places:
        if not 0 <= kind < len(LETTERS):
            continue
        middle = to_screen.map(QPointF(column + size / 2, row + size / 2))
        square = QRectF(middle.x() - side / 2, middle.y() - side / 2, side, side)
        painter.setPen(QPen(_COLOURS[kind], 1))
        painter.setBrush(QBrush(_COLOURS[kind], _HATCHES[kind]))
        painter.drawRect(square)
        if side >= _LETTER_FROM:
            badge = QRectF(square.left(), square.top(), side * 0.5, side * 0.55)
            painter.fillRect(badge, _DARK)
            painter.setPen(QPen(_LIGHT))
            painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, LETTERS[kind])
