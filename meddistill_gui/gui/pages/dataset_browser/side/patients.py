"""The patients at the left: choosing one, a study or a series shows its images alone."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QTreeView, QVBoxLayout, QWidget
from typing_extensions import override

from meddistill_gui.data import tree
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.gui.pages.dataset_browser.side.tree_model import TreeModel
from meddistill_gui.gui.widgets.labels import label

_PATIENCE_MS = 200


class Patients(QWidget):
    """Asks for patients when it is first seen, and when the search above it changes.

    Signals:
        wanted: Text that the patients' identities shall contain.
        chosen: Branch (ids of patient, study, series as far down as was chosen; empty for all) and its name.

    Args:
        parent: Owner.
    """

    wanted = Signal(str)
    chosen = Signal(object, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._catalogue: Catalogue | None = None
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Find a patient"))
        self.search.setAccessibleName(self.tr("Find a patient"))
        self.search.setClearButtonEnabled(True)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PATIENCE_MS)
        self._pause.timeout.connect(self._ask)
        self.search.textChanged.connect(self._on_typing)
        self.model = TreeModel(self, self)
        self.view = _Tree()
        self.view.setModel(self.model)
        self.view.setAccessibleName(self.tr("Patients, studies and series"))
        self.view.setHeaderHidden(True)
        self.view.setUniformRowHeights(True)
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.selectionModel().currentChanged.connect(self._on_current)
        self.view.left.connect(self.clear)
        hint = label(self.tr("Enter opens a branch, Esc shows all images."), "small")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 8, 0)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(self.view, 1)
        column.addWidget(hint)

    def show_catalogue(self, catalogue: Catalogue | None) -> None:
        """Another catalogue is open now."""
        self._catalogue = catalogue
        with QSignalBlocker(self.search):
            self.search.clear()
        self.show_branches(None)

    def show_branches(self, branches: tree.Branches | None) -> None:
        """Show these patients; none is chosen."""
        with QSignalBlocker(self.view.selectionModel()):
            self.model.show_patients(branches or tree.NOBODY)

    def clear(self) -> None:
        """Choose none: all images are shown."""
        self.view.setCurrentIndex(QModelIndex())

    def names(self, patients: Sequence[int]) -> dict[int, str]:
        """See `ReadTree`."""
        return (
            {}
            if self._catalogue is None
            else tree.patient_names(self._catalogue.connection, patients)
        )

    def studies(self, patient: int | None) -> list[tree.Branch]:
        """See `ReadTree`."""
        return [] if self._catalogue is None else tree.studies(self._catalogue.connection, patient)

    def series(self, patient: int | None, study: int | None) -> list[tree.Branch]:
        """See `ReadTree`."""
        if self._catalogue is None:
            return []
        return tree.series(self._catalogue.connection, patient, study)

    def _on_typing(self) -> None:
        self._pause.start()

    def _ask(self) -> None:
        self.wanted.emit(self.search.text().strip())

    def _on_current(self, current: QModelIndex) -> None:
        name = self.model.name(current) if current.isValid() else ""
        self.chosen.emit(self.model.branch(current), name)


class _Tree(QTreeView):
    """Enter opens and closes a branch; Esc leaves it."""

    left = Signal()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        here = self.currentIndex()
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and here.isValid():
            self.setExpanded(here, not self.isExpanded(here))
        else:
            super().keyPressEvent(event)
