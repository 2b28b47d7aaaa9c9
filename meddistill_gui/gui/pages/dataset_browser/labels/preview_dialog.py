"""A form with a look at what it would do: 20 rows, what fits nothing on either side, and only then the button that does it."""

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QAbstractItemView,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.data.catalogue import Catalogue, open_catalogue
from meddistill_gui.gui.background import Background
from meddistill_gui.gui.forms.operation_dialog import OperationDialog
from meddistill_gui.gui.widgets.labels import label, set_kind

_PAUSE_MS: Final = 300
_LEAST: Final = 240


@dataclass(frozen=True, kw_only=True)
class Look:
    """What an operation would do.

    Attributes:
        sentence: In numbers.
        columns: Titles of `rows`.
        rows: Some examples.
        others: Further lists by their title: rows of a table that fit no image, images without a row.
        questions: What a person should answer for herself before it is done.
    """

    sentence: str
    columns: tuple[str, str]
    rows: Sequence[tuple[str, str]]
    others: Mapping[str, Sequence[str]]
    questions: Sequence[str] = ()


MakeLook = Callable[[Any, Catalogue, Control], Look]


class PreviewDialog(OperationDialog):
    """Looks again whenever an option changes; the primary button waits for the answer.

    Args:
        title: What is about to happen.
        sentence: What it does and what it does not do.
        config: The options to begin with.
        accept: Word on the primary button.
        catalogue: The catalogue's file; read in the background, never written to.
        make_look: Works out what the options would do.
        leave_out: Dotted paths that are decided elsewhere.
        titles: What is shown for choices, by dotted path.
        only_if: Options that only matter for some value of another.
        parent: Owner.
    """

    def __init__(
        self,
        title: str,
        sentence: str,
        config: object,
        accept: str,
        *,
        catalogue: Path,
        make_look: MakeLook,
        leave_out: Collection[str] = (),
        titles: Mapping[str, Mapping[str, str]] | None = None,
        only_if: Mapping[str, tuple[str, object]] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._make_look = make_look
        self._control = Control()
        self._number = 0
        self.seen = False
        super().__init__(
            title,
            sentence,
            config,
            accept,
            leave_out=leave_out,
            titles=titles,
            only_if=only_if,
            parent=parent,
        )
        self._background = Background(1, self)
        self._background.done.connect(self._on_look)
        self._background.failed.connect(self._on_failed)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._look)
        self.said = label("")
        self.questions = label("", "problem")
        self.lists = QTabWidget()
        self.lists.setMinimumHeight(128)
        self.lists.setAccessibleName(self.tr("What this would do"))
        self._arrange_look()
        self.finished.connect(self._end)
        self._pause.start()

    @property
    def looking(self) -> bool:
        """Whether an answer is still to come."""
        return self._pause.isActive() or (
            not self.seen and not self.form.problems() and not self._failed
        )

    @override
    def _check(self) -> None:
        """Something changed: nothing is done before it was looked at."""
        self.seen = False
        self._failed = False
        self._control.request_stop()
        self.go.setEnabled(False)
        if hasattr(self, "_pause"):
            self._number += 1
            self._pause.start()

    def _look(self) -> None:
        if self.form.problems():
            set_kind(self.said, "muted")
            self.said.setText(
                self.tr(
                    "Fill in what is missing; then it is shown here before anything is written."
                )
            )
            self._show_lists(None)
            return
        set_kind(self.said, "muted")
        self.said.setText(self.tr("Looking what this would do …"))
        self._control = Control()
        task = functools.partial(
            _looked, self._catalogue, self._make_look, self.config(), self._control
        )
        self._background.ask([(self._number, task)])

    def _on_look(self, number: int, look: Look) -> None:
        if number != self._number:
            return
        self.seen = True
        self.go.setEnabled(True)
        set_kind(self.said, "")
        self.said.setText(look.sentence)
        self.questions.setText("\n".join(look.questions))
        self.questions.setVisible(bool(look.questions))
        self._show_lists(look)

    def _on_failed(self, number: int, error: MedDistillError) -> None:
        if number != self._number:
            return
        self._failed = True
        set_kind(self.said, "problem")
        self.said.setText(str(error))
        self._show_lists(None)

    def _show_lists(self, look: Look | None) -> None:
        self.lists.clear()
        self.lists.setVisible(look is not None)
        if look is None:
            self.questions.hide()
            return
        self.lists.addTab(_table(look.columns, look.rows), self.tr("Examples"))
        for title, entries in look.others.items():
            if entries:
                self.lists.addTab(_table((title,), [(entry,) for entry in entries]), title)

    def _arrange_look(self) -> None:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(label(self.tr("What this would do"), "heading"))
        column.addWidget(self.said)
        column.addWidget(self.questions)
        column.addWidget(self.lists, 1)
        self.questions.hide()
        self.lists.hide()
        self.column.insertWidget(self.column.count() - 1, holder, 1)
        above = self.column.itemAt(self.column.indexOf(holder) - 1)
        form = above.widget() if above is not None else None
        if form is not None:
            form.setMinimumHeight(_LEAST)  # never squeezed to a slit by the lists
        room = self.screen().availableGeometry().height()
        self.resize(820, min(960, int(0.9 * room)))

    def _end(self) -> None:
        self._pause.stop()
        self._control.request_stop()
        self._background.close()


def _looked(path: Path, make_look: MakeLook, config: object, control: Control) -> Look:
    with open_catalogue(path) as catalogue:
        return make_look(config, catalogue, control)


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> QTableWidget:
    table = QTableWidget(len(rows), len(titles))
    table.setHorizontalHeaderLabels(list(titles))
    table.setAccessibleName(", ".join(titles))
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setTabKeyNavigation(False)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.verticalHeader().hide()
    header = table.horizontalHeader()
    header.setStretchLastSection(True)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
    header.setDefaultSectionSize(360)
    for line, row in enumerate(rows):
        for place, text in enumerate(row):
            item = QTableWidgetItem(text)
            item.setToolTip(text)
            table.setItem(line, place, item)
    return table
