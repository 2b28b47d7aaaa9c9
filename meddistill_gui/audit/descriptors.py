"""What the copy search compares: an image in one band, with brightness, contrast and the average patient taken away.

The order matters: z-normalise, low-pass, z-normalise again, subtract the mean training image of that band, scale to unit
length. With the mean taken away first, a copy of changed contrast went unseen.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

_LEVELS: Final = 256
_FLAT: Final = 1e-6
_BLOCK: Final = 1024


@dataclass(frozen=True, kw_only=True)
class Descriptor:
    """Turns images into unit vectors whose inner product is the similarity ρ.

    Attributes:
        band: Standard deviation of the low-pass, in pixels of a 32 x 32 image.
        side: Largest side that is compared; more pixels are averaged away after the low-pass.
        ranked: Whether pixel values give way to their ranks first (then gamma and windows change nothing).
        mean: float32 `[D]`, mean vector of the training images.
    """

    band: float
    side: int
    ranked: bool
    mean: Tensor

    def __call__(self, images: Tensor) -> Tensor:
        """float32 `[N, C, S, S]` to float32 `[N, D]`; an image without content becomes the zero vector."""
        return self.of(equalised(images) if self.ranked else standardised(images))

    def of(self, prepared: Tensor) -> Tensor:
        """The same for images that are standardised or equalised already."""
        return self.beside(self.rows(prepared), self.mean)

    def rows(self, prepared: Tensor) -> Tensor:
        """What is compared, before the mean is taken away: float32 `[N, D]`."""
        return _banded(prepared, self.band, self.side)

    def beside(self, rows: Tensor, mean: Tensor) -> Tensor:
        """`rows` as unit vectors, once a mean is taken away."""
        content = rows.abs().amax(1, keepdim=True) > 0
        return F.normalize((rows - mean) * content, dim=1, eps=_FLAT)


def averaged(training: Tensor, band: float, side: int, *, ranked: bool) -> Descriptor:
    """The descriptor whose mean is that of the training images, which are looked at in blocks.

    Args:
        training: float32 `[N, C, S, S]`.
        band: See `Descriptor`.
        side: See `Descriptor`.
        ranked: See `Descriptor`.
    """
    total: Tensor | None = None
    for start in range(0, len(training), _BLOCK):
        block = training[start : start + _BLOCK]
        prepared = equalised(block) if ranked else standardised(block)
        part = _banded(prepared, band, side).sum(0, dtype=torch.float64)
        total = part if total is None else total + part
    if total is None:
        raise ValueError("no training images")
    mean = (total / len(training)).float()
    return Descriptor(band=band, side=side, ranked=ranked, mean=mean)


def fitted(training: Tensor, band: float, side: int, *, ranked: bool) -> tuple[Descriptor, Tensor]:
    """The descriptor whose mean is that of the training images, and their rows.

    Args:
        training: float32 `[N, C, S, S]`.
        band: See `Descriptor`.
        side: See `Descriptor`.
        ranked: See `Descriptor`.

    Returns:
        The descriptor, and float32 `[N, D]`, the training images' unit vectors.
    """
    descriptor = averaged(training, band, side, ranked=ranked)
    return descriptor, descriptor(training)


def standardised(images: Tensor) -> Tensor:
    """Each image with mean 0 and standard deviation 1; a flat one becomes zero. `[N, C, S, S]`."""
    rows = images.flatten(1)
    centred = rows - rows.mean(1, keepdim=True)
    deviation = centred.square().mean(1, keepdim=True).sqrt()
    flat = deviation <= _FLAT * rows.abs().amax(1, keepdim=True).clamp_min(1.0)
    return (centred / deviation.masked_fill(flat, 1.0)).masked_fill(flat, 0.0).view_as(images)


def equalised(images: Tensor) -> Tensor:
    """Each pixel's rank within its image (ties share the middle rank), standardised. `[N, C, S, S]`."""
    rows = images.flatten(1)
    low, high = rows.amin(1, keepdim=True), rows.amax(1, keepdim=True)
    scale = (_LEVELS - 1) / (high - low).clamp_min(_FLAT)
    level = ((rows - low) * scale).round().long()
    counts = rows.new_zeros(len(rows), _LEVELS).scatter_add_(1, level, torch.ones_like(rows))
    middle = counts.cumsum(1) - counts / 2
    return standardised(middle.gather(1, level).view_as(images))


def low_passed(images: Tensor, band: float) -> Tensor:
    """Gaussian low-pass; `band` is its standard deviation in pixels of a 32 x 32 image. `[N, C, S, S]`."""
    if band == 0:
        return images
    blur = _blur(images.shape[-1], band).T.to(images.device)
    # one large product instead of many small ones: the filter stands on the right both times
    return ((images @ blur).mT.contiguous() @ blur).mT


def reduced(images: Tensor, side: int) -> Tensor:
    """Images of at most this side, by averaging areas; smaller ones stay as they are. `[N, C, S, S]`."""
    if images.shape[-1] <= side:
        return images
    return F.adaptive_avg_pool2d(images, side)


def _banded(prepared: Tensor, band: float, side: int) -> Tensor:
    return standardised(reduced(low_passed(prepared, band), side)).flatten(1)


@lru_cache(maxsize=32)
def _blur(side: int, band: float) -> Tensor:
    """Rows of a Gaussian filter that sum to one also at the border, float32 `[side, side]`."""
    deviation = band * side / 32
    position = torch.arange(side, dtype=torch.float64)
    weight = torch.exp(-((position[:, None] - position[None]) ** 2) / (2 * deviation**2))
    weight[weight < _FLAT] = 0.0  # denormal numbers would make every product ten times slower
    return (weight / weight.sum(1, keepdim=True)).float()
