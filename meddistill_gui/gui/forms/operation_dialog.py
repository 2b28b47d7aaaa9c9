"""Asks for the options of one operation before it begins."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from meddistill_gui.gui.forms.config_form import ConfigForm
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.fitting import fitted
from meddistill_gui.gui.widgets.labels import label

_SIDE: Final = 24
_SCROLL_BAR: Final = 16
_AROUND: Final = 280
"""Pixels of title, sentence and buttons, or more."""


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

    Attributes:
        form: The options.
        inside: What is scrolled where room is short: the form, and what a dialog adds to it.
        go: The primary button.
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
        content = QWidget()
        self.inside = QVBoxLayout(content)
        self.inside.setContentsMargins(0, 0, 0, 0)
        self.inside.setSpacing(16)
        self.inside.addWidget(self.form)
        self.area = fitted(content)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch()
        row.addWidget(cancel)
        row.addWidget(self.go)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(_SIDE, _SIDE, _SIDE, _SIDE)
        self.column.setSpacing(16)
        self.column.addWidget(label(title, "title"))
        self.column.addWidget(label(sentence, "muted"))
        self.column.addWidget(self.area, 1)
        self.column.addLayout(row)
        self._fit()
        self._check()

    def config(self) -> Any:
        """What was chosen.

        Raises:
            ConfigError: While something is wrong.
        """
        return self.form.config()

    def _fit(self) -> None:
        """As large as what is in it asks for, within a small screen."""
        width = self.inside.minimumSize().width() + 2 * _SIDE + _SCROLL_BAR
        height = self.inside.sizeHint().height() + _AROUND
        self.resize(max(680, min(1000, width)), min(720, height))

    def _check(self) -> None:
        self.go.setEnabled(not self.form.problems())
