"""Square pieces (patches) of large images, cut by a sliding window: what a classifier of patches learns from and votes over."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.core.real_images import RealImages

OUTSIDE: Final = "outside"
INSIDE_NEGATIVE: Final = "inside-negative"
INSIDE_POSITIVE: Final = "inside-positive"
PATCH_CLASSES: Final = (OUTSIDE, INSIDE_NEGATIVE, INSIDE_POSITIVE)
"""Classes of patches (paper D): outside the region, inside it in a negative image, inside it in a positive one."""

UNDECIDED: Final = -1
"""Label of a patch that is neither outside nor inside: never trained on, but voted over like all others."""


@dataclass(frozen=True, kw_only=True)
class PatchSet:
    """The patches of one role of the split, with where each comes from.

    Attributes:
        patches: The patches as images uint8 `[N, C, S, S]` of the classes `PATCH_CLASSES`, with patients and ids of the
            images that they were cut from; `images` may be a read-only memory map. Training and hold-out sets hold decided
            patches only; validation and test sets hold every place of the window, some of them `UNDECIDED`.
        image: int64 `[N]`, the image that a patch was cut from, index into `image_labels`.
        position: int64 `[N, 2]`, row and column of a patch's upper left corner in that image, in its pixels.
        image_labels: int64 `[I]`, 0 where an image is negative and 1 where it is positive.
    """

    patches: RealImages
    image: npt.NDArray[np.int64]
    position: npt.NDArray[np.int64]
    image_labels: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        count = len(self.patches)
        if self.image.shape != (count,) or self.position.shape != (count, 2):
            raise ValueError(f"{self.image.shape} and {self.position.shape} for {count} patches")
        if count and not 0 <= self.image.min() <= self.image.max() < len(self.image_labels):
            raise ValueError("a patch belongs to an image that is not there")
        if not np.isin(self.image_labels, (0, 1)).all():
            raise ValueError("images are negative (0) or positive (1)")

    def __len__(self) -> int:
        return len(self.patches)
