"""The files that could not be used: cause, file, reason, remedy; can be written as CSV."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.core.files import write_whole
from meddistill_gui.data.catalogue import IssueRow
from meddistill_gui.gui.widgets.buttons import button

_Index = QModelIndex | QPersistentModelIndex


class IssueModel(QAbstractTableModel):
    """Cause, file, reason, remedy.

    Args:
        parent: Owner.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: Sequence[IssueRow] = ()
        self.titles = (
            self.tr("Cause"),
            self.tr("File"),
            self.tr("Reason"),
            self.tr("What to do"),
        )

    def show_rows(self, rows: Sequence[IssueRow]) -> None:
        """Show other issues."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    @override
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.rows)

    @override
    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.titles)

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.titles[section]
        return None

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.path}\n{row.reason} {row.remedy}"
        if role == Qt.ItemDataRole.DisplayRole:
            return (row.cause, row.path.name, row.reason, row.remedy)[index.column()]
        return None


class IssueList(QWidget):
    """The table with a filter and a way to write it down.

    Args:
        parent: Owner.
    """

    failed = Signal(object)
    """`MedDistillError`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = IssueModel(self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self.model)
        self._sorted.setFilterKeyColumn(-1)
        self._sorted.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        search = QLineEdit()
        search.setPlaceholderText(self.tr("Filter by cause, file or reason"))
        search.setAccessibleName(self.tr("Filter the files with problems"))
        search.setClearButtonEnabled(True)
        search.textChanged.connect(self._sorted.setFilterFixedString)
        save = button(self.tr("Save as CSV …"))
        save.clicked.connect(self.save)
        head = QHBoxLayout()
        head.addWidget(search, 1)
        head.addWidget(save)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._table(), 1)

    def save(self) -> None:
        """Ask where to, and write the list."""
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save the list"), "problems.csv", "CSV (*.csv)"
        )
        if chosen:
            try:
                write_whole(Path(chosen), as_csv(self.model))
            except MedDistillError as error:
                self.failed.emit(error)

    def _table(self) -> QTableView:
        table = QTableView()
        table.setModel(self._sorted)
        table.setSortingEnabled(True)
        table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        table.setAccessibleName(self.tr("Files with problems"))
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        header.setDefaultSectionSize(160)
        header.setStretchLastSection(True)
        return table


def as_csv(model: IssueModel) -> bytes:
    """The list as CSV in UTF-8, with full paths."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(model.titles)
    writer.writerows((row.cause, str(row.path), row.reason, row.remedy) for row in model.rows)
    return text.getvalue().encode()
