"""Where a sliding window stands on an image, and which class each place has. Needs regions and sizes, never a pixel.

Places are numbered by rows from the upper left corner; what is left over at the right and lower edge is not covered (paper D:
2048 pixels, window 299, stride 50 give 35 x 35 places). Imports no pydicom: the window draws its preview with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meddistill_gui.core.configs.patches import PatchesConfig
from meddistill_gui.core.patch_set import UNDECIDED
from meddistill_gui.data.patches.regions import Mask, Region, inside


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The places of the window on one image.

    Attributes:
        position: int64 `[N, 2]`, row and column of each place's upper left pixel.
        classes: int64 `[N]`, index into `core.patch_set.PATCH_CLASSES`, or `UNDECIDED`.
    """

    position: npt.NDArray[np.int64]
    classes: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.position)


def starts(length: int, size: int, stride: int) -> npt.NDArray[np.int64]:
    """First pixel of every place along one side; empty where the window does not fit."""
    return np.arange(0, length - size + 1, stride, dtype=np.int64)


def shares(mask: Mask, size: int, stride: int) -> npt.NDArray[np.float64]:
    """Share of each window that lies in the mask, `[rows, columns]` in 0..1."""
    rows, columns = (starts(side, size, stride) for side in mask.shape)
    down = np.zeros((mask.shape[0] + 1, mask.shape[1]), dtype=np.int64)
    np.cumsum(mask, axis=0, out=down[1:])
    strips = down[rows + size] - down[rows]
    across = np.zeros((len(rows), mask.shape[1] + 1), dtype=np.int64)
    np.cumsum(strips, axis=1, out=across[:, 1:])
    return (across[:, columns + size] - across[:, columns]) / float(size * size)


def lay_grid(
    config: PatchesConfig,
    width: int,
    height: int,
    regions: Sequence[Region],
    *,
    positive: bool,
) -> Grid:
    """Lay the window over one image.

    Args:
        config: Size, stride and the two shares.
        width: Columns of the image.
        height: Rows of the image.
        regions: Its regions; without any, every place is undecided: nobody said what is outside.
        positive: Whether the image is of the positive class.
    """
    rows, columns = (starts(side, config.size, config.stride) for side in (height, width))
    position = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    classes = np.full(len(position), UNDECIDED, dtype=np.int64)
    if regions and len(position):
        share = shares(inside(regions, width, height), config.size, config.stride).ravel()
        classes[share < config.outside] = 0
        classes[share > config.inside] = 2 if positive else 1
    return Grid(position=position, classes=classes)
