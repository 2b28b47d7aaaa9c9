"""Asks for what opens an encrypted bundle: the passphrase, the user's own key, or a file with another key."""

from pathlib import Path

from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from meddistill_gui.bundle import own_key
from meddistill_gui.bundle.own_key import Place
from meddistill_gui.bundle.passphrases import Passphrase
from meddistill_gui.core.errors import ConfigError
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import breakable, label
from meddistill_gui.gui.widgets.passphrase_field import PassphraseField


class UnlockDialog(QDialog):
    """Shows only the fields that this bundle and this user's key ask for.

    Args:
        name: The bundle's file name.
        to_passphrase: Whether it was encrypted to a passphrase, and not to keys.
        parent: Owner.
    """

    def __init__(self, name: str, *, to_passphrase: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Open an encrypted bundle"))
        self._to_passphrase = to_passphrase
        place = own_key.place()
        self._asks = to_passphrase or place is Place.FILE
        self.field = PassphraseField(
            self.tr("Passphrase of the bundle")
            if to_passphrase
            else self.tr("Passphrase of your key")
        )
        self.field.setVisible(self._asks)
        self.field.changed.connect(self._check)
        self.line = QLineEdit()
        self.line.setPlaceholderText(self.tr("File with another key; empty takes your own"))
        self.line.setAccessibleName(self.tr("File with another key"))
        self.line.textChanged.connect(self._check)
        self._has_key = place is not None
        self.go = button(self.tr("Open it"), kind="primary")
        self.go.setDefault(True)
        self.go.clicked.connect(self.accept)
        self._arrange(name)
        self._check()

    def _arrange(self, name: str) -> None:
        choose = button(self.tr("Choose …"), icon="folder")
        choose.clicked.connect(self._choose)
        other = QWidget()
        other.setVisible(not self._to_passphrase)
        other_row = QHBoxLayout(other)
        other_row.setContentsMargins(0, 0, 0, 0)
        other_row.addWidget(self.line, 1)
        other_row.addWidget(choose)
        cancel = button(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch()
        row.addWidget(cancel)
        row.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(12)
        column.addWidget(
            label(self.tr("{name} is encrypted").format(name=breakable(name)), "title")
        )
        column.addWidget(label(self._sentence(), "muted"))
        column.addWidget(self.field)
        column.addWidget(other)
        column.addLayout(row)
        self.setMinimumWidth(480)

    def identity(self) -> Path | None:
        """The file with another key; None for the user's own, or a passphrase."""
        text = self.line.text().strip()
        return Path(text) if text and not self._to_passphrase else None

    def passphrases(self) -> dict[str, str]:
        """What was typed, by the names of `Passphrase`."""
        if not self._asks or self.identity() is not None:
            return {}
        which = Passphrase.BUNDLE if self._to_passphrase else Passphrase.SIGNING_KEY
        return {which: self.field.text()}

    def _sentence(self) -> str:
        if self._to_passphrase:
            return self.tr("Whoever sent it has told you a passphrase.")
        if self._has_key:
            return self.tr("It was encrypted to keys; your own opens it if the sender had it.")
        return self.tr(
            "It was encrypted to keys, and you have none yet. Make your key, send its line to the sender, and let it be "
            "encrypted anew; or choose the file of another key."
        )

    def _check(self) -> None:
        try:
            self.passphrases()
        except ConfigError:
            self.go.setEnabled(False)
            return
        self.go.setEnabled(self._to_passphrase or self._has_key or self.identity() is not None)

    def _choose(self) -> None:
        found, _ = QFileDialog.getOpenFileName(self, self.tr("File with another key"))
        if found:
            self.line.setText(found)
