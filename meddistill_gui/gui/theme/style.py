"""Dresses the application: Fusion, the palette of the scheme, one style sheet, text of the wanted size."""

from string import Template
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication

from meddistill_gui.core.paths import resources
from meddistill_gui.gui.theme.colours import DARK, LIGHT, Scheme, blend, of_system, palette_of

TEXT_SIZES: Final = (100, 125, 150, 175, 200)
"""Offered sizes of text, percent of the system's."""

_SCHEMES: Final = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}


class Theme(QObject):
    """Keeps the application in the wanted scheme and text size, and follows the system.

    An application has one: a second one takes over, and the first one dresses nothing any more. Two that both answered the
    system's change of colours dressed widgets while they were being dressed, which Qt does not survive.

    Args:
        app: The application; it is dressed at once.
        scheme: "system", "light" or "dark".
        text_percent: Size of text in percent of the system's, 100 to 200.
    """

    changed = Signal()

    def __init__(self, app: QApplication, scheme: str = "system", text_percent: int = 100) -> None:
        super().__init__(app)
        earlier = [one for one in app.findChildren(Theme) if one is not self]
        self._app = app
        self._points = earlier[-1].system_points if earlier else _points(app.font())
        self._percent = text_percent
        self._wanted = scheme
        self._retired = False
        self._dressing = False
        for one in earlier:
            one.retire()
        if not earlier:
            app.setStyle("Fusion")
        app.styleHints().colorSchemeChanged.connect(self._dress)
        self.set_scheme(scheme)

    @property
    def system_points(self) -> float:
        """Size of body text at 100 %, points."""
        return self._points

    def retire(self) -> None:
        """Leave the application to another theme."""
        if not self._retired:
            self._retired = True
            self._app.styleHints().colorSchemeChanged.disconnect(self._dress)

    @property
    def text_percent(self) -> int:
        """Size of text in percent of the system's."""
        return self._percent

    @property
    def wanted(self) -> str:
        """What was chosen: "system", "light" or "dark"."""
        return self._wanted

    def set_scheme(self, scheme: str) -> None:
        """Choose "system", "light" or "dark"."""
        self._wanted = scheme
        if self._retired:
            return
        self._dressing = True  # Qt says the change at once; it is dressed below, once
        self._app.styleHints().setColorScheme(_SCHEMES[scheme])
        self._dressing = False
        self._dress()

    def set_text_percent(self, percent: int) -> None:
        """Choose the size of text in percent of the system's."""
        self._percent = max(TEXT_SIZES[0], min(TEXT_SIZES[-1], percent))
        self._dress()

    def _dress(self) -> None:
        """A palette or style sheet may change Qt's scheme in turn, which asks for this again."""
        if self._dressing or self._retired:
            return
        self._dressing = True
        try:
            self._put_on()
        finally:
            self._dressing = False
        self.changed.emit()

    def _put_on(self) -> None:
        scheme = {"light": LIGHT, "dark": DARK}.get(self._wanted) or of_system()
        font = QFont(self._app.font())
        font.setPointSizeF(self._points * self._percent / 100)
        self._app.setFont(font)
        self._app.setPalette(palette_of(scheme))
        sheet = style_sheet(scheme, font.pointSizeF())
        if sheet != self._app.styleSheet():
            self._app.setStyleSheet(sheet)


def style_sheet(scheme: Scheme, points: float) -> str:
    """The style sheet in the colours of `scheme`, body text of `points` points."""
    template = (resources() / "styles" / "window.qss").read_text(encoding="utf-8")
    colours = {name: value for name, value in vars(scheme).items() if isinstance(value, str)}
    tints = {
        f"{kind}_tint": blend(getattr(scheme, kind), scheme.window, 0.10)
        for kind in ("danger", "warning", "good", "accent")
    }
    sizes = {
        "styles": (resources() / "styles").as_posix(),
        "small": f"{points * 0.9:.1f}pt",
        "large": f"{points * 1.2:.1f}pt",
        "title": f"{points * 1.7:.1f}pt",
    }
    return Template(template).substitute(colours | tints | sizes)


def _points(font: QFont) -> float:
    """Body text never under 10 points: clinicians read it at arm's length."""
    return max(10.0, font.pointSizeF())
