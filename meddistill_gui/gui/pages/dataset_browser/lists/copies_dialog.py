"""Pictures that are there twice: in two patients' names, in two parts of the division, with two classes; as a list that can be written down."""

import csv
import functools
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.core.files import write_whole
from meddistill_gui.data.catalogue import ImageRow, open_catalogue
from meddistill_gui.data.division.copies import CopyPair, list_copies
from meddistill_gui.gui.background import Background
from meddistill_gui.gui.role_names import role_title
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import label

_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class ListedPair:
    """Two images of one picture, with what is known of each."""

    pair: CopyPair
    first: ImageRow
    second: ImageRow


class CopyModel(QAbstractTableModel):
    """One line a pair.

    Args:
        parent: Owner.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: Sequence[ListedPair] = ()
        self.titles = (
            self.tr("What matters"),
            self.tr("Image"),
            self.tr("Other image"),
            self.tr("Classes"),
            self.tr("Patients"),
            self.tr("Parts"),
            self.tr("How alike"),
        )

    def show_rows(self, rows: Sequence[ListedPair]) -> None:
        """Show other pairs."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def texts(self, one: ListedPair) -> tuple[str, ...]:
        """What a line says."""
        first, second = one.first, one.second
        return (
            ", ".join(self._matters(one.pair)) or self.tr("same patient, class and part"),
            first.path.name,
            second.path.name,
            self._both(first.class_name, second.class_name, self.tr("no class")),
            self._both(first.patient, second.patient, self.tr("unknown")),
            self._both(_role(first), _role(second), self.tr("not divided")),
            self._alike(one.pair),
        )

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
        one = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.texts(one)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{one.first.path}\n{one.second.path}"
        return None

    def _matters(self, pair: CopyPair) -> list[str]:
        found = []
        if not pair.same_class:
            found.append(self.tr("two classes"))
        if not pair.same_role:
            found.append(self.tr("two parts"))
        if pair.same_patient is False:
            found.append(self.tr("two patients"))
        return found

    def _both(self, first: str | None, second: str | None, none: str) -> str:
        left, right = first or none, second or none
        return left if left == right else f"{left} / {right}"

    def _alike(self, pair: CopyPair) -> str:
        if not pair.compared:
            return self.tr("same stored pixels (a sample)")
        return self.tr("equal") if pair.exact else f"{pair.similarity:.3f}"


class CopiesDialog(QDialog):
    """Lists the copies; a double click or Enter shows the first image of a pair.

    Signals:
        image_wanted: Id of an image to show.
        failed: `MedDistillError`.

    Args:
        catalogue: The catalogue's file; read in the background.
        parent: Owner.
    """

    image_wanted = Signal(int)
    failed = Signal(object)

    def __init__(self, catalogue: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Copies"))
        self._all: Sequence[ListedPair] = ()
        self.model = CopyModel(self)
        self.said = label(self.tr("Looking for copies …"), "muted")
        self.kinds = QComboBox()
        self.kinds.setAccessibleName(self.tr("Which copies"))
        self._fill_kinds()
        self.kinds.activated.connect(self._show)
        self.save_button = button(self.tr("Save as CSV …"))
        self.save_button.clicked.connect(self.save)
        self._background = Background(1, self)
        self._background.done.connect(self._on_read)
        self._background.failed.connect(self._on_failed)
        self._arrange()
        self.finished.connect(self._background.close)
        self.resize(1040, 560)
        self._background.ask([("copies", functools.partial(_read, catalogue))])

    @property
    def reading(self) -> bool:
        """Whether the answer is still to come."""
        return not self.kinds.isEnabled()

    def save(self) -> None:
        """Ask where to, and write the list."""
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save the list"), "copies.csv", "CSV (*.csv)"
        )
        if chosen:
            try:
                write_whole(Path(chosen), as_csv(self.model))
            except MedDistillError as error:
                self.failed.emit(error)

    def _fill_kinds(self) -> None:
        kinds: dict[str, Callable[[CopyPair], bool]] = {
            self.tr("All copies"): lambda _: True,
            self.tr("With two classes"): lambda pair: not pair.same_class,
            self.tr("In two parts of the division"): lambda pair: not pair.same_role,
            self.tr("In two patients' names"): lambda pair: pair.same_patient is False,
            self.tr("Equal ones"): lambda pair: pair.exact,
        }
        for title, wanted in kinds.items():
            self.kinds.addItem(title, wanted)
        self.kinds.setEnabled(False)

    def _on_read(self, _key: str, answer: tuple[Sequence[ListedPair], bool]) -> None:
        self._all, compared = answer
        self.kinds.setEnabled(True)
        self._compared = compared
        self._show()

    def _on_failed(self, _key: str, error: MedDistillError) -> None:
        self.kinds.setEnabled(True)
        self.said.setText(str(error))

    def _show(self) -> None:
        wanted = self.kinds.currentData()
        rows = [one for one in self._all if wanted(one.pair)]
        self.model.show_rows(rows)
        self.save_button.setEnabled(bool(rows))
        said = self.tr("Pairs: {count}.").format(count=f"{len(rows):,}")
        if not self._compared:
            said += " " + self.tr(
                "Until a run has read the images, only files whose stored pixels agree are known; near copies come then."
            )
        self.said.setText(said)

    def _on_activated(self, index: QModelIndex) -> None:
        self.image_wanted.emit(self.model.rows[index.row()].first.id)

    def _arrange(self) -> None:
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName(self.tr("Copies"))
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.activated.connect(self._on_activated)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        header.setDefaultSectionSize(132)
        header.setStretchLastSection(True)
        close = button(self.tr("Close"), kind="primary")
        close.clicked.connect(self.accept)
        head = QHBoxLayout()
        head.addWidget(self.kinds, 1)
        head.addWidget(self.save_button)
        foot = QHBoxLayout()
        foot.addStretch()
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(16)
        column.addWidget(label(self.tr("Copies"), "title"))
        column.addWidget(self.said)
        column.addLayout(head)
        column.addWidget(self.table, 1)
        column.addLayout(foot)


def as_csv(model: CopyModel) -> bytes:
    """The list as CSV in UTF-8, with full paths."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(model.titles)
    for one in model.rows:
        matters, _, _, *rest = model.texts(one)
        writer.writerow((matters, str(one.first.path), str(one.second.path), *rest))
    return text.getvalue().encode("utf-8", "replace")


def _role(row: ImageRow) -> str:
    return role_title(row.role) if row.role else ""


def _read(path: Path) -> tuple[list[ListedPair], bool]:
    """All pairs, and whether the images were ever compared."""
    with open_catalogue(path) as catalogue:
        pairs = list_copies(catalogue)
        ids = sorted({image for pair in pairs for image in (pair.image, pair.other)})
        rows = {row.id: row for row in catalogue.images(ids)}
        compared = (
            catalogue.value("SELECT 1 FROM image WHERE pixels IS NOT NULL LIMIT 1") is not None
        )
    return [
        ListedPair(pair, rows[pair.image], rows[pair.other])
        for pair in pairs
        if pair.image in rows and pair.other in rows
    ], compared
