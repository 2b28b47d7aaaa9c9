"""The two colour schemes, light and dark, with the contrast that makes them readable."""

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """Colours by their task, each as "#rrggbb".

    Attributes:
        name: "light" or "dark".
        window: Behind everything.
        surface: Cards, lists, fields.
        rail: Behind the page list.
        hover: Behind what the mouse is over.
        line: Borders between areas (decoration only).
        border: Borders of fields and buttons: 3:1 against `surface` (WCAG 2.2, 1.4.11).
        text: Body text.
        muted: Secondary text, still 4.5:1.
        accent: Primary action, focus, selection.
        accent_hover: The same under the mouse.
        on_accent: Text on `accent`.
        selected: Quiet selection behind `text`.
        danger: Errors and actions that lose something.
        warning: What needs attention.
        good: What went well.
        series: Lines and bars of plots (Okabe & Ito 2008: told apart by colour-blind readers).
    """

    name: str
    window: str
    surface: str
    rail: str
    hover: str
    line: str
    border: str
    text: str
    muted: str
    accent: str
    accent_hover: str
    on_accent: str
    selected: str
    danger: str
    warning: str
    good: str
    series: tuple[str, ...]


LIGHT: Final = Scheme(
    name="light",
    window="#f5f7f8",
    surface="#ffffff",
    rail="#e9eef0",
    hover="#dde5e8",
    line="#d3dbdf",
    border="#7d8b93",
    text="#18222a",
    muted="#4d5c66",
    accent="#0b6670",
    accent_hover="#0a555e",
    on_accent="#ffffff",
    selected="#cfe6e8",
    danger="#a8201a",
    warning="#805200",
    good="#17693b",
    series=("#0072b2", "#b34700", "#007a5a", "#9b4f80", "#8a6a00", "#30617f"),
)

DARK: Final = Scheme(
    name="dark",
    window="#14191d",
    surface="#1c2328",
    rail="#101417",
    hover="#29333a",
    line="#313c43",
    border="#74838c",
    text="#e8edf0",
    muted="#a9b6be",
    accent="#6cc7cf",
    accent_hover="#8cd6dd",
    on_accent="#0b2326",
    selected="#1f4348",
    danger="#ff9a92",
    warning="#f0c36a",
    good="#84d6a4",
    series=("#56b4e9", "#f58a4b", "#34c79d", "#d990bb", "#e6c34a", "#9cc4dd"),
)


def current() -> Scheme:
    """The scheme that the window shows now."""
    palette = QGuiApplication.palette()
    dark = palette.color(QPalette.ColorRole.Window).lightness() < 128
    return DARK if dark else LIGHT


def of_system() -> Scheme:
    """The scheme that the system asks for; light where it does not say."""
    dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
    return DARK if dark else LIGHT


def palette_of(scheme: Scheme) -> QPalette:
    """A Qt palette of the scheme; Fusion draws everything from it."""
    role = QPalette.ColorRole
    palette = QPalette()
    for target, colour in {
        role.Window: scheme.window,
        role.WindowText: scheme.text,
        role.Base: scheme.surface,
        role.AlternateBase: scheme.window,
        role.Text: scheme.text,
        role.Button: scheme.surface,
        role.ButtonText: scheme.text,
        role.BrightText: scheme.danger,
        role.ToolTipBase: scheme.surface,
        role.ToolTipText: scheme.text,
        role.PlaceholderText: scheme.muted,
        role.Highlight: scheme.accent,
        role.HighlightedText: scheme.on_accent,
        role.Accent: scheme.accent,
        role.Link: scheme.accent,
        role.LinkVisited: scheme.accent,
        role.Light: scheme.surface,
        role.Midlight: scheme.hover,
        role.Mid: scheme.line,
        role.Dark: scheme.border,
        role.Shadow: scheme.line,
    }.items():
        palette.setColor(target, QColor(colour))
    faint = blend(scheme.muted, scheme.window, 0.55)
    for target in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, QColor(faint))
    return palette


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio" and "relative luminance")."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def blend(front: str, back: str, share: float) -> str:
    """`front` laid over `back` with the opacity `share` (0 to 1)."""
    mixed = [
        round(share * f + (1 - share) * b)
        for f, b in zip(_channels(front), _channels(back), strict=True)
    ]
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def _channels(colour: str) -> list[int]:
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]


def _luminance(colour: str) -> float:
    linear = [
        c / 12.92 if (c := channel / 255) <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for channel in _channels(colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
