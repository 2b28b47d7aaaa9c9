"""One of several ways: a radio button with a sentence under it."""

from PySide6.QtWidgets import QFrame, QRadioButton, QVBoxLayout, QWidget

from meddistill_gui.gui.widgets.labels import label


class ChoiceCard(QFrame):
    """A radio button on a card; the whole text is said by a screen reader.

    Args:
        title: Word beside the radio button.
        sentence: What it does and for whom.
        small: Where it comes from; may be empty.
        parent: Owner.
    """

    def __init__(
        self, title: str, sentence: str, small: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        self.radio = QRadioButton(title)
        self.radio.setAccessibleName(title)
        self.radio.setAccessibleDescription(f"{sentence} {small}".strip())
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 16, 12)
        column.setSpacing(4)
        column.addWidget(self.radio)
        for text, kind in ((sentence, "muted"), (small, "small")):
            if text:
                words = label(text, kind)
                words.setContentsMargins(24, 0, 0, 0)
                column.addWidget(words)
