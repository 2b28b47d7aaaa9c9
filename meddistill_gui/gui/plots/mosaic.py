"""The synthetic images as one picture, classes named, each tile reachable by mouse and by keys."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from meddistill_gui.gui.plots.mosaic_layout import Heading, MosaicLayout, arrange
from meddistill_gui.gui.theme.colours import current

_GAP: Final = 4
_LARGEST_TILE: Final = 256
_LEAST_LINES: Final = 8
_MOVES: Final = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


def to_qimage(pixels: npt.NDArray[np.uint8]) -> QImage:
    """A picture that owns its bytes, from uint8 `[H, W]` or `[H, W, 3]`; nothing but pixels goes with it."""
    content = np.ascontiguousarray(pixels)
    height, width = content.shape[:2]
    form = QImage.Format.Format_Grayscale8 if content.ndim == 2 else QImage.Format.Format_RGB888
    return QImage(content.data, width, height, content.strides[0], form).copy()


class Mosaic(QWidget):
    """All synthetic images at once, drawn pixel by pixel without smoothing.

    One image is chosen at a time, by click or arrow keys; `chosen` tells its index.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tiles: list[QImage] = []
        self._marked: frozenset[int] = frozenset()
        self._labels: tuple[int, ...] = ()
        self._class_names: tuple[str, ...] = ()
        self._layout = arrange((), ())
        self._current = -1
        self._when_empty = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Synthetic images"))

    @property
    def current(self) -> int:
        """Index of the chosen image, -1 for none."""
        return self._current

    def show_images(
        self,
        images: npt.NDArray[np.uint8],
        labels: Sequence[int],
        class_names: Sequence[str],
    ) -> None:
        """Show these images.

        Args:
            images: uint8 `[N, H, W]` or `[N, H, W, 3]`.
            labels: Class of each image.
            class_names: Names of the classes.
        """
        self._tiles = [to_qimage(image) for image in images]
        if tuple(labels) != self._labels or tuple(class_names) != self._class_names:
            self._labels, self._class_names = tuple(labels), tuple(class_names)
            self._layout = arrange(self._labels, self._class_names, self._aspect())
            self._current = -1
        self._describe()
        self.update()

    def say_when_empty(self, text: str) -> None:
        """Write this where images will be, until there are some."""
        self._when_empty = text
        self._describe()
        self.update()

    def mark(self, indices: Sequence[int]) -> None:
        """Put a warning corner on these images."""
        self._marked = frozenset(indices)
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        self.show_images(np.empty((0, 1, 1), np.uint8), (), ())

    def choose(self, index: int) -> None:
        """Choose an image, as if it were clicked."""
        if 0 <= index < len(self._tiles) and index != self._current:
            self._current = index
            self._describe()
            self.update()
            self.chosen.emit(index)

    def tile_rect(self, index: int) -> QRectF:
        """Where image `index` is drawn, in the widget's coordinates."""
        row, column = self._layout.places[index]
        side, origin, caption = self._side(), self._origin(), self._caption_height()
        return QRectF(
            origin.x() + column * (side + _GAP),
            origin.y() + row * (side + _GAP + caption),
            side,
            side,
        )

    @override
    def sizeHint(self) -> QSize:
        return QSize(480, 360)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(160, max(120, _LEAST_LINES * self.fontMetrics().height()))

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        for index in range(len(self._tiles)):
            if self.tile_rect(index).contains(event.position()):
                self.choose(index)
                return
        super().mousePressEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = _MOVES.get(Qt.Key(event.key()))
        if move is None or not self._tiles:
            super().keyPressEvent(event)
            return
        if self._current < 0:
            self.choose(0)
            return
        row, column = self._layout.places[self._current]
        target = self._layout.index_at(row + move[0], column + move[1])
        if target is not None:
            self.choose(target)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._layout = arrange(self._labels, self._class_names, self._aspect())

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
        if not self._tiles:
            self._paint_sentence(painter)
        for index, tile in enumerate(self._tiles):
            painter.drawImage(self.tile_rect(index), tile)
        self._paint_headings(painter)
        for index in self._marked:
            self._paint_corner(painter, self.tile_rect(index))
        if 0 <= self._current < len(self._tiles):
            self._paint_choice(painter, self.tile_rect(self._current))
        painter.end()

    def _aspect(self) -> float:
        return max(0.5, min(4.0, self.width() / max(1, self.height())))

    def _margin(self) -> float:
        """Room left of the rows for the class names."""
        if self._layout.captioned or not self._layout.headings:
            return 0.0
        metrics = self.fontMetrics()
        widest = max(metrics.horizontalAdvance(heading.text) for heading in self._layout.headings)
        return min(widest + 12.0, self.width() * 0.35)

    def _caption_height(self) -> float:
        return self.fontMetrics().height() + 4.0 if self._layout.captioned else 0.0

    def _side(self) -> float:
        rows, columns = max(1, self._layout.rows), max(1, self._layout.columns)
        wide = (self.width() - self._margin() - 4 - (columns - 1) * _GAP) / columns
        high = (self.height() - 4 - (rows - 1) * _GAP) / rows - self._caption_height()
        return float(max(4, int(min(wide, high, _LARGEST_TILE))))

    def _origin(self) -> QPointF:
        rows, columns = max(1, self._layout.rows), max(1, self._layout.columns)
        side = self._side()
        width = columns * side + (columns - 1) * _GAP
        height = rows * (side + self._caption_height()) + (rows - 1) * _GAP
        left = self._margin() + max(2.0, (self.width() - self._margin() - width) / 2)
        return QPointF(int(left), int(max(2.0, (self.height() - height) / 2)))

    def _paint_sentence(self, painter: QPainter) -> None:
        painter.setPen(QColor(current().muted))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(self.rect().adjusted(24, 8, -24, -8), flags, self._when_empty)

    def _paint_headings(self, painter: QPainter) -> None:
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        for heading in self._layout.headings:
            if self._layout.captioned:
                self._paint_caption(painter, heading)
            else:
                self._paint_row_name(painter, heading)

    def _paint_caption(self, painter: QPainter, heading: Heading) -> None:
        index = self._layout.index_at(heading.row, heading.column)
        if index is None:
            return
        tile = self.tile_rect(index)
        place = QRectF(
            tile.left() - _GAP / 2, tile.bottom() + 2, tile.width() + _GAP, self._caption_height()
        )
        text = painter.fontMetrics().elidedText(
            heading.text, Qt.TextElideMode.ElideRight, int(place.width())
        )
        painter.drawText(place, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)

    def _paint_row_name(self, painter: QPainter, heading: Heading) -> None:
        index = self._layout.index_at(heading.row, 0)
        if index is None:
            return
        tile = self.tile_rect(index)
        room = self._margin() - 10
        place = QRectF(tile.left() - self._margin(), tile.top(), room, tile.height())
        text = painter.fontMetrics().elidedText(
            heading.text, Qt.TextElideMode.ElideRight, int(room)
        )
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_choice(self, painter: QPainter, tile: QRectF) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        width = 3.0 if self.hasFocus() else 2.0
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), width))
        painter.drawRect(tile.adjusted(-2, -2, 2, 2))

    def _paint_corner(self, painter: QPainter, tile: QRectF) -> None:
        """A filled triangle with an exclamation mark: shape and sign, not colour alone."""
        size = max(10.0, min(24.0, tile.width() / 3))
        corner = tile.topRight()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(current().danger))
        painter.drawPolygon([corner, corner - QPointF(size, 0), corner + QPointF(0, size)])
        painter.setPen(QPen(QColor(current().surface), max(1.5, size / 9)))
        x, y = corner.x() - size * 0.28, corner.y() + size * 0.12
        painter.drawLine(QPointF(x, y), QPointF(x, y + size * 0.28))
        painter.drawPoint(QPointF(x, y + size * 0.42))

    def _describe(self) -> None:
        count = len(self._tiles)
        text = self.tr("{count} images in {classes} classes.").format(
            count=count, classes=len(self._class_names)
        )
        if 0 <= self._current < count:
            name = self._class_names[self._labels[self._current]]
            text += " " + self.tr("Chosen: image {index}, class {name}.").format(
                index=self._current + 1, name=name
            )
        self.setAccessibleDescription(text if count else self._when_empty or text)

    @property
    def grid(self) -> MosaicLayout:
        """Where the images stand."""
        return self._layout
