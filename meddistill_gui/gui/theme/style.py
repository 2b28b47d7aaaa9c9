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

    Args:
        app: The application; it is dressed at once.
        scheme: "system", "light" or "dark".
        text_percent: Size of text in percent of the system's, 100 to 200.
    """

    changed = Signal()

    def __init__(self, app: QApplication, scheme: str = "system", text_percent: int = 100) -> None:
        super().__init__(app)
        self._app = app
        self._points = _points(app.font())
        self._percent = text_percent
        self._wanted = scheme
        app.setStyle("Fusion")
        app.styleHints().colorSchemeChanged.connect(self._dress)
        self.set_scheme(scheme)

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
        self._app.styleHints().setColorScheme(_SCHEMES[scheme])
        self._dress()

    def set_text_percent(self, percent: int) -> None:
        """Choose the size of text in percent of the system's."""
        self._percent = max(TEXT_SIZES[0], min(TEXT_SIZES[-1], percent))
        self._dress()

    def _dress(self) -> None:
        scheme = {"light": LIGHT, "dark": DARK}.get(self._wanted) or of_system()
        font = QFont(self._app.font())
        font.setPointSizeF(self._points * self._percent / 100)
        self._app.setFont(font)
        self._app.setPalette(palette_of(scheme))
        self._app.setStyleSheet(style_sheet(scheme, font.pointSizeF()))
        self.changed.emit()


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
