"""A line that says what is wrong and what to do about it; never only by its colour."""

from collections.abc import Callable

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from meddistill_gui.core.errors import MedDistillError, Stopped
from meddistill_gui.gui.theme import colours
from meddistill_gui.gui.theme.icons import IconLabel
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import label, set_kind


class Notice(QFrame):
    """Hidden until there is something to say.

    Args:
        parent: Owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = "info"
        self._icon = IconLabel("info", 24)
        self._message = label(wrap=True)
        self._remedy = label(kind="muted", wrap=True)
        self._words = {
            "error": self.tr("Error"),
            "warning": self.tr("Warning"),
            "good": self.tr("Done"),
            "info": self.tr("Note"),
        }
        self._act = button("", parent=self)
        self._act.hide()
        self._receiver: Callable[[], object] | None = None
        self._act.clicked.connect(self._run_action)
        self._close = button("", kind="quiet", icon="close", tip=self.tr("Close this notice"))
        self._close.clicked.connect(self.hide)
        self._arrange()
        self.hide()

    def show_error(self, error: MedDistillError) -> None:
        """Say an error and its remedy; a stop that was asked for is a note."""
        kind = "info" if isinstance(error, Stopped) else "error"
        self.show_message(kind, error.message, error.remedy)

    def show_message(
        self,
        kind: str,
        message: str,
        remedy: str = "",
        *,
        action: str = "",
        receiver: Callable[[], object] | None = None,
    ) -> None:
        """Say something.

        Args:
            kind: "error", "warning", "good" or "info".
            message: What is wrong or done.
            remedy: What to do about it.
            action: Word on a button that does the remedy.
            receiver: What the button calls.
        """
        self.kind = kind
        colour = {
            "error": colours.current().danger,
            "warning": colours.current().warning,
            "good": colours.current().good,
        }.get(kind, colours.current().accent)
        self._icon.show_icon(kind, colour)
        said = f"{self._words[kind]}: {message}"
        self._message.setText(said)
        self._remedy.setText(remedy)
        self._remedy.setVisible(bool(remedy))
        self._act.setText(action)
        self._act.setAccessibleName(action)
        self._act.setVisible(bool(action))
        self._receiver = receiver
        set_kind(self, f"notice-{kind}")
        self.setAccessibleName(f"{said} {remedy}".strip())
        self.show()
        QAccessible.updateAccessibility(
            QAccessibleAnnouncementEvent(self, f"{said} {remedy}".strip())
        )

    def text(self) -> str:
        """What it says, message and remedy; "" while hidden."""
        return "" if self.isHidden() else self.accessibleName()

    def action(self) -> QPushButton:
        """The button that does the remedy."""
        return self._act

    def _run_action(self) -> None:
        if self._receiver is not None:
            self._receiver()

    def _arrange(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self._message)
        words.addWidget(self._remedy)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 12, 8, 12)
        row.setSpacing(12)
        row.addWidget(self._icon)
        row.addLayout(words, 1)
        row.addWidget(self._act)
        row.addWidget(self._close)
