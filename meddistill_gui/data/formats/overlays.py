"""Overlay planes of a DICOM file (PS3.3 C.9.2): drawings and words that lie over the image. They never go into a network's input.

Shown so that a person sees what else the file carries; what an old file hides in unused bits of its pixels (retired) is not read.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset

from meddistill_gui.core.errors import SourceError
from meddistill_gui.data.formats.headers import LARGEST_PIXELS
from meddistill_gui.data.formats.sniffing import ARCHIVE, HEAD, PICTURE_KINDS, VOLUME, kind_of

_WITHOUT: Final = PICTURE_KINDS | {ARCHIVE, VOLUME}

Mask = npt.NDArray[np.bool_]


def read_overlay(path: Path, frame: int = 0) -> Mask | None:
    """All overlay planes of one image, put together.

    Args:
        path: A source file.
        frame: Which of its images, from 0.

    Returns:
        bool `[H, W]`, True where something is drawn; None where the file has no overlay for this image.

    Raises:
        SourceError: The file cannot be read, or its overlay is damaged.
    """
    try:
        with path.open("rb") as stream:
            if kind_of(stream.read(HEAD)) in _WITHOUT:
                return None
            stream.seek(0)
            dataset = pydicom.dcmread(stream, force=True, stop_before_pixels=True)
        return _together(dataset, frame)
    except OSError as error:
        raise SourceError(
            f"{path.name} cannot be read: {error.strerror or error}.",
            "Check that its disk or share is connected.",
        ) from error
    except Exception as error:
        # pydicom raises anything on damaged bytes
        raise SourceError(
            f"The overlay of {path.name} cannot be read ({type(error).__name__}).",
            "Look at the image without it.",
        ) from error


def _together(dataset: Dataset, frame: int) -> Mask | None:
    height, width = int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0)
    if not 0 < height * width <= LARGEST_PIXELS:
        return None
    drawn = [
        plane
        for group in _groups(dataset)
        if (plane := _plane(dataset, group, frame, (height, width))).any()
    ]
    return np.logical_or.reduce(drawn) if drawn else None


def _groups(dataset: Dataset) -> list[int]:
    """Groups 6000, 6002 ... 601E that hold overlay data."""
    return [group for group in range(0x6000, 0x6020, 2) if (group, 0x3000) in dataset]


def _plane(dataset: Dataset, group: int, frame: int, shape: tuple[int, int]) -> Mask:
    """One plane at its place on the image; empty where it does not belong to this frame."""
    stored = np.asarray(dataset.overlay_array(group), dtype=bool)
    if stored.ndim == 3:
        place = frame - int(_value(dataset, group, 0x0051, 1)) + 1
        stored = stored[place] if 0 <= place < len(stored) else np.zeros((0, 0), dtype=bool)
    origin = _value(dataset, group, 0x0050, (1, 1))
    return _placed(stored, (int(origin[0]) - 1, int(origin[1]) - 1), shape)


def _value(dataset: Dataset, group: int, element: int, otherwise: Any) -> Any:
    found = dataset[group, element].value if (group, element) in dataset else None
    return otherwise if found is None else found


def _placed(plane: Mask, origin: tuple[int, int], shape: tuple[int, int]) -> Mask:
    """The plane moved to its origin and cut at the image's edges."""
    placed = np.zeros(shape, dtype=bool)
    (top, left), (height, width) = origin, plane.shape
    rows = slice(max(0, top), min(shape[0], top + height))
    columns = slice(max(0, left), min(shape[1], left + width))
    if rows.start < rows.stop and columns.start < columns.stop:
        placed[rows, columns] = plane[
            rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
        ]
    return placed
