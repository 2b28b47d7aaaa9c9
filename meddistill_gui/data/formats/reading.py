"""Reading one image: stored values, modality LUT, grey window, polarity, in the order that PS3.3 C.7.6.3 and C.11 lay down."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from meddistill_gui.core.errors import SourceError
from meddistill_gui.data.formats import dicom_frames
from meddistill_gui.data.formats.apart import run_apart
from meddistill_gui.data.formats.dicom_frames import Frame, Window
from meddistill_gui.data.formats.headers import LARGEST_PIXELS
from meddistill_gui.data.formats.medmnist import read_row
from meddistill_gui.data.formats.sniffing import ARCHIVE, HEAD, PICTURE_KINDS, VOLUME, kind_of
from meddistill_gui.data.formats.tags import TagRow, read_header
from meddistill_gui.data.formats.volumes import decode_slice

__all__ = [
    "DisplayImage",
    "TagRow",
    "Window",
    "read_display",
    "read_frame",
    "read_header",
    "read_image",
]

Values = npt.NDArray[np.float32]

PERCENTILES: Final = (0.5, 99.5)
"""Values that become black and white where the file names no window."""

CT_WINDOWS: Final = {
    "ct-brain": (40.0, 80.0),
    "ct-soft-tissue": (40.0, 400.0),
    "ct-lung": (-600.0, 1500.0),
    "ct-bone": (400.0, 1800.0),
}
"""Centre and width of the usual windows of computed tomography, in Hounsfield units."""

_REMEDY: Final = "Export it again from where it came from, or leave it out."


@dataclass(frozen=True, kw_only=True)
class DisplayImage:
    """An image before its grey window, for a viewer that moves the window.

    Attributes:
        values: float32 `[H, W]` after the modality LUT, or `[H, W, 3]` in 0..1 for colour.
        window_center: Centre of the first window (from the file, or from percentiles).
        window_width: Its width, greater than 0.
        inverted: MONOCHROME1: to be inverted after the window.
        presets: All windows of the file, with their names.
    """

    values: Values
    window_center: float
    window_width: float
    inverted: bool
    presets: tuple[Window, ...]


def read_image(path: Path, frame: int = 0, *, window: str = "file") -> Values:
    """Read one image as a person would see it.

    Args:
        path: A DICOM, PNG, JPEG, TIFF, BMP, NIfTI or MedMNIST file.
        frame: Which of its images, from 0.
        window: "file" (VOI LUT or window of the header, percentiles where there is none), "percentile", or one of `CT_WINDOWS`.

    Returns:
        float32 `[H, W]`, or `[H, W, 3]` for colour, in 0..1, black 0.

    Raises:
        SourceError: The file cannot be read or decoded, or all its pixels are equal.
    """
    one = read_frame(path, frame)
    if one.values.ndim == 3:
        return one.values
    shown = _through_window(one, window)
    return 1 - shown if one.inverted else shown


def _through_window(one: Frame, window: str) -> Values:
    """0..1 before polarity."""
    if window in CT_WINDOWS:
        center, width = CT_WINDOWS[window]
        return _between(one.values, center - width / 2, center + width / 2)
    shown = None if window == "percentile" else dicom_frames.windowed(one)
    if shown is not None:
        return shown
    low, high = np.percentile(one.content(), PERCENTILES)
    return _between(one.values, float(low), float(high))


def read_display(path: Path, frame: int = 0) -> DisplayImage:
    """Read one image for a viewer with window and level.

    Raises:
        SourceError: As `read_image`.
    """
    one = read_frame(path, frame)
    low, high = (float(v) for v in np.percentile(one.content(), PERCENTILES))
    own = Window(name="percentiles", center=(low + high) / 2, width=max(high - low, 1e-6))
    first = one.windows[0] if one.windows else own
    return DisplayImage(
        values=one.values,
        window_center=first.center,
        window_width=first.width,
        inverted=one.inverted,
        presets=(*one.windows, own),
    )


def read_frame(path: Path, frame: int = 0) -> Frame:
    """Decode one image to values after the modality LUT; every failure becomes a `SourceError` that names the file.

    Raises:
        SourceError: As `read_image`.
    """
    try:
        with path.open("rb") as stream:
            kind = kind_of(stream.read(HEAD))
        one = _decode(path, frame, kind)
    except SourceError:
        raise
    except OSError as error:
        raise SourceError(
            f"{path.name} cannot be read: {error.strerror or error}.",
            "Check that its disk or share is connected.",
        ) from error
    except Exception as error:
        # Decoders raise anything on damaged bytes; the caller names the file and goes on.
        raise SourceError(
            f"{path.name} cannot be decoded ({type(error).__name__}: {str(error)[:160]}).", _REMEDY
        ) from error
    if one.values.size == 0 or float(one.values.min()) == float(one.values.max()):
        raise SourceError(
            f"All pixels of {path.name} are equal: it is empty, or its decoder failed silently.",
            _REMEDY,
        )
    return one


def _decode(path: Path, frame: int, kind: str) -> Frame:
    if kind in PICTURE_KINDS:
        return _picture(path, frame)
    if kind == ARCHIVE:
        return _eight_bit(read_row(path, frame))
    if kind == VOLUME:
        return _volume(path, frame)
    return dicom_frames.decode(path, frame)


def _volume(path: Path, frame: int) -> Frame:
    values, low, high = run_apart(decode_slice, path, frame)
    whole = Window(
        name="percentiles of the volume", center=(low + high) / 2, width=max(high - low, 1e-6)
    )
    return Frame(values=values, windows=(whole,), function="LINEAR_EXACT")


def _picture(path: Path, frame: int) -> Frame:
    """A PNG, JPEG, TIFF or BMP file."""
    with Image.open(path) as image:
        if image.width * image.height > LARGEST_PIXELS:
            raise SourceError(
                f"{path.name} claims {image.width} x {image.height} pixels.", "Leave it out."
            )
        image.seek(frame)
        return _picture_frame(image)


def _picture_frame(image: Image.Image) -> Frame:
    if image.mode.startswith(
        ("I", "F")
    ):  # 16 bit and more: nothing says which part of the range is used
        return Frame(values=np.asarray(image, dtype=np.float32))
    return _eight_bit(np.asarray(image.convert("RGB")))


def _eight_bit(stored: npt.NDArray[np.uint8]) -> Frame:
    """Pixels of 8 bits, shown as they are; colour of equal channels is grey."""
    if stored.ndim == 3 and (stored == stored[..., :1]).all():
        stored = np.ascontiguousarray(stored[..., 0])
    whole = Window(name="all values", center=0.5, width=1.0)
    values = np.asarray(stored / np.float32(255), dtype=np.float32)
    return Frame(values=values, windows=(whole,), function="LINEAR_EXACT")


def _between(values: npt.NDArray[Any], low: float, high: float) -> Values:
    width = high - low if high > low else 1.0
    return np.asarray(np.clip((values - low) / width, 0, 1), dtype=np.float32)
