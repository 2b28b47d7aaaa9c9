"""What a page shows before it has anything: what it is for, and the one thing to do."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QBoxLayout, QFrame, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from meddistill_gui.gui.theme.icons import IconLabel
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.fitting import large_text
from meddistill_gui.gui.widgets.labels import label


class EmptyState(QFrame):
    """Icon, title, a sentence and an action, in the middle of the page.

    Args:
        icon: Name of the icon.
        title: A few words.
        sentence: What to do, and what will not happen.
        action: Word on the button; empty for none.
        drop: Whether something can be dropped here; draws a dashed border.
        parent: Owner.
    """

    def __init__(
        self,
        icon: str,
        title: str,
        sentence: str,
        action: str = "",
        *,
        drop: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("kind", "drop" if drop else "")
        self.title = label(title, "heading")
        self.sentence = label(sentence, "muted")
        self.action: QPushButton = button(action, kind="primary")
        self.action.setVisible(bool(action))
        self._actions = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._actions.setSpacing(8)
        self._actions.addStretch()
        self._actions.addWidget(self.action)
        self._actions.addStretch()
        for words in (self.title, self.sentence):
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(48, 48, 48, 48)
        column.setSpacing(16)
        column.addStretch()
        column.addWidget(IconLabel(icon, 56), alignment=Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.title)
        column.addWidget(self.sentence)
        column.addLayout(self._actions)
        column.addStretch()
        self._fit()

    def add_action(self, text: str, receiver: Callable[[], object]) -> QPushButton:
        """Add a second button beside the first; `receiver` is a bound method of a QObject."""
        made = button(text)
        made.clicked.connect(receiver)
        self._actions.insertWidget(self._actions.count() - 1, made)
        return made

    def add_below(self, widget: QWidget) -> None:
        """Put something under the buttons."""
        self._column.insertWidget(
            self._column.count() - 1, widget, alignment=Qt.AlignmentFlag.AlignHCenter
        )

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        """Buttons below each other where text is large."""
        direction = QBoxLayout.Direction
        self._actions.setDirection(
            direction.TopToBottom if large_text(self) else direction.LeftToRight
        )
