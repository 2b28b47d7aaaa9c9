"""Line icons, drawn as SVG in `resources/icons`, tinted with the palette of whoever shows them."""

from functools import cache
from typing import Final

from PySide6.QtCore import QByteArray, QEvent, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPaintEvent, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QWidget
from typing_extensions import override

from meddistill_gui.core.paths import resources

_GAP: Final = 6
"""Pixels between icon and word; the style sheet cannot set them."""

_OF_TEXT: Final = 1.2
"""Side of an icon in lines of text, once that is more than it was given."""

_CHANGES: Final = (
    QEvent.Type.PaletteChange,
    QEvent.Type.FontChange,
    QEvent.Type.StyleChange,
    QEvent.Type.Polish,
)


def pixmap(name: str, side: int, colour: QColor, ratio: float = 1.0) -> QPixmap:
    """The icon `name` in one colour, `side` x `side` device-independent pixels.

    Raises:
        FileNotFoundError: There is no such icon.
    """
    pixels = round(side * ratio)
    image = QImage(pixels, pixels, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(_source(name))).render(painter, QRectF(0, 0, pixels, pixels))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(image.rect(), colour)
    painter.end()
    image.setDevicePixelRatio(ratio)
    return QPixmap.fromImage(image)


def icon(
    name: str, palette: QPalette, role: QPalette.ColorRole, side: int, ratio: float, gap: int = 0
) -> QIcon:
    """The icon in the colours that `role` has in `palette`, enabled and disabled; `gap` pixels of nothing at its right."""
    made = QIcon()
    for mode, group in (
        (QIcon.Mode.Normal, QPalette.ColorGroup.Active),
        (QIcon.Mode.Disabled, QPalette.ColorGroup.Disabled),
    ):
        made.addPixmap(_with_gap(pixmap(name, side, palette.color(group, role), ratio), gap), mode)
    return made


def give(button: QAbstractButton, name: str, side: int = 20) -> None:
    """Put the icon on a button and keep it in the colour of the button's text."""
    for keeper in button.findChildren(_IconKeeper):
        keeper.setParent(None)
        keeper.deleteLater()
    _IconKeeper(button, name, side)


class IconLabel(QWidget):
    """An icon that is only looked at.

    Args:
        name: The icon.
        side: Its side in device-independent pixels.
        colour: "#rrggbb"; empty takes the colour of text.
    """

    def __init__(
        self, name: str, side: int = 20, colour: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._name = name
        self._side = side
        self._colour = colour
        self.setFixedSize(side, side)

    def show_icon(self, name: str, colour: str = "") -> None:
        """Show another icon."""
        self._name, self._colour = name, colour
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        colour = QColor(self._colour) if self._colour else self.palette().windowText().color()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, pixmap(self._name, self._side, colour, self.devicePixelRatioF()))
        painter.end()


class _IconKeeper(QObject):
    """Tints a button's icon again whenever the button's palette changes, and lets it grow with the text."""

    def __init__(self, button: QAbstractButton, name: str, side: int) -> None:
        super().__init__(button)
        self._button = button
        self._drawn: tuple[int, str, float] | None = None
        self._name = name
        self._side = side
        self._gap = _GAP if button.text() else 0
        button.installEventFilter(self)
        self._tint()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _CHANGES:
            self._tint()
        return False

    def _tint(self) -> None:
        button = self._button
        side = max(self._side, round(button.fontMetrics().height() * _OF_TEXT))
        colour = button.palette().color(QPalette.ColorRole.ButtonText)
        drawn = (side, colour.name(), button.devicePixelRatioF())
        if drawn == self._drawn:
            return
        self._drawn = drawn
        button.setIconSize(QSize(side + self._gap, side))
        role = QPalette.ColorRole.ButtonText
        button.setIcon(icon(self._name, button.palette(), role, side, drawn[2], self._gap))


def _with_gap(picture: QPixmap, gap: int) -> QPixmap:
    if not gap:
        return picture
    ratio = picture.devicePixelRatio()
    wider = QPixmap(picture.width() + round(gap * ratio), picture.height())
    wider.setDevicePixelRatio(ratio)
    wider.fill(Qt.GlobalColor.transparent)
    painter = QPainter(wider)
    painter.drawPixmap(0, 0, picture)
    painter.end()
    return wider


@cache
def _source(name: str) -> bytes:
    return (resources() / "icons" / f"{name}.svg").read_bytes()
