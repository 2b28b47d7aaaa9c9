"""What can be done with the whole data set beside looking at it: its classes, patients, copies and cache."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMessageBox, QVBoxLayout, QWidget

from meddistill_gui.gui.background import Background
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import label

_MIB = 2**20


class Ordering(QWidget):
    """Buttons with one line of state; the page does what they ask for.

    Signals:
        purge_wanted: The cache is to be deleted; the user has confirmed it.

    Args:
        parent: Owner.

    Attributes:
        classes: Opens the list of classes.
        patients: Opens the naming of patients.
        copies: Opens the list of copies.
        square: Opens the look at what the network sees of the current image.
    """

    purge_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.classes = button(self.tr("Edit classes …"), icon="list")
        self.patients = button(self.tr("Name patients …"), icon="patient")
        self.copies = button(self.tr("Copies …"), icon="copy")
        self.square = button(self.tr("Network view …"), icon="image")
        self.purge = button(self.tr("Delete the cache …"), icon="disk")
        self.purge.clicked.connect(self._ask)
        self._size = label("", "small")
        self._background = Background(1, self)
        self._background.done.connect(self._on_size)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for control in (self.classes, self.patients, self.copies, self.square):
            column.addWidget(control)
        column.addSpacing(16)
        column.addWidget(label(self.tr("Cache of real images"), "heading"))
        column.addWidget(self._size)
        column.addWidget(self.purge)

    def show_cache(self, cache: Path | None) -> None:
        """Measure a project's cache, in the background."""
        if cache is None:
            return
        self._background.ask([("size", lambda: _bytes_in(cache))])

    def close_reading(self) -> None:
        """Wait for what is being measured."""
        self._background.close()

    def _on_size(self, _key: str, size: int) -> None:
        self._size.setText(
            self.tr(
                "{size} MiB of patients' pixels and thumbnails. The cache stays in the house."
            ).format(size=f"{size / _MIB:,.1f}")
        )
        self.purge.setEnabled(size > 0)

    def _ask(self) -> None:
        answer = QMessageBox.question(
            self,
            self.tr("Delete the cache"),
            self.tr(
                "The cached pixels and thumbnails of real images are deleted. The source, the catalogue and all runs stay; a later run "
                "reads the images anew."
            ),
        )
        if answer == QMessageBox.StandardButton.Yes:
            self.purge_wanted.emit()


def _bytes_in(cache: Path) -> int:
    from meddistill_gui.data.images.pixels import cached_bytes

    return cached_bytes(cache)
