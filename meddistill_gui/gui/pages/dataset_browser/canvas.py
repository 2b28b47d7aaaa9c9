"""One image at a time: drag changes the window, the wheel zooms, the right or middle button moves; every one of them by keys."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from meddistill_gui.data.patches.regions import Region
from meddistill_gui.gui.pages.dataset_browser.grid.thumbnails import image_of
from meddistill_gui.gui.pages.dataset_browser.windowing import Window, full_range, grey
from meddistill_gui.gui.plots.regions import RegionLayer
from meddistill_gui.gui.theme import colours

_STEP: Final = 1.25
_NUDGE: Final = 0.02
_LARGEST_ZOOM: Final = 32.0
_SHIFT_BY: Final = 40.0
_STEPS: Final = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}
_FRAMES: Final = {Qt.Key.Key_PageDown: 1, Qt.Key.Key_PageUp: -1}
_NUDGES: Final = {
    Qt.Key.Key_Up: (0.0, -_NUDGE),
    Qt.Key.Key_Down: (0.0, _NUDGE),
    Qt.Key.Key_BracketRight: (_NUDGE, 0.0),
    Qt.Key.Key_BracketLeft: (-_NUDGE, 0.0),
}
_MOVES: Final = {
    Qt.Key.Key_Right: QPointF(-1, 0),
    Qt.Key.Key_Left: QPointF(1, 0),
    Qt.Key.Key_Down: QPointF(0, -1),
    Qt.Key.Key_Up: QPointF(0, 1),
}


class Canvas(QWidget):
    """Shows values through a grey window.

    Args:
        parent: Owner.
    """

    window_changed = Signal()
    step_wanted = Signal(int)
    """+1 for the next image, -1 for the one before."""
    frame_wanted = Signal(int)
    """+1 for the next frame of the file, -1 for the one before."""
    invert_wanted = Signal()
    overlay_wanted = Signal()
    regions_wanted = Signal()
    preset_wanted = Signal(int)
    """Number of the preset, from 0."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: npt.NDArray[np.float32] | None = None
        self._span = 1.0
        self.window_shown = Window(0.5, 1.0)
        self.inverted = False
        self._image: QImage | None = None
        self._overlay: QImage | None = None
        self._regions: tuple[Region, ...] = ()
        self._layer = RegionLayer(1, 1)
        self._stride = 0
        self._zoom = 0.0
        self._shift = QPointF()
        self._last: QPoint | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(160, 120)
        self.setAccessibleName(self.tr("Image"))
        self.setToolTip(self._keys())
        self.setAccessibleDescription(self._keys())
        self.setCursor(Qt.CursorShape.CrossCursor)

    def show_values(
        self, values: npt.NDArray[np.float32] | None, window: Window | None, *, inverted: bool
    ) -> None:
        """Show another image, whole and without an overlay.

        Args:
            values: float32 `[H, W]` or `[H, W, 3]`; None for nothing.
            window: Its window; None takes the full range.
            inverted: Whether low values are white.
        """
        self._values = values
        self._overlay = None
        whole = Window(0.5, 1.0) if values is None else full_range(values)
        self._span = whole.width
        self.inverted = inverted
        self.set_window(window or whole)
        self.fit()

    def show_next_frame(self, values: npt.NDArray[np.float32]) -> None:
        """Show another frame of the same file: window, zoom and place stay."""
        self._values = values
        self._overlay = None
        self._redraw()

    def show_overlay(self, drawn: npt.NDArray[np.bool_] | None) -> None:
        """Draw this over the image, bool `[H, W]`; None for nothing."""
        self._overlay = None if drawn is None else overlay_image(drawn)
        self.update()

    def show_regions(self, regions: Sequence[Region], width: int = 1, height: int = 1) -> None:
        """Draw regions of an image of this size over it."""
        self._regions = tuple(regions)
        self._layer = RegionLayer(width, height)
        self.update()

    def set_window(self, window: Window) -> None:
        """Look through another window."""
        self.window_shown = window
        self._redraw()
        self.window_changed.emit()

    def show_everything(self) -> None:
        """Look through the window that shows every value."""
        if self._values is not None:
            self.set_window(full_range(self._values))

    def set_inverted(self, inverted: bool) -> None:
        """Show low values white, or black."""
        self.inverted = inverted
        self._redraw()

    def fit(self) -> None:
        """Show the whole image."""
        self._zoom = 0.0
        self._shift = QPointF()
        self._redraw()

    def zoom_in(self) -> None:
        """A step closer."""
        self._zoom_by(_STEP, QPointF(self.rect().center()))

    def zoom_out(self) -> None:
        """A step back."""
        self._zoom_by(1 / _STEP, QPointF(self.rect().center()))

    @override
    def sizeHint(self) -> QSize:
        return QSize(400, 400)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("black"))
        if self._image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._scale() < 2)
            painter.drawImage(self._target(), self._image)
            if self._overlay is not None:
                painter.drawImage(self._target(), self._overlay)
            self._paint_regions(painter)
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.DARK.accent), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._redraw()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._last = event.position().toPoint()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._last is None:
            return
        moved = event.position().toPoint() - self._last
        self._last = event.position().toPoint()
        if event.buttons() & Qt.MouseButton.LeftButton:
            right, down = moved.x() / max(1, self.width()), moved.y() / max(1, self.height())
            self.set_window(self.window_shown.dragged(right, down, self._span))
        else:
            self._shift += QPointF(moved)
            self.update()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._last = None

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        turns = event.angleDelta().y() / 120
        if turns:
            self._zoom_by(_STEP**turns, event.position())

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and key in _MOVES:
            self._shift += _MOVES[key] * _SHIFT_BY
            self.update()
        elif key in _STEPS:
            self.step_wanted.emit(_STEPS[key])
        elif key in _FRAMES:
            self.frame_wanted.emit(_FRAMES[key])
        elif key in _NUDGES:
            self.set_window(self.window_shown.dragged(*_NUDGES[key], self._span))
        elif Qt.Key.Key_1 <= key <= Qt.Key.Key_9:
            self.preset_wanted.emit(key - Qt.Key.Key_1)
        elif not self._act(key):
            super().keyPressEvent(event)

    def _act(self, key: Qt.Key) -> bool:
        """Do what a letter or sign asks for; whether it asks for anything."""
        actions: dict[Qt.Key, Callable[[], object]] = {
            Qt.Key.Key_Plus: self.zoom_in,
            Qt.Key.Key_Minus: self.zoom_out,
            Qt.Key.Key_0: self.fit,
            Qt.Key.Key_I: self.invert_wanted.emit,
            Qt.Key.Key_O: self.overlay_wanted.emit,
            Qt.Key.Key_R: self.regions_wanted.emit,
        }
        action = actions.get(key)
        if action is not None:
            action()
        return action is not None

    def _keys(self) -> str:
        return self.tr(
            "Left, Right: image before, next image\n"
            "Page Up, Page Down: frame before, next frame\n"
            "Drag, or Up, Down, [ and ]: grey window\n"
            "1 to 9: presets of the window, I: invert, O: overlay, R: regions\n"
            "Wheel, or + and -: zoom, 0 or double click: whole image\n"
            "Right button, or Shift and arrows: move"
        )

    def _fitting(self) -> float:
        if self._values is None:
            return 1.0
        height, width = self._values.shape[:2]
        return float(min(self.width() / width, self.height() / height))

    def _paint_regions(self, painter: QPainter) -> None:
        target, scale = self._target(), self._scale()
        to_screen = QTransform(scale, 0, 0, scale, target.left(), target.top())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for region in self._regions:
            self._layer.paint(painter, region, to_screen)

    def _scale(self) -> float:
        return self._zoom or self._fitting()

    def _target(self) -> QRectF:
        if self._values is None:
            return QRectF()
        height, width = (side * self._scale() for side in self._values.shape[:2])
        middle = QRectF(self.rect()).center() + self._shift
        return QRectF(middle.x() - width / 2, middle.y() - height / 2, width, height)

    def _zoom_by(self, factor: float, at: QPointF) -> None:
        """Zoom so that what is under `at` stays there."""
        before = self._scale()
        self._zoom = min(_LARGEST_ZOOM, max(self._fitting(), before * factor))
        middle = QRectF(self.rect()).center()
        self._shift = (at - middle) - ((at - middle) - self._shift) * (self._zoom / before)
        if self._zoom <= self._fitting():
            self.fit()
        self._redraw()

    def _redraw(self) -> None:
        """Grey levels of no more pixels than the screen shows, so that dragging is smooth on large images."""
        if self._values is None:
            self._image = None
        else:
            stride = max(1, int(1 / (self._scale() * self.devicePixelRatioF())))
            part = self._values[::stride, ::stride]
            self._image = image_of(grey(part, self.window_shown, inverted=self.inverted))
        self.update()


def overlay_image(drawn: npt.NDArray[np.bool_]) -> QImage:
    """A layer of what is drawn, yellow with dark edges: seen on black and on white.

    Args:
        drawn: bool `[H, W]`.
    """
    height, width = drawn.shape
    layer = np.zeros((height, width, 4), np.uint8)
    wide = np.pad(drawn, 1)
    beside = wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:]
    layer[beside] = (0, 0, 0, 160)
    layer[drawn] = (255, 224, 64, 255)
    return QImage(layer.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
