"""A synthetic image against a real one: side by side, in turns at the press of a key, or their difference."""

import enum

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from meddistill_gui.gui.pages.anonymity_preview.pixels import UInt8, alike, difference
from meddistill_gui.gui.plots.mosaic import to_qimage


class Way(enum.Enum):
    """How two images are compared."""

    SIDE_BY_SIDE = "side by side"
    FLICKER = "flicker"
    DIFFERENCE = "difference"


class ComparisonView(QWidget):
    """Draws both images at the same size without smoothing.

    In the way `FLICKER` one image is shown at a time; the space bar or a click changes to the other (nothing blinks by itself).
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._synthetic: UInt8 | None = None
        self._real: UInt8 | None = None
        self._real_name = ""
        self._why_not = ""
        self._way = Way.SIDE_BY_SIDE
        self._showing_real = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._describe()

    @property
    def way(self) -> Way:
        """How the images are compared now."""
        return self._way

    def set_way(self, way: Way) -> None:
        """Compare in another way."""
        self._way, self._showing_real = way, False
        self._describe()

    def show_synthetic(self, pixels: UInt8 | None) -> None:
        """Show this synthetic image, uint8 `[H, W]` or `[H, W, 3]`, and no real one yet."""
        self._synthetic, self._real = pixels, None
        self._showing_real, self._why_not = False, ""
        self._describe()

    def show_real(self, pixels: UInt8, name: str) -> None:
        """Show this real image of the same size beside it."""
        self._real, self._real_name, self._why_not = pixels, name, ""
        self._describe()

    def show_why_not(self, sentence: str) -> None:
        """Say why there is no real image to show."""
        self._real, self._why_not = None, sentence
        self._describe()

    def turn(self) -> None:
        """In the way `FLICKER`: show the other image."""
        if self._way is Way.FLICKER and self._real is not None:
            self._showing_real = not self._showing_real
            self._describe()

    def pictures(self) -> list[tuple[str, UInt8]]:
        """What is drawn now, with captions, from left to right."""
        if self._synthetic is None:
            return []
        synthetic = (self.tr("Synthetic"), self._synthetic)
        if self._real is None:
            return [synthetic] if self._way is Way.SIDE_BY_SIDE else []
        real = (self._real_name, alike(self._real, self._synthetic))
        if self._way is Way.SIDE_BY_SIDE:
            return [synthetic, real]
        if self._way is Way.FLICKER:
            return [real if self._showing_real else synthetic]
        return [(self.tr("Difference; middle grey is equal"), difference(synthetic[1], real[1]))]

    @override
    def sizeHint(self) -> QSize:
        return QSize(400, 160)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(200, max(120, 8 * self.fontMetrics().height()))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and self._way is Way.FLICKER:
            self.turn()
        else:
            super().keyPressEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        self.turn()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        shown = self.pictures()
        columns = max(2 if self._way is Way.SIDE_BY_SIDE else 1, len(shown))
        width = (self.width() - 16 * (columns - 1)) / columns
        for place, (caption, pixels) in enumerate(shown):
            cell = QRectF(place * (width + 16), 0, width, self.height())
            self._paint_picture(painter, cell, caption, to_qimage(pixels))
        if self._why_not:
            left = width + 16 if columns > 1 else 0.0
            cell = QRectF(left, 0, self.width() - left, self.height())
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(cell, int(flags), self._why_not)
        if self.hasFocus():
            painter.setPen(self.palette().color(QPalette.ColorRole.Highlight))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_picture(
        self, painter: QPainter, cell: QRectF, caption: str, picture: QImage
    ) -> None:
        line = self.fontMetrics().height() + 6
        room = max(1.0, min(cell.width() - 4, cell.height() - line - 4))
        factor = room / max(picture.width(), picture.height())
        if factor > 1:
            factor = float(int(factor))  # whole pixels stay whole
        width, height = picture.width() * factor, picture.height() * factor
        left = cell.left() + (cell.width() - width) / 2
        top = cell.top() + 2 + max(0.0, (cell.height() - line - height) / 2)
        painter.drawImage(QRectF(int(left), int(top), width, height), picture)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        place = QRectF(cell.left(), int(top) + height + 2, cell.width(), line)
        text = painter.fontMetrics().elidedText(
            caption, Qt.TextElideMode.ElideRight, int(cell.width())
        )
        painter.drawText(place, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)

    def _describe(self) -> None:
        self.setAccessibleName(self.tr("Comparison"))
        words = [caption for caption, _ in self.pictures()]
        if self._why_not:
            words.append(self._why_not)
        if self._way is Way.FLICKER:
            words.append(self.tr("Space shows the other image."))
        self.setAccessibleDescription(". ".join(words))
        self.setToolTip(
            self.tr("Space or a click shows the other image") if self._way is Way.FLICKER else ""
        )
        self.update()
