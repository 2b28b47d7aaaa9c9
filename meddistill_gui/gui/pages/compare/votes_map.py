"""A test image with what each of its patches was taken for."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QTransform
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from meddistill_gui.core.errors import SourceError
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.patches.regions import Region, regions_of
from meddistill_gui.gui.pages.compare.votes_record import VotedImage, Votes
from meddistill_gui.gui.plots.patch_places import paint_places
from meddistill_gui.gui.plots.regions import RegionLayer


class VotesMap(QWidget):
    """Image below, squares above; the squares can be hidden.

    Args:
        parent: Owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._voted: tuple[VotedImage, Votes] | None = None
        self._shown = True
        self._regions: tuple[Region, ...] = ()
        self._layer = RegionLayer(1, 1)
        self.setMinimumSize(240, 240)
        self.setAccessibleName(self.tr("Map of the patches"))

    def show_image(self, pixels: npt.NDArray[np.uint8] | None) -> None:
        """Show the pixels, uint8 `[H, W]` or `[H, W, 3]`, without regions."""
        self._image, self._regions = None, ()
        if pixels is not None:
            solid = np.ascontiguousarray(pixels)
            height, width = solid.shape[:2]
            colour = solid.ndim == 3
            kind = QImage.Format.Format_RGB888 if colour else QImage.Format.Format_Grayscale8
            self._image = QImage(
                solid.data, width, height, width * (3 if colour else 1), kind
            ).copy()
        self.update()

    def show_places(self, image: VotedImage | None, votes: Votes | None) -> None:
        """Show what the patches of an image were taken for."""
        self._voted = None if image is None or votes is None else (image, votes)
        if image is not None:
            self.setAccessibleDescription(
                self.tr("{negative} patches inside-negative, {positive} inside-positive.").format(
                    negative=sum(kind == 1 for *_, kind in image.places),
                    positive=sum(kind == 2 for *_, kind in image.places),
                )
            )
        self.update()

    def show_regions(self, regions: tuple[Region, ...]) -> None:
        """Show what a person drew on the image that is shown."""
        self._regions = regions
        if self._image is not None:
            self._layer = RegionLayer(self._image.width(), self._image.height())
        self.update()

    def set_shown(self, shown: bool) -> None:
        """Show or hide the squares."""
        self._shown = shown
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(480, 480)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("black"))
        if self._image is not None:
            width, height = self._image.width(), self._image.height()
            scale = min(self.width() / width, self.height() / height)
            to_screen = QTransform(
                scale, 0, 0, scale, (self.width() - width * scale) / 2, (self.height() - height * scale) / 2
            )  # fmt: skip
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(to_screen.mapRect(QRectF(0, 0, width, height)), self._image)
            if self._voted is not None and self._shown:
                image, votes = self._voted
                paint_places(painter, image.places, votes.size, votes.stride, to_screen)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for region in self._regions:
                self._layer.paint(painter, region, to_screen)
        else:
            painter.setPen(QColor("white"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.tr("Reading …"))
        painter.end()


@dataclass(frozen=True, kw_only=True)
class OpenedImage:
    """What is drawn of a test image.

    Attributes:
        name: File name.
        pixels: uint8 `[H, W]` or `[H, W, 3]`.
        regions: Of the image.
    """

    name: str
    pixels: npt.NDArray[np.uint8]
    regions: tuple[Region, ...]


def read_opened(catalogue: Path, image: int) -> OpenedImage:
    """An image with its regions; runs on a pool thread.

    Raises:
        SourceError: It is gone or cannot be decoded.
    """
    from meddistill_gui.data.formats.reading import read_image

    with open_catalogue(catalogue) as opened:
        rows = opened.images([image])
        regions = regions_of(opened, image)
    if not rows:
        raise SourceError("This image is no longer in the catalogue.", "Scan the source again.")
    values = read_image(rows[0].path, rows[0].frame)
    pixels = np.rint(values * 255).astype(np.uint8)
    return OpenedImage(name=rows[0].path.name, pixels=pixels, regions=regions)
