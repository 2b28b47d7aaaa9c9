"""The synthetic images as they were at one iteration, and a slider through those that were saved."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QVBoxLayout, QWidget

from meddistill_gui.core.events import Frame
from meddistill_gui.gui.plots.mosaic import Mosaic
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import label


class FramesView(QWidget):
    """Mosaic with a slider below.

    Signals:
        wanted: A `Frame` to read, or None to follow the newest.
        kept_wanted: The images of the result.
    """

    wanted = Signal(object)
    kept_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mosaic = Mosaic()
        self.mosaic.say_when_empty(
            self.tr(
                "The synthetic images appear here. The real ones are read and experts are trained first."
            )
        )
        self._frames: list[Frame] = []
        self._class_names: tuple[str, ...] = ()
        self._per_class = 1
        self._step = label(kind="muted", wrap=False)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(self.tr("Saved snapshot"))
        self.slider.valueChanged.connect(self._slide)
        self.follow = button(
            self.tr("Newest"), kind="quiet", tip=self.tr("Follow the newest snapshot")
        )
        self.follow.setCheckable(True)
        self.follow.setChecked(True)
        self.follow.toggled.connect(self._set_following)
        self.kept = button(
            self.tr("Kept"),
            kind="quiet",
            tip=self.tr("Show the images that the run keeps: the best"),
        )
        self.kept.setCheckable(True)
        self.kept.clicked.connect(self.kept_wanted)
        self.kept.hide()
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self._step)
        row.addWidget(self.slider, 1)
        row.addWidget(self.follow)
        row.addWidget(self.kept)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.mosaic, 1)
        column.addLayout(row)
        self.set_frames([])

    def set_classes(self, names: Sequence[str], images_per_class: int) -> None:
        """Name the classes; images stand in their order, equally many of each."""
        self._class_names = tuple(names)
        self._per_class = images_per_class
        self.mosaic.clear()
        self._step.setText("")
        with QSignalBlocker(self.follow):
            self.follow.setChecked(True)

    def set_frames(self, frames: Sequence[Frame]) -> None:
        """Offer these snapshots."""
        self._frames = list(frames)
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(0, len(frames) - 1))
            if self.follow.isChecked():
                self.slider.setValue(len(frames) - 1)
        for control in (self.slider, self.follow):
            control.setVisible(len(frames) > 1)

    def show_pixels(self, frame: Frame, pixels: npt.NDArray[np.uint8]) -> None:
        """Show the images of a snapshot."""
        self.kept.setChecked(False)
        self._show(pixels, self.tr("Iteration {step}").format(step=f"{frame.step:,}"))

    def show_kept(self, pixels: npt.NDArray[np.uint8], step: int | None) -> None:
        """Show the images of the result, those of iteration `step`."""
        text = (
            self.tr("Kept: iteration {step}").format(step=f"{step:,}") if step else self.tr("Kept")
        )
        self._show(pixels, text)
        with QSignalBlocker(self.follow):
            self.follow.setChecked(False)
        self.kept.setChecked(True)

    def _show(self, pixels: npt.NDArray[np.uint8], text: str) -> None:
        labels = [index // self._per_class for index in range(len(pixels))]
        names = list(self._class_names)
        names += [
            self.tr("Class {number}").format(number=number + 1)
            for number in range(len(names), max(labels, default=0) + 1)
        ]
        self.mosaic.show_images(pixels, labels, names)
        self._step.setText(text)
        self.slider.setAccessibleDescription(text)

    def _slide(self, place: int) -> None:
        if not self._frames:
            return
        newest = place == len(self._frames) - 1
        with QSignalBlocker(self.follow):
            self.follow.setChecked(newest)
        self.wanted.emit(None if newest else self._frames[place])

    def _set_following(self, on: bool) -> None:
        if on:
            self.slider.setValue(len(self._frames) - 1)
            self.wanted.emit(None)
        elif self._frames:
            self.wanted.emit(self._frames[self.slider.value()])
