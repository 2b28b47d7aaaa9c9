"""The regions of an image as a list: what each is, who made it and when."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QListWidget, QWidget

from meddistill_gui.data.patches.regions import FREEHAND, MASK, POLYGON, Region


class RegionList(QListWidget):
    """One line per region; the chosen line is the chosen region.

    Args:
        parent: Owner.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Regions of this image"))
        self.setMinimumHeight(96)
        self.setWordWrap(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._kinds = {
            POLYGON: self.tr("Polygon"),
            FREEHAND: self.tr("Freehand"),
            MASK: self.tr("Mask"),
        }
        self.currentRowChanged.connect(self._on_row)

    def show_regions(self, regions: Sequence[Region], chosen: int | None) -> None:
        """Show these, with one of them chosen."""
        lines = [self._line(number, region) for number, region in enumerate(regions, start=1)]
        with QSignalBlocker(self):
            if lines != [self.item(row).text() for row in range(self.count())]:
                self.clear()
                self.addItems(lines)
            self.setCurrentRow(-1 if chosen is None else chosen)

    def _line(self, number: int, region: Region) -> str:
        what = self._kinds.get(region.kind, region.kind)
        if region.origin:
            what = f"{what} {region.origin}"
        elif region.vertices:
            what = self.tr("{kind}, {count} corners").format(kind=what, count=len(region.vertices))
        by = self.tr("by {author}").format(author=region.author) if region.author else ""
        return " · ".join(part for part in (f"{number}", what, by, region.time[:10]) if part)

    def _on_row(self, row: int) -> None:
        if row >= 0:
            self.chosen.emit(row)
