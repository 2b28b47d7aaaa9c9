"""A few figures side by side, each with its caption: the state of something at a glance."""

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from meddistill_gui.gui.widgets.fitting import large_text
from meddistill_gui.gui.widgets.labels import label

_COLUMNS_OF_LARGE_TEXT: Final = 2


class FigureRow(QFrame):
    """Captions with values below them.

    Args:
        captions: Caption of each figure by its key, from left to right.
    """

    def __init__(self, captions: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        self._captions = dict(captions)
        self._values: dict[str, QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(16, 12, 16, 12)
        grid.setHorizontalSpacing(32)
        columns = _COLUMNS_OF_LARGE_TEXT if large_text(self) else len(captions)
        for place, (key, caption) in enumerate(captions.items()):
            value = label("–", "heading", wrap=large_text(self))
            value.setAccessibleName(caption)
            cell = QVBoxLayout()
            cell.setSpacing(4)
            cell.addWidget(label(caption, "small", wrap=False))
            cell.addWidget(value)
            grid.addLayout(cell, *divmod(place, columns), alignment=Qt.AlignmentFlag.AlignTop)
            self._values[key] = value
        grid.setColumnStretch(columns, 1)

    def show_value(self, key: str, value: str) -> None:
        """Show a figure; empty text shows a dash."""
        shown = value or "–"
        self._values[key].setText(shown)
        self._values[key].setAccessibleName(f"{self._captions[key]}: {shown}")

    def value(self, key: str) -> str:
        """What is shown."""
        return self._values[key].text()
