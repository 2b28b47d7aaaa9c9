"""A few figures side by side, each with its caption: the state of something at a glance."""

from collections.abc import Mapping

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from meddistill_gui.gui.widgets.labels import label


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
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 12, 16, 12)
        row.setSpacing(32)
        for key, caption in captions.items():
            value = label("–", "heading", wrap=False)
            value.setAccessibleName(caption)
            cell = QVBoxLayout()
            cell.setSpacing(4)
            cell.addWidget(label(caption, "small", wrap=False))
            cell.addWidget(value)
            row.addLayout(cell)
            self._values[key] = value
        row.addStretch()

    def show_value(self, key: str, value: str) -> None:
        """Show a figure; empty text shows a dash."""
        shown = value or "–"
        self._values[key].setText(shown)
        self._values[key].setAccessibleName(f"{self._captions[key]}: {shown}")

    def value(self, key: str) -> str:
        """What is shown."""
        return self._values[key].text()
