"""One image at a time: drag changes the window, the wheel zooms, the middle button moves."""

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
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from meddistill_gui.gui.pages.dataset_browser.thumbnails import image_of
from meddistill_gui.gui.pages.dataset_browser.windowing import Window, full_range, grey
from meddistill_gui.gui.theme import colours

_STEP: Final = 1.25
_NUDGE: Final = 0.02
_LARGEST_ZOOM: Final = 32.0


class Canvas(QWidget):
    """Shows values through a grey window.

    Args:
        parent: Owner.
    """

    window_changed = Signal()
    step_wanted = Signal(int)
    """+1 for the next image, -1 for the one before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: npt.NDArray[np.float32] | None = None
        self._span = 1.0
        self.window_shown = Window(0.5, 1.0)
        self.inverted = False
        self._image: QImage | None = None
        self._stride = 0
        self._zoom = 0.0
        self._shift = QPointF()
        self._last: QPoint | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(160, 120)
        self.setAccessibleName(self.tr("Image"))
        self.setCursor(Qt.CursorShape.CrossCursor)

    def show_values(
        self, values: npt.NDArray[np.float32] | None, window: Window | None, *, inverted: bool
    ) -> None:
        """Show another image, whole.

        Args:
            values: float32 `[H, W]` or `[H, W, 3]`; None for nothing.
            window: Its window; None takes the full range.
            inverted: Whether low values are white.
        """
        self._values = values
        whole = Window(0.5, 1.0) if values is None else full_range(values)
        self._span = whole.width
        self.inverted = inverted
        self.set_window(window or whole)
        self.fit()

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
        step = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}.get(key)
        nudge = {
            Qt.Key.Key_Up: (0.0, -_NUDGE),
            Qt.Key.Key_Down: (0.0, _NUDGE),
            Qt.Key.Key_BracketRight: (_NUDGE, 0.0),
            Qt.Key.Key_BracketLeft: (-_NUDGE, 0.0),
        }.get(key)
        zoom = {Qt.Key.Key_Plus: self.zoom_in, Qt.Key.Key_Minus: self.zoom_out}.get(key)
        if step is not None:
            self.step_wanted.emit(step)
        elif nudge is not None:
            self.set_window(self.window_shown.dragged(*nudge, self._span))
        elif zoom is not None:
            zoom()
        elif key == Qt.Key.Key_0:
            self.fit()
        else:
            super().keyPressEvent(event)

    def _fitting(self) -> float:
        if self._values is None:
            return 1.0
        height, width = self._values.shape[:2]
        return float(min(self.width() / width, self.height() / height))

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
