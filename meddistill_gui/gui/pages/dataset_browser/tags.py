"""The tags of one file, with those that identify a person marked by word and sign."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QTableView, QVBoxLayout, QWidget
from typing_extensions import override

from meddistill_gui.gui.widgets.labels import label

_Index = QModelIndex | QPersistentModelIndex
_LONGEST: Final = 200


class Tag(Protocol):
    """What is shown of a tag; `data.reading.TagRow` has it."""

    @property
    def tag(self) -> str:
        """E.g. "(0010,0010)"."""
        ...

    @property
    def keyword(self) -> str:
        """E.g. "PatientName"."""
        ...

    @property
    def value(self) -> str:
        """The value as text."""
        ...

    @property
    def identifying(self) -> bool:
        """Whether it can identify a person."""
        ...


class TagModel(QAbstractTableModel):
    """Name and value; a name that identifies carries a dot and says so.

    Args:
        parent: Owner.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tags: Sequence[Tag] = ()
        self._titles = (self.tr("Tag"), self.tr("Value"))

    def show_tags(self, tags: Sequence[Tag]) -> None:
        """Show another file's tags."""
        self.beginResetModel()
        self._tags = tags
        self.endResetModel()

    def identifying(self) -> int:
        """Number of tags that can identify a person."""
        return sum(tag.identifying for tag in self._tags)

    @override
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._tags)

    @override
    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._titles)

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        return None

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        tag = self._tags[index.row()]
        name = tag.keyword or tag.tag
        if role == Qt.ItemDataRole.DisplayRole:
            marked = f"● {name}" if tag.identifying else name
            return (marked, tag.value[:_LONGEST])[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{tag.tag} {name}\n{tag.value}"
        if role == Qt.ItemDataRole.AccessibleTextRole and tag.identifying and index.column() == 0:
            return self.tr("{name}, can identify a person").format(name=name)
        return None


class TagList(QWidget):
    """The table with a search above it and what the mark means below it.

    Args:
        parent: Owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = TagModel(self)
        self._found = QSortFilterProxyModel(self)
        self._found.setSourceModel(self.model)
        self._found.setFilterKeyColumn(-1)
        self._found.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Find a tag, or ● for those that identify"))
        self.search.setAccessibleName(self.tr("Find a tag"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._found.setFilterFixedString)
        self.table = self._table()
        self._legend = label("", "small")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(self.table, 1)
        column.addWidget(self._legend)

    def show_tags(self, tags: Sequence[Tag]) -> None:
        """Show another file's tags; the search stays."""
        self.model.show_tags(tags)
        count, every = self.model.identifying(), self.model.rowCount()
        said = self.tr("● can identify a person: {count} of {all} tags")
        self._legend.setText(said.format(count=count, all=every) if every else "")

    def _table(self) -> QTableView:
        table = QTableView()
        table.setModel(self._found)
        table.setAccessibleName(self.tr("Tags of the file"))
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setTabKeyNavigation(False)
        table.setMinimumHeight(72)
        header = table.horizontalHeader()
        header.setStretchLastSection(True)
        header.setDefaultSectionSize(160)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        return table
