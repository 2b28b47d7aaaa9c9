"""The same images as a list with columns; a click on a heading orders them, in SQL."""

from typing import Final

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSignalBlocker,
    Qt,
    Signal,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame
from typing_extensions import override

from meddistill_gui.gui.pages.dataset_browser.grid.model import GridModel
from meddistill_gui.gui.role_names import role_title
from meddistill_gui.gui.widgets.listing import ListingModel, ListingView

ORDER_OF_COLUMN: Final = ("path", "class", "patient", "modality", "size", "part")
"""`data.search.ORDERS` that a click on each heading asks for."""

_Index = QModelIndex | QPersistentModelIndex


class ImageTableModel(ListingModel):
    """One image a row; the rows are read by the grid's model.

    Args:
        images: Knows all ids and reads their rows.
        parent: Owner.
    """

    def __init__(self, images: GridModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._images = images
        self.titles = (
            self.tr("File"),
            self.tr("Class"),
            self.tr("Patient"),
            self.tr("Modality"),
            self.tr("Size"),
            self.tr("Part"),
        )
        images.modelAboutToBeReset.connect(self.beginResetModel)
        images.modelReset.connect(self.endResetModel)

    @override
    def count(self) -> int:
        return len(self._images.ids)

    @override
    def texts(self, place: int) -> tuple[str, ...]:
        row = self._images.row_at(place)
        if row is None:
            return ()
        name = row.path.name
        numbered = self.tr("{name}, frame {number}").format(name=name, number=row.frame + 1)
        return (
            numbered if row.frame else name,
            row.class_name or self.tr("no class"),
            row.patient or self.tr("unknown"),
            row.modality,
            f"{row.width} × {row.height}",
            role_title(row.role) if row.role else "",
        )

    @override
    def hint(self, place: int) -> str:
        row = self._images.row_at(place)
        return "" if row is None else str(row.path)


class ImageTable(ListingView):
    """Says which image is current, and by what the images shall be ordered.

    Args:
        images: The images.
    """

    shown = Signal(int)
    """Place of the image that is current."""
    opened = Signal(int)
    """Place of the image that was double-clicked, or current when Enter was pressed."""
    order_wanted = Signal(str, bool)
    """One of `data.search.ORDERS`, and whether the last comes first."""

    def __init__(self, images: GridModel) -> None:
        super().__init__(ImageTableModel(images), self.tr("List of images"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        header = self.horizontalHeader()
        header.setDefaultSectionSize(120)
        header.resizeSection(0, 220)
        header.setSortIndicatorShown(True)
        header.setSectionsClickable(True)
        header.sortIndicatorChanged.connect(self._on_heading)
        self.selectionModel().currentRowChanged.connect(self._on_current)
        self.activated.connect(self._on_activated)

    def show_order(self, key: str, *, descending: bool) -> None:
        """Mark the column that the images are ordered by."""
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        with QSignalBlocker(self.horizontalHeader()):
            self.horizontalHeader().setSortIndicator(ORDER_OF_COLUMN.index(key), order)
        self.horizontalHeader().viewport().update()

    def show_place(self, place: int) -> None:
        """Make an image current, and visible."""
        index = self.model().index(place, max(0, self.currentIndex().column()))
        if index.isValid():
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def place(self) -> int:
        """Place of the current image; -1 for none."""
        return self.currentIndex().row()

    def selected(self) -> list[int]:
        """Places of the selected images, ascending."""
        return sorted(index.row() for index in self.selectionModel().selectedRows())

    def _on_heading(self, column: int, order: Qt.SortOrder) -> None:
        descending = order == Qt.SortOrder.DescendingOrder
        self.order_wanted.emit(ORDER_OF_COLUMN[column], descending)

    def _on_current(self, current: QModelIndex) -> None:
        if current.isValid():
            self.shown.emit(current.row())

    def _on_activated(self, index: QModelIndex) -> None:
        self.opened.emit(index.row())
