"""One image before and after its way to the network: grey window, crop or padding, size; as a run would do it."""

import functools
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from meddistill_gui.core.configs.distill import ImagesConfig
from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.data.catalogue import ImageRow
from meddistill_gui.gui.background import Background
from meddistill_gui.gui.forms.config_form import ConfigForm
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import label
from meddistill_gui.gui.widgets.scrolling import scrolling

_SIDE = 320


class SquareDialog(QDialog):
    """Changes nothing: what is chosen here is only tried; a run has its own options.

    Args:
        row: The image.
        parent: Owner.
    """

    def __init__(self, row: ImageRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("What the network sees"))
        self._row = row
        self._number = 0
        self.form = ConfigForm(
            ImagesConfig(),
            titles={
                "fit": {
                    "pad": self.tr("Pad with black"),
                    "crop": self.tr("Crop the middle"),
                    "stretch": self.tr("Stretch"),
                },
                "window": {
                    "file": self.tr("As the file says"),
                    "percentile": self.tr("Percentiles of each image"),
                    "ct-brain": self.tr("CT: brain"),
                    "ct-soft-tissue": self.tr("CT: soft tissue"),
                    "ct-lung": self.tr("CT: lung"),
                    "ct-bone": self.tr("CT: bone"),
                },
            },
        )
        self.form.changed.connect(self._look)
        self.before, self.after = (
            _Picture(self.tr("The image as it is")),
            _Picture(self.tr("What the network sees")),
        )
        self.problem = label("", "problem")
        self.problem.hide()
        self._background = Background(1, self)
        self._background.done.connect(self._on_read)
        self._background.failed.connect(self._on_failed)
        self.finished.connect(self._background.close)
        self._arrange()
        self._look()

    def _look(self) -> None:
        if self.form.problems():
            return
        self._number += 1
        task = functools.partial(_read, self._row.path, self._row.frame, self.form.config())
        self._background.ask([(self._number, task)])

    def _on_read(self, number: int, preview: Any) -> None:
        if number != self._number:
            return
        self.problem.hide()
        self.before.show_pixels(preview.before, smooth=True)
        self.after.show_pixels(preview.after, smooth=False)

    def _on_failed(self, number: int, error: MedDistillError) -> None:
        if number == self._number:
            self.problem.setText(str(error))
            self.problem.show()

    def _arrange(self) -> None:
        pictures = QHBoxLayout()
        pictures.setSpacing(16)
        for picture in (self.before, self.after):
            pictures.addWidget(picture, 1)
        close = button(self.tr("Close"), kind="primary")
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addStretch()
        foot.addWidget(close)
        body = QWidget()
        inner = QVBoxLayout(body)
        inner.setContentsMargins(0, 0, 8, 0)
        inner.setSpacing(16)
        inner.addLayout(pictures)
        inner.addWidget(self.problem)
        inner.addWidget(self.form)
        inner.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(16)
        column.addWidget(label(self.tr("What the network sees"), "title"))
        column.addWidget(
            label(
                self.tr(
                    "{name}. Nothing is changed by trying; a run has these options of its own."
                ).format(name=self._row.path.name),
                "muted",
            )
        )
        column.addWidget(scrolling(body, sideways=True), 1)
        column.addLayout(foot)
        self.resize(780, 760)


class _Picture(QWidget):
    """A picture with a line under it.

    Args:
        title: What it is.
        parent: Owner.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self.picture = QLabel()
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setMinimumSize(_SIDE, _SIDE)
        self.picture.setAccessibleName(title)
        self.said = label(title, "small")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.picture, 1)
        column.addWidget(self.said)

    def show_pixels(self, pixels: npt.NDArray[np.uint8], *, smooth: bool) -> None:
        """Show uint8 `[H, W]` or `[H, W, 3]`, as large as fits."""
        height, width = pixels.shape[:2]
        grey = pixels.ndim == 2
        kind = QImage.Format.Format_Grayscale8 if grey else QImage.Format.Format_RGB888
        bare = np.ascontiguousarray(pixels)
        image = QImage(bare.data, width, height, bare.strides[0], kind).copy()
        way = Qt.TransformationMode
        shown = QPixmap.fromImage(image).scaled(
            QSize(_SIDE, _SIDE),
            Qt.AspectRatioMode.KeepAspectRatio,
            way.SmoothTransformation if smooth else way.FastTransformation,
        )
        self.picture.setPixmap(shown)
        self.said.setText(f"{self._title} · {width} × {height}")


def _read(path: Path, frame: int, images: ImagesConfig) -> Any:
    from meddistill_gui.data.images.square_preview import preview_square

    return preview_square(path, frame, images)
