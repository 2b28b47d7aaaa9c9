"""Patients, studies and series as a tree that is read as it is opened: a hundred thousand patients are two arrays."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from meddistill_gui.data.tree import NOBODY, UNKNOWN, Branch, Branches

_PAGE: Final = 500
_STUDY_SHIFT: Final = 32
_ROW_MASK: Final = (1 << _STUDY_SHIFT) - 1
_Index = QModelIndex | QPersistentModelIndex


class ReadTree(Protocol):
    """Reads one level of the tree."""

    def names(self, patients: Sequence[int]) -> dict[int, str]:
        """Identities of a few patients."""
        ...

    def studies(self, patient: int | None) -> list[Branch]:
        """Studies of a patient."""
        ...

    def series(self, patient: int | None, study: int | None) -> list[Branch]:
        """Series of a study."""
        ...


class TreeModel(QAbstractItemModel):
    """Three levels in one column; each is read when its node is opened.

    An index carries the rows of its ancestors: 0 for a patient, the patient's row + 1 for a study, and above 32 bits the
    study's row + 1 for a series.

    Args:
        read: Reads the catalogue.
        parent: Owner.
    """

    def __init__(self, read: ReadTree, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._read = read
        self._patients = NOBODY
        self._shown = 0
        self._names: dict[int, str] = {}
        self._children: dict[int, list[Branch]] = {}

    def show_patients(self, patients: Branches) -> None:
        """Show other patients, all closed."""
        self.beginResetModel()
        self._patients = patients
        self._shown = min(_PAGE, len(patients.ids))
        self._names.clear()
        self._children.clear()
        self.endResetModel()

    def branch(self, index: _Index) -> tuple[int | None, ...]:
        """Database ids of the patient, study and series that lead to an index."""
        ids: list[int | None] = []
        while index.isValid():
            above = index.internalId()
            ids.append(
                self._children[above][index.row()].id if above else self._patient(index.row())
            )
            index = self.parent(index)
        return tuple(reversed(ids))

    def name(self, index: _Index) -> str:
        """What a node is called, without its count."""
        if index.internalId() == 0:
            return self._patient_name(index.row())
        return self._children[index.internalId()][index.row()].name or self.tr("not named")

    @override
    def index(
        self,
        row: int,
        column: int,
        parent: _Index = QModelIndex(),  # noqa: B008 - Qt's signature
    ) -> QModelIndex:
        if column or not 0 <= row < self.rowCount(parent):
            return QModelIndex()
        return self.createIndex(row, column, _below(parent))

    @override
    def parent(self, child: _Index | None = None) -> Any:  # Qt overloads it with QObject.parent
        if child is None:
            return super().parent()
        above = child.internalId() if child.isValid() else 0
        if not above:
            return QModelIndex()
        study = above >> _STUDY_SHIFT
        if study:
            return self.createIndex(study - 1, 0, above & _ROW_MASK)
        return self.createIndex(above - 1, 0, 0)

    @override
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        if not parent.isValid():
            return self._shown
        return len(self._children.get(_below(parent), ())) if _has_children(parent) else 0

    @override
    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 1

    @override
    def hasChildren(self, parent: _Index = QModelIndex()) -> bool:  # noqa: B008 - Qt's signature
        return _has_children(parent) if parent.isValid() else self._shown > 0

    @override
    def canFetchMore(self, parent: _Index) -> bool:
        if not parent.isValid():
            return self._shown < len(self._patients.ids)
        return _has_children(parent) and _below(parent) not in self._children

    @override
    def fetchMore(self, parent: _Index) -> None:
        if not self.canFetchMore(parent):
            return
        if (
            not parent.isValid()
        ):  # more at a time the more there are: the view lays all out anew each time
            last = min(self._shown + max(_PAGE, self._shown // 2), len(self._patients.ids))
            self.beginInsertRows(QModelIndex(), self._shown, last - 1)
            self._shown = last
            self.endInsertRows()
            return
        branch = self.branch(parent)
        patient, *study = branch
        found = self._read.series(patient, study[0]) if study else self._read.studies(patient)
        if not found:
            self._children[_below(parent)] = []
            return
        self.beginInsertRows(self.index(parent.row(), 0, self.parent(parent)), 0, len(found) - 1)
        self._children[_below(parent)] = found
        self.endInsertRows()

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        name = self.name(index)
        if role == Qt.ItemDataRole.ToolTipRole:
            return name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            levels = (self.tr("patient"), self.tr("study"), self.tr("series"))
            level = levels[_depth(index)]
            count = self.tr("{count} images").format(count=f"{self._images(index):,}")
            return f"{level} {name}, {count}"
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        parts = (name, self._modalities(index), f"({self._images(index):,})")
        return "  ".join(part for part in parts if part)

    def _modalities(self, index: _Index) -> str:
        above = index.internalId()
        return self._children[above][index.row()].modalities if above else ""

    def _images(self, index: _Index) -> int:
        if index.internalId() == 0:
            return int(self._patients.images[index.row()])
        return self._children[index.internalId()][index.row()].images

    def _patient(self, row: int) -> int | None:
        found = int(self._patients.ids[row])
        return None if found == UNKNOWN else found

    def _patient_name(self, row: int) -> str:
        patient = self._patient(row)
        if patient is None:
            return self.tr("patient unknown")
        if patient not in self._names:
            first = row - row % _PAGE
            self._names.update(self._read.names(self._patients.ids[first : first + _PAGE].tolist()))
        return self._names.get(patient, "")


def _depth(index: _Index) -> int:
    """0 for a patient, 1 for a study, 2 for a series."""
    above = index.internalId()
    return 2 if above >> _STUDY_SHIFT else int(bool(above))


def _key(above: int, row: int) -> int:
    """What the children of the node in `row` below `above` carry."""
    return above | (row + 1) << _STUDY_SHIFT if above else row + 1


def _below(parent: _Index) -> int:
    return _key(parent.internalId(), parent.row()) if parent.isValid() else 0


def _has_children(index: _Index) -> bool:
    return _depth(index) < 2
