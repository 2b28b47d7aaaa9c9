"""Real images by their catalogue id, as the network saw them, read in the background. They stay on the screen."""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from meddistill_gui.core.configs.distill import ImagesConfig
from meddistill_gui.core.errors import ProjectError, SourceError
from meddistill_gui.data.catalogue import ImageRow, open_catalogue
from meddistill_gui.gui.background import Background

UInt8 = npt.NDArray[np.uint8]
ReadPicture = Callable[[ImageRow, ImagesConfig], UInt8]


class RealPictures(QObject):
    """Reads and keeps real images.

    Signals:
        ready: Catalogue id and pixels, uint8 `[S, S]` or `[S, S, 3]`.
        missing: Catalogue id and the `MedDistillError` that says why.

    Args:
        read: Reads one image; called on a pool thread.
        parent: Owner.
    """

    ready = Signal(object, object)
    missing = Signal(object, object)

    def __init__(self, read: ReadPicture | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._read = read or read_as_trained
        self._catalogue = Path()
        self._images = ImagesConfig()
        self._kept: dict[int, UInt8] = {}
        self._background = Background(1, self)
        self._background.done.connect(self._keep)
        self._background.failed.connect(self.missing)

    def begin(self, catalogue: Path, images: ImagesConfig) -> None:
        """Read from this catalogue from now on."""
        self._catalogue, self._images = catalogue, images
        self._kept.clear()
        self._background.ask([])

    def picture(self, image: int) -> UInt8 | None:
        """The image, if it has been read."""
        return self._kept.get(image)

    def want(self, images: Sequence[int]) -> None:
        """Read these; earlier wishes that are not among them are dropped."""
        self._background.ask(
            [
                (image, functools.partial(self._picture, image, self._catalogue, self._images))
                for image in images
                if image not in self._kept
            ]
        )

    def close(self) -> None:
        """Stop reading."""
        self._background.close()

    def _picture(self, image: int, path: Path, images: ImagesConfig) -> tuple[Path, UInt8]:
        if not path.is_file():
            raise ProjectError(
                "The project's catalogue is not there.",
                "Reconnect the disk that holds the project.",
            )
        with open_catalogue(path) as catalogue:
            rows = catalogue.images([image])
        if not rows:
            raise SourceError(
                "The catalogue does not hold this image any more.", "Run the audit again."
            )
        return path, self._read(rows[0], images)

    def _keep(self, image: int, found: tuple[Path, UInt8]) -> None:
        path, pixels = found
        if path == self._catalogue:
            self._kept[image] = pixels
            self.ready.emit(image, pixels)


def read_as_trained(row: ImageRow, images: ImagesConfig) -> UInt8:
    """The image as the run saw it: same grey window, same square, same size."""
    from meddistill_gui.data.formats.reading import read_image
    from meddistill_gui.data.images.squares import to_square, to_stored

    values = read_image(row.path, row.frame, window=images.window)
    planes = to_stored(to_square(values, images.size, images.fit, images.channels))
    return planes[0] if images.channels == 1 else np.ascontiguousarray(planes.transpose(1, 2, 0))
