"""Buttons: one primary on a page, plain ones beside it, quiet ones inside."""

from PySide6.QtWidgets import QPushButton, QWidget

from meddistill_gui.gui.theme import icons


def button(
    text: str, *, kind: str = "", icon: str = "", tip: str = "", parent: QWidget | None = None
) -> QPushButton:
    """A push button.

    Args:
        text: Its word; also what a screen reader says. Empty for an icon alone: then `tip` is said.
        kind: "primary", "danger", "quiet" or "" for a plain one.
        icon: Name of its icon, or empty.
        tip: Tooltip, one sentence.
        parent: Owner.
    """
    made = QPushButton(text, parent)
    made.setProperty("kind", kind)
    made.setAutoDefault(False)
    if icon:
        icons.give(made, icon)
    if tip:
        made.setToolTip(tip)
    made.setAccessibleName(text.replace("&", "") or tip)
    return made
