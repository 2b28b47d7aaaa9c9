"""Decides which runs stand side by side."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.gui.pages.compare.comparison_table import ComparisonTable
from meddistill_gui.gui.pages.compare.run_card import RunCard, read_card
from meddistill_gui.gui.pages.compare.votes_action import VotesAction
from meddistill_gui.gui.session import Session
from meddistill_gui.gui.widgets.empty_state import EmptyState
from meddistill_gui.gui.widgets.fitting import large_text
from meddistill_gui.gui.widgets.page_frame import PageFrame
from meddistill_gui.jobs.job import StartJob

_AT_FIRST: Final = 3


class ComparePage(QWidget):
    """Runs of the project side by side.

    Signals:
        go_to: Name of another page to show.
    """

    go_to = Signal(str)
    title = "Compare"
    icon_name = "compare"

    def __init__(
        self, session: Session, start_job: StartJob, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._build()
        self.votes = VotesAction(self._frame, session, start_job, self.chosen, self)
        self._runs.itemChanged.connect(self._compare)
        self._empty.action.clicked.connect(self._ask_for_run)
        session.project_changed.connect(self._forget)
        self.refresh()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Read the runs again; those that were chosen stay chosen."""
        project = self._session.project
        names = project.run_names() if project else ()
        chosen = self.chosen() or names[:_AT_FIRST]
        with QSignalBlocker(self._runs):
            self._runs.clear()
            for name in names:
                item = QListWidgetItem(name)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                checked = Qt.CheckState.Checked if name in chosen else Qt.CheckState.Unchecked
                item.setCheckState(checked)
                self._runs.addItem(item)
        self._stack.setCurrentWidget(self._body if names else self._empty)
        self._compare()

    def chosen(self) -> tuple[str, ...]:
        """Names of the runs that are compared."""
        items = [self._runs.item(row) for row in range(self._runs.count())]
        return tuple(item.text() for item in items if item.checkState() is Qt.CheckState.Checked)

    def _compare(self) -> None:
        self._frame.notice.hide()
        cards = self._cards(self.chosen())
        self._table.show_runs(cards)
        self.votes.refresh()
        self._frame.set_status(
            self.tr(
                "Intervals are 95 % t-intervals over the students; runs whose intervals overlap may be equally good."
            )
            if cards
            else ""
        )

    def _cards(self, names: Sequence[str]) -> list[RunCard]:
        project = self._session.project
        cards = []
        for name in names if project else ():
            try:
                cards.append(read_card(RunFolder(project.runs / name)))  # type: ignore[union-attr]  # names is empty without one
            except MedDistillError as error:
                self._frame.show_error(error)
        return cards

    def _forget(self) -> None:
        with QSignalBlocker(self._runs):
            self._runs.clear()
        self.refresh()

    def _ask_for_run(self) -> None:
        self.go_to.emit("distillation_wizard")

    def _build(self) -> None:
        self._frame = PageFrame(
            self.tr("Compare"),
            self.tr("Runs side by side: what they made, and what was set differently."),
        )
        self._empty = EmptyState(
            "compare",
            self.tr("No run yet"),
            self.tr("As soon as there are runs in the project, they can be compared here."),
            self.tr("Set up a run"),
        )
        self._runs = QListWidget()
        self._runs.setAccessibleName(self.tr("Runs to compare"))
        self._runs.setSpacing(4)
        self._table = ComparisonTable()
        self._body = QWidget()
        row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self._body)
        if large_text(self):
            row.setDirection(QBoxLayout.Direction.TopToBottom)
            self._runs.setMaximumHeight(6 * self.fontMetrics().height())
        else:
            self._runs.setMaximumWidth(220)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self._runs)
        row.addWidget(self._table, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._body)
        self._frame.set_body(self._stack)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._frame)
