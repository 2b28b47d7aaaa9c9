"""The frame that every page stands in: title, one sentence, actions, body, one status line."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.fitting import large_text
from meddistill_gui.gui.widgets.labels import label, set_kind
from meddistill_gui.gui.widgets.notice import Notice
from meddistill_gui.gui.widgets.progress_line import ProgressLine

_SIDE = 32
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop


class PageFrame(QWidget):
    """Title and actions above, body in the middle, progress and status below.

    Args:
        title: Name of the page.
        sentence: What it is for.
        parent: Owner.

    Attributes:
        primary: The page's one primary action; hidden until `set_primary_action`.
        notice: Errors, warnings and what was done; above the body.
        progress: Progress of the page's work; hidden while there is none.
    """

    def __init__(self, title: str, sentence: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.notice = Notice()
        self.progress = ProgressLine()
        self.primary = button("", kind="primary")
        self.primary.hide()
        self._title = label(title, "title")
        self._sentence = label(sentence, "muted")
        self._status = label(kind="small")
        self._actions = QHBoxLayout()
        self._actions.setSpacing(8)
        self._actions.addWidget(self.primary)
        self._body = QVBoxLayout()
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._arrange()
        self._fit()

    def set_body(self, widget: QWidget) -> None:
        """Put the page's content in; called once."""
        self._body.addWidget(widget, 1)

    def set_primary_action(
        self, text: str, receiver: Callable[[], object], *, tip: str = ""
    ) -> QPushButton:
        """Show the primary action; `receiver` is a bound method of a QObject."""
        self.primary.setText(text)
        self.primary.setAccessibleName(text.replace("&", ""))
        self.primary.setToolTip(tip)
        self.primary.clicked.connect(receiver)
        self.primary.show()
        return self.primary

    def add_action(
        self, text: str, receiver: Callable[[], object], *, icon: str = "", tip: str = ""
    ) -> QPushButton:
        """Add a plain action left of the primary one."""
        made = button(text, icon=icon, tip=tip)
        made.clicked.connect(receiver)
        self._actions.insertWidget(self._actions.count() - 1, made)
        return made

    def add_widget(self, widget: QWidget) -> None:
        """Add something else than a plain action left of the primary one."""
        self._actions.insertWidget(self._actions.count() - 1, widget)

    def set_title(self, title: str, sentence: str) -> None:
        """Say something else above the page."""
        self._title.setText(title)
        self._sentence.setText(sentence)

    def set_status(self, text: str, *, problem: bool = False) -> None:
        """Say one thing on the status line."""
        self._status.setText(text)
        set_kind(self._status, "problem" if problem else "small")

    def status(self) -> str:
        """What the status line says."""
        return self._status.text()

    def show_error(self, error: MedDistillError) -> None:
        """Say an error and its remedy above the body."""
        self.notice.show_error(error)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_actions()

    def _fit(self) -> None:
        """Actions below the title where text is large, beside it else; below each other where even that is too wide."""
        direction = QBoxLayout.Direction
        stacked = large_text(self)
        self._head.setDirection(direction.TopToBottom if stacked else direction.LeftToRight)
        self._head.setSpacing(8 if stacked else 24)
        self._actions.setAlignment(Qt.AlignmentFlag.AlignLeft if stacked else _RIGHT)
        self._fit_actions()

    def _fit_actions(self) -> None:
        direction = QBoxLayout.Direction
        wide = large_text(self) and self._width_of_actions() > self._room() - 2 * _SIDE
        self._actions.setDirection(direction.TopToBottom if wide else direction.LeftToRight)

    def _room(self) -> int:
        """Pixels that are seen: the frame itself has grown as wide as its actions, where they stood side by side."""
        around = self.parentWidget()
        while around is not None and not isinstance(around, QScrollArea):
            around = around.parentWidget()
        return self.width() if around is None else min(self.width(), around.viewport().width())

    def _width_of_actions(self) -> int:
        """Pixels that the actions take beside each other."""
        items = [self._actions.itemAt(place) for place in range(self._actions.count())]
        hints = [
            item.sizeHint().width() for item in items if item is not None and not item.isEmpty()
        ]
        return sum(hints) + self._actions.spacing() * max(0, len(hints) - 1)

    def _arrange(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self._title)
        words.addWidget(self._sentence)
        self._head.setSpacing(24)
        self._head.addLayout(words, 1)
        self._head.addLayout(self._actions)
        foot = QFrame()
        foot.setProperty("kind", "rule")
        column = QVBoxLayout(self)
        column.setContentsMargins(_SIDE, 24, _SIDE, 12)
        column.setSpacing(16)
        column.addLayout(self._head)
        column.addWidget(self.notice)
        column.addLayout(self._body, 1)
        column.addWidget(self.progress)
        column.addWidget(foot)
        column.addWidget(self._status)
