"""Thumbnails of what is in view: read on a pool, newest wishes first, kept in a bounded cache."""

import functools
import os
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage, QPixmap

from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.data.catalogue import ImageRow
from meddistill_gui.data.images.thumbnail_store import ThumbnailStore, key_of
from meddistill_gui.gui.background import Background

SIDE: Final = 128
"""Side of a thumbnail, device-independent pixels."""

CAPACITY: Final = 4_000
"""Thumbnails kept: about 250 MB at `SIDE`."""

ReadThumbnail = Callable[[Path, int, int], npt.NDArray[np.uint8]]


class Thumbnails(QObject):
    """The cache, and the wishes of the view.

    Args:
        read: Reads a thumbnail: path, frame, side to uint8 `[side, side]` or `[side, side, 3]`; called on pool threads.
        parent: Owner.
    """

    ready = Signal()

    def __init__(self, read: ReadThumbnail | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._read = read or _read_thumbnail
        self._kept: OrderedDict[int, QPixmap | None] = OrderedDict()
        self._generation = 0
        self._store: ThumbnailStore | None = None
        self._background = Background(max(1, min(4, (os.cpu_count() or 2) - 1)), self)
        self._background.done.connect(self._on_done)
        self._background.failed.connect(self._on_failed)
        self._background.emptied.connect(self.ready)

    def pixmap(self, image: int) -> QPixmap | None:
        """The thumbnail of an image id, if it is there; never reads."""
        found = self._kept.get(image)
        if found is not None:
            self._kept.move_to_end(image)
        return found

    def unreadable(self, image: int) -> bool:
        """Whether reading it was tried and failed."""
        return image in self._kept and self._kept[image] is None

    def want(self, rows: Sequence[ImageRow]) -> None:
        """Read these, first one first; earlier wishes that are not among them are dropped."""
        tasks: list[tuple[Hashable, Callable[[], QImage]]] = [
            ((self._generation, row.id), functools.partial(self._image, self._store, row))
            for row in rows
            if row.id not in self._kept
        ]
        self._background.ask(tasks)

    def show_cache(self, cache: Path | None) -> None:
        """The images are those of another project now, whose cache folder this is."""
        self._generation += 1
        self._kept.clear()
        self._background.ask([])
        if self._store is not None:
            self._store.close()
        self._store = None if cache is None else ThumbnailStore(cache)

    def close(self) -> None:
        """Stop reading."""
        self._background.close()
        if self._store is not None:
            self._store.close()

    def _image(self, store: ThumbnailStore | None, row: ImageRow) -> QImage:
        draw = functools.partial(self._read, row.path, row.frame, SIDE)
        if store is None:
            return image_of(draw())
        return image_of(store.picture(key_of(row.path, row.frame, row.stamp, SIDE), draw))

    def _on_done(self, key: tuple[int, int], image: QImage) -> None:
        self._keep(key, QPixmap.fromImage(image))

    def _on_failed(self, key: tuple[int, int], _error: MedDistillError) -> None:
        self._keep(key, None)

    def _keep(self, key: tuple[int, int], pixmap: QPixmap | None) -> None:
        generation, image = key
        if generation != self._generation:
            return
        self._kept[image] = pixmap
        while len(self._kept) > CAPACITY:
            self._kept.popitem(last=False)


def image_of(pixels: npt.NDArray[np.uint8]) -> QImage:
    """A QImage of its own memory from uint8 `[H, W]` or `[H, W, 3]`; carries nothing but pixels."""
    solid = np.ascontiguousarray(pixels)
    height, width = solid.shape[:2]
    colour = solid.ndim == 3
    kind = QImage.Format.Format_RGB888 if colour else QImage.Format.Format_Grayscale8
    return QImage(solid.data, width, height, width * (3 if colour else 1), kind).copy()


def _read_thumbnail(path: Path, frame: int, side: int) -> npt.NDArray[np.uint8]:
    """Imported here, on a pool thread: pydicom need not be there for the window to open."""
    from meddistill_gui.data.images.thumbnails import thumbnail

    return thumbnail(path, frame, side)
