"""A reviewer's decision about one synthetic image, with name and reason."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from meddistill_gui.audit.review_log import Review
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import label


class ReviewRow(QWidget):
    """What was decided, and two buttons to decide.

    Signals:
        decided: Decision ("accepted" or "leak"), reviewer and reason.
    """

    decided = Signal(str, str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reviewer = ""
        self._told = label(kind="muted")
        self.accept = button(self.tr("No patient …"), tip=self.tr("Accept: it shows no patient"))
        self.leak = button(self.tr("A patient …"), tip=self.tr("It shows a patient: a leak"))
        self.accept.clicked.connect(self._accept)
        self.leak.clicked.connect(self._report_leak)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._told, 1)
        row.addWidget(self.accept)
        row.addWidget(self.leak)
        self.show_review(None)

    def show_review(self, review: Review | None) -> None:
        """Show the last decision about the image, or that there is none."""
        if review is None:
            self._told.setText(self.tr("Nobody has reviewed this image yet."))
            return
        what = {
            "accepted": self.tr("No patient"),
            "leak": self.tr("A patient"),
        }.get(review.decision, review.decision)
        self._told.setText(
            self.tr("{what}, says {reviewer} ({time}): {reason}").format(
                what=what, reviewer=review.reviewer, time=review.time, reason=review.reason
            )
        )

    def text(self) -> str:
        """What is said about the image."""
        return self._told.text()

    def _accept(self) -> None:
        self._ask("accepted", self.tr("This image shows no patient"))

    def _report_leak(self) -> None:
        self._ask("leak", self.tr("This image shows a patient"))

    def _ask(self, decision: str, title: str) -> None:
        dialog = ReviewDialog(title, self._reviewer, self)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self._reviewer = dialog.reviewer.text().strip()
            self.decided.emit(decision, self._reviewer, dialog.reason.toPlainText().strip())


class ReviewDialog(QDialog):
    """Asks who decides, and why; both must be said.

    Args:
        title: The decision in words.
        reviewer: Name to begin with.
        parent: Owner.
    """

    def __init__(self, title: str, reviewer: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.reviewer = QLineEdit(reviewer)
        self.reviewer.setAccessibleName(self.tr("Your name"))
        self.reason = QPlainTextEdit()
        self.reason.setAccessibleName(self.tr("Reason"))
        self.reason.setTabChangesFocus(True)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.reviewer.textChanged.connect(self._check)
        self.reason.textChanged.connect(self._check)
        form = QFormLayout(self)
        form.setSpacing(8)
        form.addRow(label(title, "heading"))
        form.addRow(label(self.tr("The decision is written down and cannot be changed unseen.")))
        form.addRow(self.tr("Your name"), self.reviewer)
        form.addRow(self.tr("Reason"), self.reason)
        form.addRow(self.buttons)
        self._check()

    def _check(self) -> None:
        said = self.reviewer.text().strip() and self.reason.toPlainText().strip()
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(bool(said))
