"""What was written: file, size, network where it is a capsule, checksum."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QWidget

from meddistill_gui.gui.capsule_words import network_in_words, size_in_words, vote_in_words
from meddistill_gui.gui.places import in_bytes
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import in_groups, label


class ResultCard(QFrame):
    """Hidden until something was written.

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
        self._sha256 = ""
        self._network = label()
        self._of_network = label(self.tr("Network"), "muted", wrap=False)
        open_folder = button(self.tr("Open the folder"), icon="folder")
        open_folder.clicked.connect(self.folder_wanted)
        copy = button(self.tr("Copy the checksum"), icon="copy")
        copy.clicked.connect(self.copy_wanted)
        grid = QGridLayout(self)
        grid.setContentsMargins(16, 12, 16, 12)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        lines = (
            (label(self.tr("File"), "muted", wrap=False), self._path),
            (label(self.tr("Size"), "muted", wrap=False), self._size),
            (self._of_network, self._network),
            (label(self.tr("SHA-256"), "muted", wrap=False), self._checksum),
        )
        for row, (name, value) in enumerate(lines):
            grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, row, 1)
        actions = QHBoxLayout()
        actions.setSpacing(8)
        actions.addStretch()
        actions.addWidget(copy)
        actions.addWidget(open_folder)
        grid.addLayout(actions, len(lines), 0, 1, 2)
        grid.setColumnStretch(1, 1)
        self.hide()

    def show_result(self, path: Path, size: int, checksum: str) -> None:
        """Show a bundle that was written."""
        self._show(path, in_bytes(size), "", checksum)

    def show_capsule(self, path: Path, summary: Mapping[str, Any]) -> None:
        """Show a capsule that was written, and how much smaller it is than its network."""
        network = self.tr("{network}; batch statistics {source}; {vote}").format(
            network=network_in_words(summary),
            source=summary["statistics"],
            vote=vote_in_words(summary["delta"]),
        )
        self._show(path, size_in_words(summary), network, str(summary["sha256"]))

    def checksum(self) -> str:
        """SHA-256 of the file, hexadecimal."""
        return self._sha256

    def _show(self, path: Path, size: str, network: str, checksum: str) -> None:
        self._path.setText(str(path))
        self._size.setText(size)
        self._network.setText(network)
        self._network.setVisible(bool(network))
        self._of_network.setVisible(bool(network))
        self._sha256 = checksum
        self._checksum.setText(in_groups(checksum))
        said = (str(path), size, network, f"SHA-256 {checksum}")
        self.setAccessibleName(", ".join(part for part in said if part))
        self.show()
