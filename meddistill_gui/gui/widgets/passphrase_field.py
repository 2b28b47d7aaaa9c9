"""A line for a passphrase, and a second one where it is new: what is typed is never shown, and is taken out only once."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from meddistill_gui.core.errors import ConfigError


class PassphraseField(QWidget):
    """One or two lines.

    Signals:
        changed: Something was typed.

    Args:
        title: What it opens; also what a screen reader says.
        new: Whether it is chosen now, and therefore typed twice.
        parent: Owner.
    """

    changed = Signal()

    def __init__(self, title: str, *, new: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self.first = _line(title)
        self.again = _line(self.tr("The same once more"))
        self.again.setVisible(new)
        self._new = new
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for line in (self.first, self.again):
            line.textEdited.connect(self.changed)
            column.addWidget(line)

    def text(self) -> str:
        """What was typed.

        Raises:
            ConfigError: Nothing, or two different things.
        """
        if not self.first.text():
            raise ConfigError(
                [self.tr("{what} is missing.").format(what=self._title)], self.tr("Type it.")
            )
        if self._new and self.first.text() != self.again.text():
            raise ConfigError(
                [self.tr("{what}: these are two different ones.").format(what=self._title)],
                self.tr("Type the same twice."),
            )
        return self.first.text()

    def clear(self) -> None:
        """Forget what was typed."""
        self.first.clear()
        self.again.clear()


def _line(title: str) -> QLineEdit:
    made = QLineEdit()
    made.setEchoMode(QLineEdit.EchoMode.Password)
    made.setPlaceholderText(title)
    made.setAccessibleName(title)
    return made
