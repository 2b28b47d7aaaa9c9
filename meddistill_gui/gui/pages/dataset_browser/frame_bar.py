"""Which frame of the file: a slider and its number; hidden where a file holds one image."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from meddistill_gui.gui.widgets.labels import label


class FrameBar(QWidget):
    """Says which frame is wanted; shows which one there is.

    Signals:
        wanted: Place of the frame among the file's images, from 0.

    Args:
        parent: Owner.
    """

    wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(self.tr("Frame of the file"))
        self.slider.setPageStep(10)
        self.slider.setMinimumHeight(24)
        self.slider.valueChanged.connect(self._on_value)
        self._said = label("", "small", wrap=False, mouse=False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.slider, 1)
        row.addWidget(self._said)
        self.hide()

    def show_frames(self, count: int, place: int) -> None:
        """There are `count` frames, and the one at `place` is shown."""
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(0, count - 1))
            self.slider.setValue(place)
        self._say()
        self.setVisible(count > 1)

    def step(self, step: int) -> None:
        """Go on by so many frames."""
        self.slider.setValue(self.slider.value() + step)

    def _on_value(self, place: int) -> None:
        self._say()
        self.wanted.emit(place)

    def _say(self) -> None:
        number, count = self.slider.value() + 1, self.slider.maximum() + 1
        self._said.setText(
            self.tr("Frame {number} of {count}").format(number=f"{number:,}", count=f"{count:,}")
        )
