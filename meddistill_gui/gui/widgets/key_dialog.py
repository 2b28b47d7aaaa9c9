"""Asks where a new key shall be kept."""

from PySide6.QtWidgets import QDialog, QHBoxLayout, QRadioButton, QVBoxLayout, QWidget

from meddistill_gui.bundle.own_key import Place
from meddistill_gui.bundle.passphrases import check_length
from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import label
from meddistill_gui.gui.widgets.passphrase_field import PassphraseField


class KeyDialog(QDialog):
    """The system's key ring, where there is one, or a file with a passphrase.

    Args:
        best: What suits this system.
        parent: Owner.
    """

    def __init__(self, best: Place, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Make your key"))
        self.ring = QRadioButton(
            self.tr("In this computer's key ring, which opens when you log in")
        )
        self.file = QRadioButton(self.tr("In a file that a passphrase opens"))
        self.ring.setEnabled(best is Place.KEY_RING)
        (self.ring if best is Place.KEY_RING else self.file).setChecked(True)
        self.field = PassphraseField(self.tr("Passphrase of your key"), new=True)
        self.field.changed.connect(self._check)
        self.ring.toggled.connect(self._check)
        self._problem = label(kind="problem")
        self.go = button(self.tr("Make the key"), kind="primary")
        self.go.setDefault(True)
        self.go.clicked.connect(self.accept)
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
        column.addWidget(label(self.tr("Make your key"), "title"))
        column.addWidget(
            label(
                self.tr(
                    "Receivers know by it that a bundle comes from you, and others can encrypt to it so that only you can "
                    "read. Nobody can restore it: write the passphrase down, or keep a copy of the key ring."
                ),
                "muted",
            )
        )
        for widget in (self.ring, self.file, self.field, self._problem):
            column.addWidget(widget)
        if best is Place.FILE:
            column.addWidget(label(self.tr("This computer has no key ring."), "small"))
        column.addLayout(row)
        self.setMinimumWidth(34 * self.fontMetrics().averageCharWidth() + 240)
        self._check()

    def place(self) -> Place:
        """Where the key shall be kept."""
        return Place.KEY_RING if self.ring.isChecked() else Place.FILE

    def passphrase(self) -> str:
        """The file's passphrase; "" for the key ring."""
        return self.field.text() if self.place() is Place.FILE else ""

    def _check(self) -> None:
        in_file = self.place() is Place.FILE
        self.field.setVisible(in_file)
        problem = self._wrong() if in_file else ""
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem) and bool(self.field.first.text()))
        self.go.setEnabled(not problem)

    def _wrong(self) -> str:
        try:
            check_length(self.field.text())
        except MedDistillError as error:
            return str(error)
        return ""
