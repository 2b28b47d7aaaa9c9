"""A reviewer's decision about one synthetic image, with name and reason."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QGridLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from meddistill_gui.audit.review_log import Review
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.fitting import large_text
from meddistill_gui.gui.widgets.labels import label


class ReviewRow(QWidget):
    """What was decided, and buttons to decide.

    Signals:
        decided: Decision ("accepted" or "leak"), reviewer and reason.
        reworked: What to do with the chosen images ("restart" or "drop"), reviewer and reason.
    """

    decided = Signal(str, str, str)
    reworked = Signal(str, str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reviewer, self._numbers = "", ""
        self._told = label(kind="muted")
        self._nobody = label(self.tr("Nobody has reviewed this image yet."), "muted")
        self.accept = button(self.tr("No patient …"), tip=self.tr("Accept: it shows no patient"))
        self.leak = button(self.tr("A patient …"), tip=self.tr("It shows a patient: a leak"))
        self.restart = button(self.tr("Begin again …"))
        self.drop = button(self.tr("Leave out …"))
        self.restart.clicked.connect(self._begin_again)
        self.drop.clicked.connect(self._leave_out)
        self.accept.clicked.connect(self._accept)
        self.leak.clicked.connect(self._report_leak)
        buttons = QGridLayout()
        buttons.setSpacing(8)
        across = 2 if large_text(self) else 4
        for place, made in enumerate((self.accept, self.leak, self.restart, self.drop)):
            buttons.addWidget(made, *divmod(place, across))
        buttons.addWidget(self._nobody, 0, across)  # beside them: a line less where room is short
        buttons.setColumnStretch(across, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._told)
        column.addLayout(buttons)
        self.show_review(None)

    def show_choice(self, numbers: str, *, several: bool, traceable: bool, busy: bool) -> None:
        """Fit the buttons to what is chosen.

        Args:
            numbers: The chosen images as the page counts them, "3, 7".
            several: Whether it is more than one.
            traceable: Whether the image that is looked at cannot be accepted.
            busy: Whether something runs.
        """
        self._numbers = numbers
        self.accept.setEnabled(not several and not traceable)
        self.leak.setEnabled(not several)
        self.accept.setToolTip(
            self.tr("A traceable image cannot be accepted: let it begin again, or leave it out")
            if traceable
            else self.tr("Accept: it shows no patient")
        )
        self.restart.setEnabled(not busy)
        self.drop.setEnabled(not busy)
        what = self.tr("images {numbers}") if several else self.tr("image {numbers}")
        whom = what.format(numbers=numbers)
        self.restart.setToolTip(
            self.tr(
                "Make a new run in which {images} begins again from noise; the others stay as they are"
            ).format(images=whom)
        )
        self.drop.setToolTip(
            self.tr("Make a new run without {images}; the others stay as they are").format(
                images=whom
            )
        )

    def show_review(self, review: Review | None) -> None:
        """Show the last decision about the image, or that there is none."""
        self._told.setVisible(review is not None)
        self._nobody.setVisible(review is None)
        if review is None:
            self._told.clear()
            return
        what = {
            "accepted": self.tr("No patient"),
            "leak": self.tr("A patient"),
            "restarted": self.tr("Began again in another run"),
            "dropped": self.tr("Left out in another run"),
        }.get(review.decision, review.decision)
        self._told.setText(
            self.tr("{what}, says {reviewer} ({time}): {reason}").format(
                what=what, reviewer=review.reviewer, time=review.time, reason=review.reason
            )
        )

    def text(self) -> str:
        """What is said about the image."""
        return self._told.text() or self._nobody.text()

    def _accept(self) -> None:
        self._ask("accepted", self.tr("This image shows no patient"))

    def _report_leak(self) -> None:
        self._ask("leak", self.tr("This image shows a patient"))

    def _begin_again(self) -> None:
        title = self.tr("Begin again from noise: {numbers}").format(numbers=self._numbers)
        said = self._said(title, self._consequence())
        if said:
            self.reworked.emit("restart", *said)

    def _leave_out(self) -> None:
        title = self.tr("Leave out: {numbers}").format(numbers=self._numbers)
        said = self._said(title, self._consequence())
        if said:
            self.reworked.emit("drop", *said)

    def _consequence(self) -> str:
        return self.tr(
            "This makes a new run beside this one. The other images stay as they are. The new set needs an audit of its own before it is packed."
        )

    def _ask(self, decision: str, title: str) -> None:
        said = self._said(title)
        if said:
            self.decided.emit(decision, *said)

    def _said(self, title: str, consequence: str = "") -> tuple[str, str] | None:
        """Reviewer and reason, or None where the person thought better of it."""
        dialog = ReviewDialog(title, self._reviewer, self, consequence)
        if dialog.exec() != QDialog.DialogCode.Accepted:
            return None
        self._reviewer = dialog.reviewer.text().strip()
        return self._reviewer, dialog.reason.toPlainText().strip()


class ReviewDialog(QDialog):
    """Asks who decides, and why; both must be said.

    Args:
        title: The decision in words.
        reviewer: Name to begin with.
        parent: Owner.
        consequence: What the decision does, where it does more than stand in the log.
    """

    def __init__(
        self, title: str, reviewer: str, parent: QWidget | None = None, consequence: str = ""
    ) -> None:
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
        if consequence:
            form.addRow(label(consequence))
        form.addRow(label(self.tr("The decision is written down and cannot be changed unseen.")))
        form.addRow(self.tr("Your name"), self.reviewer)
        form.addRow(self.tr("Reason"), self.reason)
        form.addRow(self.buttons)
        self._check()

    def _check(self) -> None:
        said = self.reviewer.text().strip() and self.reason.toPlainText().strip()
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(bool(said))
