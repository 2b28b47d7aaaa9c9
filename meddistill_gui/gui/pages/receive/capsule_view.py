"""A checked capsule to look at: its images, the network that came out of it, and where that is written to."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QFrame, QGridLayout, QVBoxLayout, QWidget

from meddistill_gui.bundle.capsule import Capsule
from meddistill_gui.core.distilled import displayed
from meddistill_gui.core.words import NOT_FOR_CLINICAL_USE
from meddistill_gui.gui.capsule_words import network_in_words, size_in_words, vote_in_words
from meddistill_gui.gui.plots.mosaic import Mosaic
from meddistill_gui.gui.plots.soft_label_bars import SoftLabelBars
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.fitting import large_text
from meddistill_gui.gui.widgets.labels import in_groups, label
from meddistill_gui.gui.widgets.target_row import TargetRow


class CapsuleView(QWidget):
    """Images at the left, what is known of the network at the right; below, the folder it is written to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mosaic = Mosaic()
        self.bars = SoftLabelBars()
        self.facts = {name: label() for name in ("file", "size", "network", "same", "vote", "statistics", "sha256")}  # fmt: skip
        self.target = TargetRow()
        self.write = button(self.tr("Write the trained network"), kind="primary")
        self._arrange()

    def show_capsule(self, path: Path, capsule: Capsule, summary: Mapping[str, Any]) -> None:
        """Show a capsule whose network was rebuilt.

        Args:
            path: The file.
            capsule: What it holds.
            summary: What `capsule-open` said.
        """
        found = capsule.distilled
        names = [self.tr("Image {number}").format(number=k + 1) for k in range(len(found.images))]
        self.mosaic.show_images(displayed(found.images), range(len(names)), names)
        self.bars.show_labels(found.labels, found.recipe.class_names)
        texts = {
            "file": str(path),
            "size": size_in_words(summary),
            "network": network_in_words(summary),
            "same": self._compared(summary),
            "vote": vote_in_words(summary["delta"]),
            "statistics": str(summary["statistics"]),
            "sha256": in_groups(str(summary["sha256"])),
        }
        for name, text in texts.items():
            self.facts[name].setText(text)
        self.target.refresh()

    def _compared(self, summary: Mapping[str, Any]) -> str:
        if summary["same_bits"]:
            return self.tr("the sender's, bit for bit")
        return self.tr(
            "the sender's up to rounding: its answers differ by at most {most:.2g}"
        ).format(most=summary["largest_difference"])

    def _arrange(self) -> None:
        images = QFrame()
        images.setProperty("kind", "card")
        inside = QVBoxLayout(images)
        inside.setContentsMargins(16, 12, 16, 12)
        inside.addWidget(self.mosaic)
        halves = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        if large_text(self):
            halves.setDirection(QBoxLayout.Direction.TopToBottom)
        halves.setSpacing(16)
        halves.addWidget(images, 2)
        halves.addWidget(self._papers(), 3)
        target = QFrame()
        target.setProperty("kind", "card")
        below = QVBoxLayout(target)
        below.setContentsMargins(16, 12, 16, 12)
        below.setSpacing(8)
        below.addWidget(label(self.tr("Write the trained network to"), "heading"))
        below.addWidget(self.target)
        below.addWidget(self.write, 0, Qt.AlignmentFlag.AlignLeft)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addLayout(halves, 1)
        column.addWidget(target)

    def _papers(self) -> QWidget:
        titles = {
            "file": self.tr("File"),
            "size": self.tr("Size"),
            "network": self.tr("Network"),
            "same": self.tr("What came out"),
            "vote": self.tr("Vote"),
            "statistics": self.tr("Batch statistics"),
            "sha256": self.tr("SHA-256"),
        }
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        for row, (name, title) in enumerate(titles.items()):
            grid.addWidget(label(title, "muted", wrap=False), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(self.facts[name], row, 1)
        grid.addWidget(self.bars, len(titles), 0, 1, 2)
        grid.addWidget(label(NOT_FOR_CLINICAL_USE, "small"), len(titles) + 1, 0, 1, 2)
        grid.setRowStretch(len(titles) + 2, 1)
        grid.setColumnStretch(1, 1)
        return holder
