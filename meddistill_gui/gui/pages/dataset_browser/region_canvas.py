"""An image that regions are drawn on, by mouse or by keyboard alone.

Keys: arrows move the cross (or the chosen corner), with Shift by one pixel; Space sets a corner, Enter closes the region, Escape drops
it, Backspace takes the last corner back. In a closed region N and B choose the next and the last corner, Insert adds one after it,
Delete removes it, or the region where none is chosen. Plus and minus zoom, 0 shows the whole image.
"""

from enum import Enum
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from meddistill_gui.data.patches.patch_grid import Grid
from meddistill_gui.data.patches.regions import FREEHAND, POLYGON
from meddistill_gui.gui.pages.dataset_browser.region_drawing import RegionDrawing
from meddistill_gui.gui.plots import regions as painting
from meddistill_gui.gui.plots.patch_places import paint_places
from meddistill_gui.gui.theme import colours

_STEP: Final = 1.25
_LARGEST_ZOOM: Final = 32.0
_REACH: Final = 12.0  # pixels of the screen within which a corner is taken hold of
_ARROWS: Final = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class Tool(Enum):
    """What the mouse does."""

    CHOOSE = "choose"
    POLYGON = POLYGON
    FREEHAND = FREEHAND


class RegionCanvas(QWidget):
    """Shows the image with its regions and turns mouse and keys into changes of a drawing.

    Args:
        drawing: What is drawn.
        parent: Owner.
    """

    said = Signal(str)
    """What just happened, for the status line and for screen readers."""

    def __init__(self, drawing: RegionDrawing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.drawing = drawing
        self.tool = Tool.POLYGON
        self._image: QImage | None = None
        self._regions = painting.RegionLayer(1, 1)
        self._grid: tuple[list[tuple[int, int, int]], int, int] | None = None
        self._zoom, self._shift = 1.0, QPointF()
        self._held: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(240, 240)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName(self.tr("Image to draw regions on"))
        self.setAccessibleDescription(
            self.tr(
                "Arrow keys move the cross, Space sets a corner, Enter closes the region, Delete removes what is chosen."
            )
        )
        drawing.changed.connect(self._on_changed)

    def show_image(self, image: QImage | None) -> None:
        """Show another image, whole; its regions are the drawing's."""
        self._image = image
        if image is not None:
            self._regions = painting.RegionLayer(image.width(), image.height())
        self._grid = None
        self.fit()

    def show_grid(self, grid: Grid | None, size: int = 0, stride: int = 0) -> None:
        """Show the places of the window, or none."""
        self._grid = None
        if grid is not None:
            rows = np.column_stack([grid.position, grid.classes]).tolist()
            self._grid = [(row, column, kind) for row, column, kind in rows], size, stride
        self.update()

    def fit(self) -> None:
        """Show the whole image."""
        self._zoom, self._shift = 1.0, QPointF()
        self.update()

    def zoom_in(self) -> None:
        """A step closer."""
        self._zoom_by(_STEP, QRectF(self.rect()).center())

    def zoom_out(self) -> None:
        """A step back."""
        self._zoom_by(1 / _STEP, QRectF(self.rect()).center())

    def to_screen(self) -> QTransform:
        """From the image's pixels to the widget's."""
        if self._image is None:
            return QTransform()
        width, height = self._image.width(), self._image.height()
        scale = min(self.width() / width, self.height() / height) * self._zoom
        middle = QRectF(self.rect()).center() + self._shift
        return QTransform(
            scale, 0, 0, scale, middle.x() - width * scale / 2, middle.y() - height * scale / 2
        )

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("black"))
        if self._image is not None:
            to_screen = self.to_screen()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, to_screen.m11() < 2)
            painter.drawImage(
                to_screen.mapRect(QRectF(0, 0, self._image.width(), self._image.height())),
                self._image,
            )
            if self._grid is not None:
                paint_places(painter, *self._grid, to_screen)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_drawing(painter, to_screen)
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.DARK.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._held = event.position()
        if self._image is None or event.button() != Qt.MouseButton.LeftButton:
            return
        at = self._point(event.position())
        if self.tool is Tool.CHOOSE:
            self.drawing.choose_near(at, self._reach())
        elif self.tool is Tool.POLYGON and self.drawing.ends_at(at, self._reach()):
            self._close(POLYGON)
        else:
            self.drawing.add_corner(at)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._image is None or self._held is None:
            return
        if not event.buttons() & Qt.MouseButton.LeftButton:
            self._shift += event.position() - self._held
            self._held = event.position()
            self.update()
        elif self.tool is Tool.FREEHAND:
            self.drawing.add_corner(self._point(event.position()))
        elif self.tool is Tool.CHOOSE:
            self.drawing.drag_corner(self._point(event.position()))

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = None
        if self.tool is Tool.FREEHAND and event.button() == Qt.MouseButton.LeftButton:
            self._close(FREEHAND)
        elif self.tool is Tool.CHOOSE:
            self.drawing.drop_corner()

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.tool is Tool.POLYGON and event.button() == Qt.MouseButton.LeftButton:
            self._close(POLYGON)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        turns = event.angleDelta().y() / 120
        if turns:
            self._zoom_by(_STEP**turns, event.position())

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        drawing = self.drawing
        does = {
            Qt.Key.Key_Space: drawing.set_corner,
            Qt.Key.Key_Escape: drawing.give_up if drawing.open else None,
            Qt.Key.Key_Backspace: drawing.take_back,
            Qt.Key.Key_N: drawing.next_corner,
            Qt.Key.Key_B: drawing.last_corner,
            Qt.Key.Key_Insert: drawing.insert_corner,
            Qt.Key.Key_Delete: drawing.remove_chosen,
            Qt.Key.Key_Plus: self.zoom_in,
            Qt.Key.Key_Minus: self.zoom_out,
            Qt.Key.Key_0: self.fit,
        }.get(key)
        if key in _ARROWS:
            fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            step = 1.0 if fine else max(1.0, 10.0 / max(self.to_screen().m11(), 1e-6))
            right, down = _ARROWS[key]
            drawing.move(right * step, down * step)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and drawing.open:
            self._close(POLYGON)
        elif does is not None:
            does()
        else:
            super().keyPressEvent(event)

    def _close(self, kind: str) -> None:
        self.said.emit(self.drawing.close(kind))

    def _on_changed(self) -> None:
        self.update()

    def _paint_drawing(self, painter: QPainter, to_screen: QTransform) -> None:
        drawing = self.drawing
        for number, region in enumerate(drawing.shown()):
            chosen = number == drawing.chosen
            self._regions.paint(painter, region, to_screen, chosen=chosen)
            if chosen and region.vertices:
                corners = [to_screen.map(QPointF(x, y)) for x, y in region.vertices]
                painting.paint_handles(painter, corners, drawing.corner)
        if drawing.open:
            corners = [to_screen.map(QPointF(x, y)) for x, y in drawing.open]
            painting.outline(painter, QPolygonF(corners), chosen=True, closed=False)
            painting.paint_handles(painter, corners[:1], None)
        if self.hasFocus() and drawing.corner is None:
            painting.paint_cursor(painter, to_screen.map(QPointF(*drawing.cursor)))

    def _point(self, at: QPointF) -> tuple[float, float]:
        back, _ = self.to_screen().inverted()
        found = back.map(at)
        return found.x(), found.y()

    def _reach(self) -> float:
        return _REACH / max(self.to_screen().m11(), 1e-6)

    def _zoom_by(self, factor: float, at: QPointF) -> None:
        """Zoom so that what is under `at` stays there."""
        before = self._zoom
        self._zoom = min(_LARGEST_ZOOM, max(1.0, before * factor))
        middle = QRectF(self.rect()).center()
        self._shift = (at - middle) - ((at - middle) - self._shift) * (self._zoom / before)
        if self._zoom == 1.0:
            self._shift = QPointF()
        self.update()
