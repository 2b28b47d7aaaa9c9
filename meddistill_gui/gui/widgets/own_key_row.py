"""The user's own key: its words, a way to give it away, a way to make it."""

import functools

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from meddistill_gui.bundle import own_key, passphrases
from meddistill_gui.bundle.keys import PublicKey
from meddistill_gui.bundle.own_key import Place
from meddistill_gui.bundle.passphrases import Passphrase
from meddistill_gui.core.errors import BundleError, MedDistillError
from meddistill_gui.gui.background import Background
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.key_dialog import KeyDialog
from meddistill_gui.gui.widgets.labels import label

_PROBE = "probe"
_MAKE = "make"


class OwnKeyRow(QWidget):
    """Reads the public half only; the key is made on another thread, because a key ring may take its time.

    Signals:
        changed: There is a key now.
        failed: `MedDistillError`: it could not be made.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.key: PublicKey | None = None
        self._work = Background(1, self)
        self._work.done.connect(self._take)
        self._work.failed.connect(self._take_failure)
        self._words = label()
        self.make = button(self.tr("Make your key …"), icon="patient")
        self.make.clicked.connect(self._probe)
        self.copy = button(
            self.tr("Copy your public key"),
            icon="copy",
            tip=self.tr("Whoever sends to you, or receives from you, needs this line."),
        )
        self.copy.clicked.connect(self._copy)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.make)
        row.addWidget(self.copy)
        row.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._words)
        column.addLayout(row)
        self.refresh()

    def refresh(self) -> None:
        """Look again whether there is a key."""
        try:
            self.key = own_key.public()
        except BundleError as error:
            self.key = None
            self._words.setText(str(error))
        else:
            self._words.setText(
                self.tr("Your key in words: {words}").format(words=self.key.words)
                if self.key
                else self.tr("You have no key yet.")
            )
        self._words.setToolTip(self.key.fingerprint if self.key else "")
        self.make.setVisible(self.key is None)
        self.copy.setVisible(self.key is not None)

    def make_key(self, place: Place, passphrase: str) -> None:
        """Make the key, kept there."""
        self.make.setEnabled(False)
        passphrases.hold({Passphrase.SIGNING_KEY: passphrase})
        self._work.ask([(_MAKE, functools.partial(own_key.create, place))])

    def _probe(self) -> None:
        self.make.setEnabled(False)
        self._work.ask([(_PROBE, own_key.best_place)])

    def _take(self, task: str, answer: object) -> None:
        self.make.setEnabled(True)
        if task == _PROBE and isinstance(answer, Place):
            dialog = KeyDialog(answer, self)
            if dialog.exec() == KeyDialog.DialogCode.Accepted:
                self.make_key(dialog.place(), dialog.passphrase())
            dialog.deleteLater()
            return
        passphrases.hold({})
        self.refresh()
        self.changed.emit()

    def _take_failure(self, _task: str, error: MedDistillError) -> None:
        passphrases.hold({})
        self.make.setEnabled(True)
        self.failed.emit(error)

    def _copy(self) -> None:
        if self.key is not None:
            QGuiApplication.clipboard().setText(self.key.line)
