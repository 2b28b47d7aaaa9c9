"""Pictures that are there twice: in two patients' names, in two parts of the division, with two classes; as a list that can be written down."""

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QModelIndex, QObject, Signal
from PySide6.QtWidgets import QComboBox, QDialog, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.core.files import write_whole
from meddistill_gui.data.catalogue import ImageRow, open_catalogue
from meddistill_gui.data.division.copies import CopyPair, list_copies
from meddistill_gui.gui.background import Background
from meddistill_gui.gui.role_names import role_title
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import label
from meddistill_gui.gui.widgets.listing import ListingModel, ListingView, as_csv

_WIDEST: Final = 280  # pixels of a column


@dataclass(frozen=True)
class ListedPair:
    """Two images of one picture, with what is known of each."""

    pair: CopyPair
    first: ImageRow
    second: ImageRow


class CopyModel(ListingModel):
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

    @override
    def count(self) -> int:
        return len(self.rows)

    @override
    def texts(self, place: int) -> tuple[str, ...]:
        one = self.rows[place]
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
    def hint(self, place: int) -> str:
        return f"{self.rows[place].first.path}\n{self.rows[place].second.path}"

    def lines(self) -> Iterator[tuple[str, ...]]:
        """All lines, with full paths."""
        for place, one in enumerate(self.rows):
            matters, _, _, *rest = self.texts(place)
            yield (matters, str(one.first.path), str(one.second.path), *rest)

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
                write_whole(Path(chosen), as_csv(self.model.titles, self.model.lines()))
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
        self.table.resizeColumnsToContents()  # of what is in sight: what matters is read whole
        for column in range(self.model.columnCount()):
            self.table.setColumnWidth(column, min(_WIDEST, self.table.columnWidth(column)))

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
        self.table = ListingView(self.model, self.tr("Copies"))
        self.table.activated.connect(self._on_activated)
        self.table.horizontalHeader().setDefaultSectionSize(132)
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
