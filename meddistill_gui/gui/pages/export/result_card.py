"""What was written: file, size, checksum."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QWidget

from meddistill_gui.gui.pages.export.places import in_bytes
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import label


class ResultCard(QFrame):
    """Hidden until there is a bundle.

    Signals:
        folder_wanted: The user wants to see the file in its folder.
        copy_wanted: The user wants the checksum.
    """

    folder_wanted = Signal()
    copy_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        self._path = label()
        self._size = label()
        self._checksum = label()
        open_folder = button(self.tr("Open the folder"), icon="folder")
        open_folder.clicked.connect(self.folder_wanted)
        copy = button(self.tr("Copy the checksum"), icon="copy")
        copy.clicked.connect(self.copy_wanted)
        grid = QGridLayout(self)
        grid.setContentsMargins(16, 12, 16, 12)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        names = (self.tr("File"), self.tr("Size"), self.tr("SHA-256"))
        for row, (name, value) in enumerate(
            zip(names, (self._path, self._size, self._checksum), strict=True)
        ):
            grid.addWidget(label(name, "muted", wrap=False), row, 0)
            grid.addWidget(value, row, 1)
        actions = QHBoxLayout()
        actions.setSpacing(8)
        actions.addStretch()
        actions.addWidget(copy)
        actions.addWidget(open_folder)
        grid.addLayout(actions, 3, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        self.hide()

    def show_result(self, path: Path, size: int, checksum: str) -> None:
        """Show a bundle that was written."""
        self._path.setText(str(path))
        self._size.setText(in_bytes(size))
        self._checksum.setText(checksum)
        self.setAccessibleName(f"{path}, {in_bytes(size)}, SHA-256 {checksum}")
        self.show()

    def checksum(self) -> str:
        """SHA-256 of the file, hexadecimal."""
        return self._checksum.text()
