"""Content that may be larger than the window: it scrolls, so that large text is never cut off."""

from typing import Final

from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

_LARGE_LINE: Final = 24


def scrolled(content: QWidget) -> QScrollArea:
    """`content` in an area that grows with the window and scrolls where the window is too small."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidget(content)
    return area


def large_text(widget: QWidget) -> bool:
    """Whether text is so large that things which stand side by side had better stand below each other."""
    return widget.fontMetrics().height() > _LARGE_LINE
