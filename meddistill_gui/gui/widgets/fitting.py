"""Pages at every size of text: what does not fit is scrolled to, never cut off, and never makes the window larger."""

from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget
from typing_extensions import override

from meddistill_gui.gui.widgets.scrolling import scrolling

_LARGE_LINE: Final = 24


def large_text(widget: QWidget) -> bool:
    """Whether text is so large that things which stand side by side had better stand below each other."""
    return widget.fontMetrics().height() > _LARGE_LINE


def fitted(content: QWidget) -> QScrollArea:
    """`content` in a scroll area, as high as its width asks for."""
    return scrolling(_Content(content), sideways=True)


class _Content(QWidget):
    """Counts the lines of wrapped text at the width they have, not at a guessed one."""

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(content)

    @override
    def minimumSizeHint(self) -> QSize:
        least = super().minimumSizeHint()
        # content with wrapped text is asked for its height at its width; other content has one least height
        return QSize(least.width(), 0) if self.hasHeightForWidth() else least
