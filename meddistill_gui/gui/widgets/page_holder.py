"""What lies in the window's scroll area: as small as the shown page can be, no smaller."""

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QWidget
from typing_extensions import override


class PageHolder(QWidget):
    """Has no layout on purpose: a scroll area asks layouts with wrapped text for their preferred height, not for the least.

    Args:
        stack: The pages; only the shown one counts.
    """

    def __init__(self, stack: QStackedWidget) -> None:
        super().__init__()
        self._stack = stack
        stack.setParent(self)
        stack.currentChanged.connect(self._on_change)

    @override
    def minimumSizeHint(self) -> QSize:
        if not self._stack.count():
            return QSize()
        page = self._stack.currentWidget()
        least = page.minimumSizeHint()
        layout = page.layout()
        if layout is not None and layout.hasHeightForWidth():
            # at the width there is: wrapped text is asked for its height at a far smaller one otherwise
            least.setHeight(layout.minimumHeightForWidth(max(self.width(), least.width())))
        return least

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().event(event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._stack.resize(self.size())
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def _on_change(self, _number: int) -> None:
        self.updateGeometry()
