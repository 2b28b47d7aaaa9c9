"""Sets in the shape of MedMNIST: one .npz with train_images, train_labels, val_images, ... (Yang et al. 2023, doi 10.1038/s41597-022-01721-8).

Each row of an image array is one frame of the file. Its part and its class read like folders ("train/3"), so that labelling by folder and keeping
the source's own division work on it as they do on folders. Pickled content is never read.
"""

import functools
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.core.errors import SourceError

PARTS: Final = ("train", "val", "test")
MOST_IMAGES: Final = 5_000_000
_MOST_ROW_BYTES: Final = 1 << 24
_BLOCK_BYTES: Final = 1 << 22
_KEPT_BLOCKS: Final = 16

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of a set.

    Attributes:
        name: "train", "val" or "test".
        shape: `(H, W)` or `(H, W, 3)` of one image.
        labels: Class of each image, as text; "" where an image has several.
    """

    name: str
    shape: tuple[int, ...]
    labels: tuple[str, ...]


def read_parts(stream: IO[bytes]) -> tuple[Part, ...] | None:
    """What a zip archive holds, or None if it is no set of images.

    Raises:
        ValueError: It is one, but damaged or of a kind that cannot be used.
    """
    with zipfile.ZipFile(stream) as archive:
        members = set(archive.namelist())
        found = [name for name in PARTS if f"{name}_images.npy" in members]
        return tuple(_part(archive, members, name) for name in found) or None


def read_row(path: Path, frame: int) -> Pixels:
    """One image of a set, uint8 `[H, W]` or `[H, W, 3]`; frames count through train, val and test.

    Raises:
        SourceError: There is no such image.
        ValueError: The archive is damaged.
    """
    status = path.stat()
    return _opened(path, status.st_mtime_ns, status.st_size).row(frame)


def _part(archive: zipfile.ZipFile, members: set[str], name: str) -> Part:
    with archive.open(f"{name}_images.npy") as stream:
        shape = _header(stream)
    count, *image = shape
    if not (len(image) == 2 or (len(image) == 3 and image[-1] == 3)):
        raise ValueError(f"{name}_images has the shape {shape}; volumes are not supported")
    if count > MOST_IMAGES or np.prod(image, dtype=np.int64) > _MOST_ROW_BYTES:
        raise ValueError(f"{name}_images claims the shape {shape}")
    labels = ("",) * count
    if f"{name}_labels.npy" in members:
        with archive.open(f"{name}_labels.npy") as stream:
            labels = _labels(stream, count)
    return Part(name=name, shape=tuple(image), labels=labels)


def _header(stream: IO[bytes]) -> tuple[int, ...]:
    """Shape of a C-ordered uint8 array; the stream stands at its first byte afterwards."""
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0
    if version != (1, 0):
        read = np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(stream)
    if dtype != np.uint8 or fortran or len(shape) < 3:
        raise ValueError(f"an image array of type {dtype} and shape {shape} is not supported")
    return tuple(int(n) for n in shape)


def _labels(stream: IO[bytes], count: int) -> tuple[str, ...]:
    labels = np.lib.format.read_array(stream, allow_pickle=False)
    labels = labels.reshape(len(labels), -1)
    if len(labels) != count:
        raise ValueError(f"there are {len(labels)} labels for {count} images")
    if labels.shape[1] != 1:
        return ("",) * count  # several findings an image: none of them is its class
    return tuple(str(int(label)) for label in labels[:, 0])


@functools.lru_cache(maxsize=2)
def _opened(path: Path, modified: int, size: int) -> "_Archive":  # noqa: ARG001 - a changed file is another archive
    with path.open("rb") as stream:
        parts = read_parts(stream)
    if parts is None:
        raise ValueError("it holds no images")
    return _Archive(path, parts)


class _Archive:
    """Reads rows of a compressed archive in blocks, forwards; a few blocks are kept, so that memory stays bounded."""

    def __init__(self, path: Path, parts: Sequence[Part]) -> None:
        self._archive = zipfile.ZipFile(path)
        self._name = path.name
        self._parts = parts
        self._lock = threading.Lock()
        self._blocks: OrderedDict[tuple[str, int], Pixels] = OrderedDict()
        self._stream: IO[bytes] | None = None
        self._next = ("", 0)

    def row(self, frame: int) -> Pixels:
        row = frame
        for part in self._parts:
            if row < len(part.labels):
                with self._lock:
                    return self._row(part, row)
            row -= len(part.labels)
        raise SourceError(
            f"{self._name} has no image number {frame + 1}.", "Scan the source again."
        )

    def _row(self, part: Part, row: int) -> Pixels:
        rows = max(1, _BLOCK_BYTES // int(np.prod(part.shape)))
        key = (part.name, row // rows)
        while key not in self._blocks:
            self._read_block(part, key, rows)
        self._blocks.move_to_end(key)
        pixels: Pixels = self._blocks[key][row % rows]
        return pixels

    def _read_block(self, part: Part, key: tuple[str, int], rows: int) -> None:
        """Read the next block of this part, from its beginning where the wanted one is behind."""
        name, number = self._next
        if self._stream is None or name != part.name or number > key[1]:
            self._stream = self._archive.open(f"{part.name}_images.npy")
            _header(self._stream)
            number = 0
        first = number * rows
        count = min(rows, len(part.labels) - first)
        content = self._stream.read(count * int(np.prod(part.shape)))
        block = np.frombuffer(content, dtype=np.uint8).reshape(count, *part.shape)
        self._blocks[part.name, number] = block
        self._next = (part.name, number + 1)
        while len(self._blocks) > _KEPT_BLOCKS:
            self._blocks.popitem(last=False)
