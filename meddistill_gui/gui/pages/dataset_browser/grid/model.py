"""The images as rows and columns of tiles: one list of ids, reshaped to as many columns as fit."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from meddistill_gui.data.catalogue import ImageRow
from meddistill_gui.gui.pages.dataset_browser.paged_rows import PagedRows

TILE: Final = int(Qt.ItemDataRole.UserRole)
"""Role of a cell's `ImageRow`."""

_Index = QModelIndex | QPersistentModelIndex

ReadRows = Callable[[npt.NDArray[np.int64]], list[ImageRow]]


class GridModel(QAbstractTableModel):
    """Knows all ids and reads the rows of a page of them when a cell of it is shown.

    Args:
        read: Reads the catalogue's rows of these ids, in their order.
        parent: Owner.
    """

    def __init__(self, read: ReadRows, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows = PagedRows(read)
        self._columns = 1

    @property
    def ids(self) -> npt.NDArray[np.int64]:
        """The ids shown, in order, int64 `[N]`."""
        return self._rows.ids

    def show_ids(self, ids: npt.NDArray[np.int64]) -> None:
        """Show other images, or the same ones anew."""
        self.beginResetModel()
        self._rows.show(ids)
        self.endResetModel()

    def set_columns(self, columns: int) -> None:
        """Show as many tiles beside each other."""
        columns = max(1, columns)
        if columns != self._columns:
            self.beginResetModel()
            self._columns = columns
            self.endResetModel()

    def position(self, index: _Index) -> int:
        """Place in `ids` of a cell; -1 for an empty cell."""
        place = index.row() * self._columns + index.column() if index.isValid() else -1
        return place if place < len(self.ids) else -1

    def index_of(self, place: int) -> QModelIndex:
        """Cell of a place in `ids`."""
        if not 0 <= place < len(self.ids):
            return QModelIndex()
        return self.index(place // self._columns, place % self._columns)

    def row_at(self, place: int) -> ImageRow | None:
        """The image at a place in `ids`; None if it is gone meanwhile."""
        return self._rows.row_at(place)

    def rows_between(self, first: int, last: int) -> list[ImageRow]:
        """The images at the places from `first` to `last`, both included, that exist."""
        places: Sequence[int] = range(max(0, first), min(last + 1, len(self.ids)))
        return [row for place in places if (row := self.row_at(place)) is not None]

    @override
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else -(-len(self.ids) // self._columns)

    @override
    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else self._columns

    @override
    def flags(self, index: _Index) -> Qt.ItemFlag:
        if self.position(index) < 0:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        place = self.position(index)
        if place < 0 or role not in (TILE, Qt.ItemDataRole.AccessibleTextRole):
            return None
        row = self.row_at(place)
        if role == TILE or row is None:
            return row
        said = f"{row.path.name}, {row.class_name or self.tr('no class')}"
        return f"{said}, {self.tr('may show text')}" if row.text_risk else said
