"""Asks for the options of one operation before it begins."""

from collections.abc import Collection, Mapping
from typing import Any

from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from meddistill_gui.gui.forms.config_form import ConfigForm
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import label
from meddistill_gui.gui.widgets.scrolling import scrolling


class OperationDialog(QDialog):
    """A form with one primary button; it cannot be pressed while something is wrong.

    Args:
        title: What is about to happen.
        sentence: What it does and what it does not do.
        config: The options to begin with.
        accept: Word on the primary button.
        leave_out: Dotted paths that are decided elsewhere.
        titles: What is shown for choices, by dotted path.
        only_if: Options that only matter for some value of another, see `ConfigForm`.
        parent: Owner.
    """

    def __init__(
        self,
        title: str,
        sentence: str,
        config: object,
        accept: str,
        *,
        leave_out: Collection[str] = (),
        titles: Mapping[str, Mapping[str, str]] | None = None,
        only_if: Mapping[str, tuple[str, object]] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.form = ConfigForm(config, leave_out=leave_out, titles=titles, only_if=only_if)
        self.form.changed.connect(self._check)
        self.go = button(accept, kind="primary")
        self.go.setDefault(True)
        self.go.clicked.connect(self.accept)
        cancel = button(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch()
        row.addWidget(cancel)
        row.addWidget(self.go)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(24, 24, 24, 24)
        self.column.setSpacing(16)
        self.column.addWidget(label(title, "title"))
        self.column.addWidget(label(sentence, "muted"))
        self.column.addWidget(scrolling(self.form, sideways=True), 1)
        self.column.addLayout(row)
        self.resize(680, min(720, 280 + self.form.sizeHint().height()))
        self._check()

    def config(self) -> Any:
        """What was chosen.

        Raises:
            ConfigError: While something is wrong.
        """
        return self.form.config()

    def _check(self) -> None:
        self.go.setEnabled(not self.form.problems())
