"""One small picture of one image, for a grid. A bare array: nothing of the source file's text comes with it."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from meddistill_gui.data.formats.reading import read_image
from meddistill_gui.data.images.squares import to_square, to_stored


def thumbnail(path: Path, frame: int, side: int) -> npt.NDArray[np.uint8]:
    """Draw one thumbnail; the caller keeps it.

    Args:
        path: Source file.
        frame: Which of its images, from 0.
        side: Pixels of a side (S).

    Returns:
        uint8 `[S, S]`, or `[S, S, 3]` for colour; padded with black to a square.

    Raises:
        SourceError: The image cannot be read.
    """
    values = read_image(path, frame)
    if values.ndim == 2:
        return to_stored(to_square(values, side, "pad", 1)[0])
    return np.ascontiguousarray(to_stored(to_square(values, side, "pad", 3)).transpose(1, 2, 0))
