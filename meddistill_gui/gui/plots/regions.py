"""Regions over an image. Outline and hatching tell them apart, never colour alone."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPolygonF, QTransform

from meddistill_gui.data.patches.regions import MASK, Region, inside

HANDLE: Final = 9.0
"""Side of a corner's handle on the screen."""

_DARK: Final = QColor(0, 0, 0, 210)
_LIGHT: Final = QColor("#ffffff")
_CHOSEN: Final = QColor("#ffd54a")
_HATCH: Final = QColor(255, 255, 255, 150)
_LONGEST: Final = 1024  # more than that takes long, and no screen shows it


class RegionLayer:
    """Paints regions of one image; one of pixels is turned into a picture the first time.

    Args:
        width: Of the image, in pixels.
        height: Of the image.
    """

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._masks: dict[bytes, QImage] = {}

    def paint(
        self, painter: QPainter, region: Region, to_screen: QTransform, *, chosen: bool = False
    ) -> None:
        """One region: hatched, with a double outline that shows on black and on white.

        Args:
            painter: In coordinates of the screen.
            region: What to paint.
            to_screen: From the image's pixels.
            chosen: Whether it is the one being edited.
        """
        if region.kind == MASK:
            whole = to_screen.mapRect(QRectF(0, 0, self._width, self._height))
            painter.drawImage(whole, self._mask(region))
            return
        shape = to_screen.map(QPolygonF([QPointF(x, y) for x, y in region.vertices]))
        painter.setPen(Qt.PenStyle.NoPen)
        style = Qt.BrushStyle.FDiagPattern if chosen else Qt.BrushStyle.BDiagPattern
        painter.setBrush(QBrush(_HATCH, style))
        painter.drawPolygon(shape)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        outline(painter, shape, chosen=chosen, closed=True)

    def _mask(self, region: Region) -> QImage:
        if region.mask not in self._masks:
            self._masks[region.mask] = mask_picture(region, self._width, self._height)
        return self._masks[region.mask]


def outline(painter: QPainter, shape: QPolygonF, *, chosen: bool, closed: bool) -> None:
    """A light line within a dark one; dashed while it is not the chosen one."""
    style = Qt.PenStyle.SolidLine if chosen else Qt.PenStyle.DashLine
    for pen in (QPen(_DARK, 4), QPen(_CHOSEN if chosen else _LIGHT, 2, style)):
        painter.setPen(pen)
        if closed:
            painter.drawPolygon(shape)
        else:
            painter.drawPolyline(shape)


def paint_handles(painter: QPainter, points: Sequence[QPointF], chosen: int | None) -> None:
    """A square on each corner; the chosen one is larger and filled."""
    for number, point in enumerate(points):
        side = HANDLE * (1.6 if number == chosen else 1.0)
        square = QRectF(point.x() - side / 2, point.y() - side / 2, side, side)
        painter.setPen(QPen(_DARK, 2))
        painter.setBrush(QBrush(_CHOSEN if number == chosen else _LIGHT))
        painter.drawRect(square)


def paint_cursor(painter: QPainter, at: QPointF) -> None:
    """Where the keyboard stands: a cross with a gap."""
    for pen in (QPen(_DARK, 4), QPen(_LIGHT, 2)):
        painter.setPen(pen)
        for right, down in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            painter.drawLine(at + QPointF(4 * right, 4 * down), at + QPointF(14 * right, 14 * down))


def mask_picture(region: Region, width: int, height: int) -> QImage:
    """A region of pixels as hatching with a border: of the image's shape, but at most about `_LONGEST` pixels wide or high."""
    stride = max(1, max(width, height) // _LONGEST)
    mask = inside([region], width, height)[::stride, ::stride]
    height, width = mask.shape
    step = max(8, width // 90)
    rows, columns = np.indices((height, width), dtype=np.int32, sparse=True)
    hatch = ((rows + columns) % step) < max(1, step // 5)
    border = mask.copy()
    thick = max(1, width // 400)
    border[thick:-thick, thick:-thick] &= ~(
        mask[2 * thick :, thick:-thick] & mask[: -2 * thick, thick:-thick]
        & mask[thick:-thick, 2 * thick :] & mask[thick:-thick, : -2 * thick]
    )  # fmt: skip
    shown = np.zeros((height, width, 4), dtype=np.uint8)
    shown[mask & hatch] = (255, 255, 255, 150)
    shown[border] = (255, 255, 255, 255)
    return QImage(shown.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
