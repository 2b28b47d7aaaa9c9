"""NIfTI volumes as axial slices. Decoded in a process of its own (`apart`), where a whole volume may lie in memory.

The volume is turned to the nearest of the scanner's axes (right, anterior, superior: RAS+). One image is one axial slice, counted from the feet to
the head, and drawn as radiologists look at it: the front of the body above, the patient's right side at the left. Volumes of a time series follow each other.
A format without a grey window: black and white are the percentiles 0.5 and 99.5 of the whole volume, so that its slices stay comparable.
"""

import functools
import gzip
import math
import os
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.core.errors import SourceError
from meddistill_gui.data.formats.stored_pixels import SAMPLE, digest_of, fingerprint_at

MOST_BYTES: Final = 1 << 30
"""Bytes of a whole volume that are still believed: 1 GiB."""

PERCENTILES: Final = (0.5, 99.5)

_KEPT_BYTES: Final = 1 << 28  # larger volumes are read slice by slice
_SAMPLED_SLICES: Final = 64
_FURTHEST_SAMPLE: Final = 1 << 26
_GZIP: Final = b"\x1f\x8b"
_KINDS: Final = "biuf"

Values = npt.NDArray[np.float32]


def read_geometry(stream: IO[bytes]) -> tuple[int, int, int, bytes]:
    """Width, height and number of the axial slices, and a fingerprint of the voxels.

    Raises:
        SourceError: The volume cannot be used: its size, its kind of voxels, or a file that ends too early.
        Exception: Whatever nibabel raises on a damaged header.
    """
    from nibabel.nifti1 import Nifti1Header  # noqa: PLC0415 - slow to import
    from nibabel.nifti2 import Nifti2Header  # noqa: PLC0415 - slow to import

    start = stream.read(2)
    stream.seek(0)
    packed = start == _GZIP
    plain: IO[bytes] = gzip.GzipFile(fileobj=stream) if packed else stream  # type: ignore[assignment]  # a GzipFile reads like a file
    second = plain.read(8)[4:] == b"n+2\0"
    plain.seek(0)
    header: Any = (Nifti2Header if second else Nifti1Header).from_fileobj(plain)  # type: ignore[no-untyped-call]  # nibabel has no types here
    shape, dtype = tuple(int(n) for n in header.get_data_shape()), header.get_data_dtype()
    length = check_volume(shape, dtype)
    begin = int(header.get_data_offset())
    if not packed and os.fstat(stream.fileno()).st_size < begin + length:
        raise SourceError(
            "The file ends before its voxels do.", "Copy it again from where it came from."
        )
    width, height, slices = _canonical_shape(header.get_best_affine(), shape)
    geometry = (*shape, dtype.itemsize)
    if packed:
        plain.seek(begin + min(_FURTHEST_SAMPLE, max(0, (length - SAMPLE) // 2)))
        return width, height, slices, digest_of(geometry, plain.read(SAMPLE))
    return width, height, slices, fingerprint_at(stream, geometry, begin, length)


def check_volume(shape: tuple[int, ...], dtype: "np.dtype[Any]") -> int:
    """Bytes of a volume that can be used.

    Raises:
        SourceError: It cannot.
    """
    if len(shape) < 2 or min(shape) < 1:
        raise SourceError("It is no volume of slices.", "Leave it out.")
    if dtype.kind not in _KINDS or dtype.itemsize > 8:
        raise SourceError(
            f"Its voxels are of a kind that is not shown ({dtype}).", "Convert it to grey values."
        )
    length = math.prod(shape) * dtype.itemsize
    if length > MOST_BYTES:
        raise SourceError(
            f"Its header claims {length / 2**30:,.1f} GiB of voxels.",
            "Cut it into parts, or leave it out.",
        )
    return length


def decode_slice(path: str, number: int) -> tuple[Values, float, float]:
    """One axial slice, float32 `[H, W]`, and the volume's values for black and white.

    Raises:
        SourceError: There is no such slice, or the volume cannot be used.
        Exception: Whatever nibabel raises on damaged data.
    """
    status = Path(path).stat()
    volume = _opened(path, status.st_mtime_ns, status.st_size)
    if not 0 <= number < volume.slices:
        raise SourceError(f"{Path(path).name} has no slice {number + 1}.", "Scan the source again.")
    low, high = volume.window()
    return volume.slice(number), low, high


@functools.lru_cache(maxsize=1)
def _opened(path: str, modified: int, size: int) -> "_Volume":  # noqa: ARG001 - a changed file is another volume
    return _Volume(path)


class _Volume:
    """One open volume; a small one is held in memory.

    Args:
        path: Its file.
    """

    def __init__(self, path: str) -> None:
        import nibabel  # noqa: PLC0415 - slow to import

        image: Any = nibabel.load(path)
        shape, dtype = tuple(int(n) for n in image.shape), image.get_data_dtype()
        kept = check_volume(shape, dtype) <= _KEPT_BYTES
        self._source: Any = np.asarray(image.dataobj.get_unscaled()) if kept else image.dataobj
        self._scale = (image.dataobj.slope, image.dataobj.inter) if kept else (1.0, 0.0)
        self._shape = (*shape, *(1,) * max(0, 3 - len(shape)))
        self._axes = _axes(image.affine)
        self._depth = self._shape[self._axes[2][0]]
        self._window: tuple[float, float] | None = None
        self.slices = self._depth * math.prod(self._shape[3:])

    def slice(self, number: int) -> Values:
        """float32 `[H, W]`: anterior above, the patient's right at the left."""
        time, place = divmod(number, self._depth)
        axis, flipped = self._axes[2]
        index: list[Any] = [slice(None)] * 3
        index[axis] = self._depth - 1 - place if flipped else place
        index += np.unravel_index(time, self._shape[3:]) if self._shape[3:] else []
        source = self._source.reshape(self._shape) if self._source.ndim < 3 else self._source
        plane = np.asarray(source[tuple(index)], dtype=np.float32)
        slope, intercept = self._scale
        plane = np.nan_to_num(plane * np.float32(slope) + np.float32(intercept))
        (right, to_left), (front, to_back) = self._axes[:2]
        if right > front:
            plane = plane.T
        plane = plane if to_left else plane[::-1]
        plane = plane if to_back else plane[:, ::-1]
        return np.ascontiguousarray(plane.T)

    def window(self) -> tuple[float, float]:
        """Percentiles over at most 64 slices, evenly spread over the volume."""
        if self._window is None:
            numbers = np.unique(np.linspace(0, self.slices - 1, _SAMPLED_SLICES).astype(int))
            sample = np.concatenate([self.slice(int(number)).ravel() for number in numbers])
            low, high = np.percentile(sample, PERCENTILES)
            self._window = (float(low), float(high))
        return self._window


def _axes(affine: npt.NDArray[np.float64]) -> tuple[tuple[int, bool], ...]:
    """For right, anterior and superior: the stored axis nearest to it, and whether it runs the other way."""
    from nibabel.orientations import io_orientation  # noqa: PLC0415 - slow to import

    orientation = io_orientation(affine)  # type: ignore[no-untyped-call]  # nibabel has no types here
    if np.isnan(orientation).any():
        raise SourceError("Its header does not say how the volume lies in space.", "Leave it out.")
    found = {int(axis): (stored, flip < 0) for stored, (axis, flip) in enumerate(orientation)}
    return tuple(found[axis] for axis in range(3))


def _canonical_shape(
    affine: npt.NDArray[np.float64], shape: tuple[int, ...]
) -> tuple[int, int, int]:
    full = (*shape, 1) if len(shape) == 2 else shape
    width, height, depth = (full[stored] for stored, _ in _axes(affine))
    return width, height, depth * math.prod(full[3:])
