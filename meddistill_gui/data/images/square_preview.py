"""One image before and after its way to the network: exactly what the pixel cache would hold of it (`pixels`)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from meddistill_gui.core.configs.distill import ImagesConfig
from meddistill_gui.data.formats.reading import read_image
from meddistill_gui.data.images.squares import to_square, to_stored

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class SquarePreview:
    """An image before and after.

    Attributes:
        before: uint8 `[H, W]` or `[H, W, 3]`: the whole image through the grey window of the file, as a person sees it.
        after: uint8 `[S, S]` or `[S, S, 3]`: what a network sees.
    """

    before: Pixels
    after: Pixels


def preview_square(path: Path, frame: int, images: ImagesConfig) -> SquarePreview:
    """Read one image and bring it to the network's size.

    Raises:
        SourceError: The image cannot be read.
    """
    values = read_image(path, frame, window=images.window)
    square = to_stored(to_square(values, images.size, images.fit, images.channels))
    after = square[0] if images.channels == 1 else np.ascontiguousarray(square.transpose(1, 2, 0))
    return SquarePreview(before=to_stored(read_image(path, frame)), after=after)
