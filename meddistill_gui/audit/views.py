"""The views under which a copy is searched for: mirrored, scaled, shifted, turned (34 of them)."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

_SCALES: Final = (0.9, 1.0, 1.1)
_SHIFT: Final = 0.05
_SHIFTS: Final = ((0.0, 0.0), (_SHIFT, 0.0), (-_SHIFT, 0.0), (0.0, _SHIFT), (0.0, -_SHIFT))
_DEGREES: Final = (-5.0, 5.0)


@dataclass(frozen=True, kw_only=True)
class View:
    """One way of looking at an image.

    Attributes:
        mirrored: Whether left and right change places.
        scale: Above 1 enlarges.
        shift: To the right and down, share of the side.
        degrees: Turned by this much.
    """

    mirrored: bool = False
    scale: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    degrees: float = 0.0

    def apply(self, images: Tensor) -> Tensor:
        """float32 `[N, C, S, S]`, bilinear; what comes in from outside repeats the border."""
        if self == View():
            return images
        if self == View(mirrored=True):
            return images.flip(3)
        matrix = self._matrix().to(images.device).expand(len(images), 2, 3)
        grid = F.affine_grid(matrix, list(images.shape), align_corners=False)
        return F.grid_sample(images, grid, padding_mode="border", align_corners=False)

    def upright(self) -> "View":
        """The view that this one mirrors: seeing an image in it and then swapping left and right is the same; itself where it is not mirrored."""
        return (
            View(scale=self.scale, shift=(-self.shift[0], self.shift[1]), degrees=self.degrees)
            if self.mirrored
            else self
        )

    def words(self) -> str:
        """For the report, e.g. "mirrored, 1.1 times"."""
        return ", ".join(self._parts()) or "as it is"

    def _parts(self) -> Iterator[str]:
        if self.mirrored:
            yield "mirrored"
        if self.scale != 1.0:
            yield f"{self.scale:g} times"
        if self.shift != (0.0, 0.0):
            yield f"shifted by {self.shift[0]:+.0%} and {self.shift[1]:+.0%}"
        if self.degrees:
            yield f"turned by {self.degrees:+g} degrees"

    def _matrix(self) -> Tensor:
        """Where each output pixel is read from, in units of half the side (`affine_grid`)."""
        angle = math.radians(self.degrees)
        cos, sin = math.cos(angle) / self.scale, math.sin(angle) / self.scale
        sign = -1.0 if self.mirrored else 1.0
        dx, dy = 2 * self.shift[0], 2 * self.shift[1]
        return torch.tensor([[sign * cos, sin, -sign * dx], [-sign * sin, cos, -dy]])


VIEWS: Final = tuple(
    View(mirrored=mirrored, scale=scale, shift=shift)
    for mirrored in (False, True)
    for scale in _SCALES
    for shift in _SHIFTS
) + tuple(
    View(mirrored=mirrored, degrees=degrees) for mirrored in (False, True) for degrees in _DEGREES
)
