"""Labels with a task: title, heading, muted, small; the style sheet knows them by their kind."""

import re
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

_BREAK: Final = "\u200b"  # a space without width
_LONG: Final = 16
_UNBROKEN: Final = re.compile(rf"[^\s{_BREAK}]{{{_LONG}}}(?=[^\s{_BREAK}])")


def breakable(text: str) -> str:
    """Text that a narrow label may break inside names and paths, so that no long word widens a page."""
    parted = re.sub(r"([/\\_\-.])(?=\S)", rf"\1{_BREAK}", text)
    return _UNBROKEN.sub(lambda run: run.group() + _BREAK, parted)


def in_groups(digest: str) -> str:
    """A digest in groups of eight, so that it can be compared by eye and takes a second line where there is no room."""
    return " ".join(digest[start : start + 8] for start in range(0, len(digest), 8))


def label(text: str = "", kind: str = "", *, wrap: bool = True, mouse: bool = True) -> QLabel:
    """A label of plain text.

    Args:
        text: What it says; never read as HTML, so that a file name cannot become one.
        kind: "title", "heading", "muted", "small", "problem" or "" for body text.
        wrap: Whether long text takes several lines.
        mouse: Whether the text can be selected with the mouse, e.g. to copy a path.
    """
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    made.setProperty("kind", kind)
    if mouse:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if wrap:
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        made.setSizePolicy(policy)
    return made


def set_kind(widget: QWidget, kind: str) -> None:
    """Give a widget another kind of the style sheet and draw it anew."""
    if widget.property("kind") == kind:
        return
    widget.setProperty("kind", kind)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
