"""A list with columns that is only read: what a page adds is what a line says."""

import csv
import io
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QTableView
from typing_extensions import override

_Index = QModelIndex | QPersistentModelIndex


class ListingModel(QAbstractTableModel):
    """Lines under titles.

    Attributes:
        titles: Of the columns.
    """

    titles: tuple[str, ...]

    @abstractmethod
    def count(self) -> int:
        """How many lines there are."""

    @abstractmethod
    def texts(self, place: int) -> Sequence[str]:
        """What a line says, one text a column; empty where it is gone meanwhile."""

    @abstractmethod
    def hint(self, place: int) -> str:
        """What is said of a line when the mouse rests on it."""

    @override
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else self.count()

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
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.hint(index.row())
        if role == Qt.ItemDataRole.DisplayRole:
            texts = self.texts(index.row())
            return texts[index.column()] if texts else None
        return None


class ListingView(QTableView):
    """Whole lines are chosen; Tab leaves the list; Enter or a double click opens a line.

    Args:
        model: The lines.
        name: What a screen reader calls it.
    """

    def __init__(self, model: ListingModel, name: str) -> None:
        super().__init__()
        self._listing = model  # a view does not own its model
        self.setModel(model)
        self.setAccessibleName(name)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setStretchLastSection(True)


def as_csv(titles: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    """Lines under titles as CSV in UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(titles)
    writer.writerows(lines)
    return text.getvalue().encode("utf-8", "replace")
