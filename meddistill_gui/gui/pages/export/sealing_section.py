"""How the bundle travels: signed with the user's key, encrypted to a passphrase or to receivers' keys."""

from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QPlainTextEdit, QVBoxLayout, QWidget

from meddistill_gui.bundle import own_key, senders
from meddistill_gui.bundle.own_key import Place
from meddistill_gui.bundle.passphrases import Passphrase
from meddistill_gui.core.errors import BundleError, ConfigError
from meddistill_gui.gui.widgets.labels import label
from meddistill_gui.gui.widgets.own_key_row import OwnKeyRow
from meddistill_gui.gui.widgets.passphrase_field import PassphraseField

NOT: Final = "not"
TO_PASSPHRASE: Final = "passphrase"  # noqa: S105 - the name of a choice
TO_KEYS: Final = "keys"
_LINES: Final = 3


class SealingSection(QWidget):
    """Fields appear where they are needed.

    Signals:
        failed: `MedDistillError` of making a key.
    """

    failed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sign = QCheckBox(self.tr("Sign it, so that the receiver knows it is yours"))
        self.key = OwnKeyRow()
        self.key.changed.connect(self._take_key)
        self.key.failed.connect(self.failed)
        self.key_passphrase = PassphraseField(self.tr("Passphrase of your key"))
        self.kind = QComboBox()
        self.kind.setAccessibleName(self.tr("Encryption"))
        self.kind.addItem(self.tr("Not encrypted: whoever has the file can read it"), NOT)
        self.kind.addItem(self.tr("Encrypted to a passphrase"), TO_PASSPHRASE)
        self.kind.addItem(self.tr("Encrypted to the receivers' public keys"), TO_KEYS)
        self.kind.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.passphrase = PassphraseField(self.tr("Passphrase for the receiver"), new=True)
        self._hint = label(
            self.tr("Tell it on the telephone, never in the same letter or mail as the bundle."),
            "small",
        )
        self.people = QComboBox()
        self.people.setAccessibleName(self.tr("Known people"))
        self.people.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.people.activated.connect(self._add_person)
        self.lines = QPlainTextEdit()
        self.lines.setTabChangesFocus(True)
        self.lines.setAccessibleName(self.tr("Public keys, one a line"))
        self.lines.setPlaceholderText(self.tr("ssh-ed25519 … or age1…, one a line"))
        self.lines.setFixedHeight((_LINES + 1) * self.fontMetrics().height() + 12)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (
            *(self.sign, self.key, self.key_passphrase, self.kind),
            *(self.passphrase, self._hint, self.people, self.lines),
        ):
            column.addWidget(widget)
        self.sign.toggled.connect(self._show_what_is_needed)
        self.kind.currentIndexChanged.connect(self._show_what_is_needed)
        self.refresh()

    def refresh(self) -> None:
        """Look again at the key and the list of known people."""
        self.key.refresh()
        self.people.clear()
        self.people.addItem(self.tr("Add somebody you know …"), "")
        try:
            known = senders.known()
        except BundleError:
            known = {}  # the receive page says what is wrong with the list
        for key, name in sorted(known.items(), key=lambda item: item[1]):
            self.people.addItem(name, key.line)
        self._show_what_is_needed()

    def options(self) -> dict[str, Any]:
        """Values of `ExportConfig`.

        Raises:
            ConfigError: There is no key to sign with, or nobody to encrypt to.
        """
        kind = self.kind.currentData()
        if self.sign.isChecked() and self.key.key is None:
            raise ConfigError(
                [self.tr("You have no key to sign with.")],
                self.tr("Make your key, or send the bundle unsigned."),
            )
        recipients = self._recipients() if kind == TO_KEYS else ()
        if kind == TO_KEYS and not recipients:
            raise ConfigError(
                [self.tr("Nobody is chosen who could open the bundle.")],
                self.tr("Add the receiver's public key."),
            )
        return {
            "sign": self.sign.isChecked(),
            "encrypt": kind == TO_PASSPHRASE,
            "recipients": recipients,
        }

    def passphrases(self) -> dict[str, str]:
        """What was typed, by the names of `Passphrase`.

        Raises:
            ConfigError: One is missing, or typed in two ways.
        """
        found: dict[str, str] = {}
        if self._key_asks():
            found[Passphrase.SIGNING_KEY] = self.key_passphrase.text()
        if self.kind.currentData() == TO_PASSPHRASE:
            found[Passphrase.BUNDLE] = self.passphrase.text()
        return found

    def forget_passphrases(self) -> None:
        """Take what was typed off the screen."""
        self.key_passphrase.clear()
        self.passphrase.clear()

    def _recipients(self) -> tuple[str, ...]:
        lines = self.lines.toPlainText().splitlines()
        return tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))

    def _key_asks(self) -> bool:
        return self.sign.isChecked() and own_key.place() is Place.FILE

    def _take_key(self) -> None:
        self.sign.setChecked(True)
        self._show_what_is_needed()

    def _add_person(self, index: int) -> None:
        line = self.people.itemData(index)
        if line and line not in self._recipients():
            self.lines.appendPlainText(line)
        self.people.setCurrentIndex(0)

    def _show_what_is_needed(self) -> None:
        kind = self.kind.currentData()
        self.key.setVisible(self.sign.isChecked())
        self.key_passphrase.setVisible(self._key_asks())
        self.passphrase.setVisible(kind == TO_PASSPHRASE)
        self._hint.setVisible(kind == TO_PASSPHRASE)
        self.people.setVisible(kind == TO_KEYS and self.people.count() > 1)
        self.lines.setVisible(kind == TO_KEYS)
