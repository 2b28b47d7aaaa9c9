"""Where to write to: a drive by its name, or any folder."""

from pathlib import Path

from PySide6.QtCore import QDir, QSignalBlocker, QStandardPaths, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QWidget

from meddistill_gui.bundle.drives import removable_drives
from meddistill_gui.gui.places import in_words
from meddistill_gui.gui.widgets.buttons import button


class TargetRow(QWidget):
    """A list of places with a button for any other folder.

    Signals:
        changed: The place is another one.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chosen: Path | None = None
        self.places = QComboBox()
        self.places.setAccessibleName(self.tr("Where to"))
        self.places.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.places.setMinimumContentsLength(16)
        self.browse = button(self.tr("Choose a folder …"), icon="folder")
        self.browse.clicked.connect(self._ask)
        self.places.currentIndexChanged.connect(self.changed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.places, 1)
        row.addWidget(self.browse)
        self.refresh()

    def refresh(self) -> None:
        """Look again which drives are plugged in."""
        before = self.folder()
        blocker = QSignalBlocker(self.places)
        self.places.clear()
        for drive in removable_drives():
            if not drive.read_only:
                self.places.addItem(in_words(drive), str(drive.path))
        for folder in (self._chosen, _documents()):
            if folder is not None and self.places.findData(str(folder)) < 0:
                self.places.addItem(str(folder), str(folder))
        if before is not None:
            self.places.setCurrentIndex(max(0, self.places.findData(str(before))))
        blocker.unblock()
        self.places.setToolTip(str(self.folder() or ""))

    def folder(self) -> Path | None:
        """The place that is chosen."""
        data = self.places.currentData()
        return Path(data) if data else None

    def choose(self, folder: Path) -> None:
        """Choose this folder."""
        self._chosen = folder
        self.refresh()
        self.places.setCurrentIndex(self.places.findData(str(folder)))
        self.changed.emit()

    def _ask(self) -> None:
        found = QFileDialog.getExistingDirectory(
            self, self.tr("Folder to write to"), str(self.folder() or "")
        )
        if found:
            self.choose(Path(found))


def _documents() -> Path:
    """The user's documents, or home where there is no such folder."""
    kind = QStandardPaths.StandardLocation.DocumentsLocation
    documents = Path(QStandardPaths.writableLocation(kind) or QDir.homePath())
    return documents if documents.is_dir() else Path(QDir.homePath())
