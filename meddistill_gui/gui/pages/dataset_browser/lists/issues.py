"""The files that could not be used, and those that should be looked at: cause, file, reason, remedy; can be written as CSV."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QModelIndex, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget
from typing_extensions import override

from meddistill_gui.core.files import write_whole
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.issues import IssueRow, issue_rows
from meddistill_gui.gui.background import Background
from meddistill_gui.gui.pages.dataset_browser.paged_rows import PagedRows
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import breakable, label
from meddistill_gui.gui.widgets.listing import ListingModel, ListingView, as_csv

ORDER_OF_COLUMN: Final = ("cause", "file", "reason", "remedy")
"""`data.issues.ORDERS` that a click on each heading asks for."""

_PATIENCE_MS: Final = 200

ReadIssues = Callable[[npt.NDArray[np.int64]], list[IssueRow]]


class IssueModel(ListingModel):
    """Knows all ids and reads the rows that are looked at.

    Args:
        read: Reads the issues of these ids, in their order.
        parent: Owner.
    """

    def __init__(self, read: ReadIssues, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.titles = (
            self.tr("Cause"),
            self.tr("File"),
            self.tr("Reason"),
            self.tr("What to do"),
        )
        self._rows = PagedRows(read)

    @property
    def ids(self) -> npt.NDArray[np.int64]:
        """The ids shown, in order, int64 `[N]`."""
        return self._rows.ids

    def show_ids(self, ids: npt.NDArray[np.int64]) -> None:
        """Show other issues, or the same ones anew."""
        self.beginResetModel()
        self._rows.show(ids)
        self.endResetModel()

    def row_at(self, place: int) -> IssueRow | None:
        """The issue in a line; None if it is gone meanwhile."""
        return self._rows.row_at(place)

    @override
    def count(self) -> int:
        return len(self._rows.ids)

    @override
    def texts(self, place: int) -> tuple[str, ...]:
        row = self.row_at(place)
        return () if row is None else (row.cause, row.path.name, row.reason, row.remedy)

    @override
    def hint(self, place: int) -> str:
        row = self.row_at(place)
        return "" if row is None else f"{row.path}\n{row.reason} {row.remedy}"


class IssueList(QWidget):
    """The table with a filter and a way to write it down. Asks for its lines when it is first seen.

    Signals:
        wanted: Text that is looked for, one of `data.issues.ORDERS`, and whether the last comes first.
        file_wanted: Path of a file whose images are to be shown.
        failed: `MedDistillError`.

    Args:
        read: Reads the issues of these ids, in their order.
        parent: Owner.
    """

    wanted = Signal(str, str, bool)
    file_wanted = Signal(object)
    failed = Signal(object)

    def __init__(self, read: ReadIssues, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._catalogue: Path | None = None
        self._asked = True
        self._order = (ORDER_OF_COLUMN[0], False)
        self.model = IssueModel(read, self)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Filter by cause, file or reason"))
        self.search.setAccessibleName(self.tr("Filter the files with problems"))
        self.search.setClearButtonEnabled(True)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PATIENCE_MS)
        self._pause.timeout.connect(self._ask)
        self.search.textChanged.connect(self._on_typing)
        self._background = Background(1, self)
        self._background.failed.connect(self._on_failed)
        self._arrange()

    def show_catalogue(self, catalogue: Path | None) -> None:
        """Another catalogue is open now, or this one has changed: ask again when the list is seen."""
        if catalogue != self._catalogue:
            self.model.show_ids(np.empty(0, np.int64))
        self._catalogue = catalogue
        self._asked = catalogue is None
        if self.isVisible():
            self._ask()

    def save(self) -> None:
        """Ask where to, and write down what is listed, in the background."""
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save the list"), "problems.csv", "CSV (*.csv)"
        )
        if chosen and self._catalogue is not None:
            write = functools.partial(
                _write, Path(chosen), self._catalogue, self.model.ids, self.model.titles
            )
            self._background.ask([("save", write)])

    def close_reading(self) -> None:
        """Wait for what is being written."""
        self._background.close()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._asked:
            self._ask()

    def _arrange(self) -> None:
        save = button(self.tr("Save as CSV …"))
        save.clicked.connect(self.save)
        head = QHBoxLayout()
        head.addWidget(self.search, 1)
        head.addWidget(save)
        self.table = ListingView(self.model, self.tr("Files with problems"))
        self.table.activated.connect(self._on_activated)
        header = self.table.horizontalHeader()
        header.setDefaultSectionSize(160)
        header.setSectionsClickable(True)
        header.setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        header.setSortIndicatorShown(True)
        header.sortIndicatorChanged.connect(self._on_heading)
        space = QShortcut(QKeySequence(Qt.Key.Key_Space), self.table)
        space.setContext(Qt.ShortcutContext.WidgetShortcut)
        space.activated.connect(self._on_space)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.table, 1)
        self._said = label(self._hint(), "muted")
        self.table.selectionModel().currentRowChanged.connect(self._on_current)
        self.model.modelReset.connect(self._on_current)
        column.addWidget(self._said)

    def _hint(self) -> str:
        return self.tr(
            "Enter shows the images of a file, if it has any; Space orders by the column one stands in."
        )

    def _on_current(self, current: QModelIndex | None = None) -> None:
        """Say the whole of the line that is chosen: the columns cut it."""
        row = (
            self.model.row_at(current.row()) if current is not None and current.isValid() else None
        )
        self._said.setText(
            self._hint()
            if row is None
            else f"{breakable(str(row.path))}\n{row.reason} {row.remedy}"
        )

    def _on_typing(self) -> None:
        self._pause.start()

    def _on_space(self) -> None:
        """Order by the column one stands in; once more turns it round: a heading takes no keys."""
        header, column = self.table.horizontalHeader(), max(0, self.table.currentIndex().column())
        there = header.sortIndicatorSection() == column
        rising = header.sortIndicatorOrder() == Qt.SortOrder.AscendingOrder
        turned = Qt.SortOrder.DescendingOrder if there and rising else Qt.SortOrder.AscendingOrder
        header.setSortIndicator(column, turned)

    def _on_heading(self, column: int, order: Qt.SortOrder) -> None:
        self._order = (ORDER_OF_COLUMN[column], order == Qt.SortOrder.DescendingOrder)
        self._ask()

    def _ask(self) -> None:
        self._asked = True
        self.wanted.emit(self.search.text().strip(), *self._order)

    def _on_activated(self, index: QModelIndex) -> None:
        row = self.model.row_at(index.row())
        if row is not None:
            self.file_wanted.emit(row.path)

    def _on_failed(self, _key: str, error: object) -> None:
        self.failed.emit(error)


def _write(
    target: Path, catalogue: Path, ids: npt.NDArray[np.int64], titles: tuple[str, ...]
) -> None:
    """The listed issues as CSV, with full paths."""
    with open_catalogue(catalogue) as opened:
        rows = issue_rows(opened.connection, opened.source or Path(), ids)
    lines = ((row.cause, str(row.path), row.reason, row.remedy) for row in rows)
    write_whole(target, as_csv(titles, lines))
