"""Differentiable augmentation that is drawn once and can be replayed (DSA, Zhao & Bilen 2021, arXiv 2102.08259).

Each image gets one of the preset's changes, drawn uniformly (DSA's mode "S", per image). `draw` holds the randomness,
`apply` has none: the same draw on the same images gives the same bytes. All changes are affine in the pixels, so only
their transpose is needed on the way back, also under a second derivative.

Presets:
    none        nothing.
    radiograph  brightness and contrast, shift, scale, rotation up to 10 degrees; no flip (left and right differ in a
                body) and no cutout (it may hide a small lesion). The choice is ours, as are the next three.
    tomography  CT and MR slices: brightness and contrast by a little (grey values mean something there), shift, scale, rotation up
                to 10 degrees; no flip, no cutout.
    microscopy  slides have no upright position and one magnification: colour (stains differ), quarter turns and mirror
                images, shift; no scale.
    endoscopy   the camera turns freely and comes near: colour, shift, scale, any rotation, mirror images; no cutout.
    natural     as published: colour, shift, cutout, flip, scale, rotation up to 15 degrees.

Images are normalised, so what is moved in from outside is 0: the training images' mean.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

_BRIGHTNESS: Final = 0.5  # added: uniform in +- this
_SHIFT: Final = 0.125  # of the side
_SCALE: Final = 1.2  # uniform in 1/1.2 .. 1.2 for each axis
_CUTOUT: Final = 0.5  # of the side
_LITTLE: Final = 0.4  # of the usual change of brightness and contrast


@dataclass(frozen=True)
class Draw:
    """The changes of N images, plain tensors.

    Attributes:
        affine: float32 `[N, 2, 3]`, where each output pixel is read from, in -1..1 coordinates.
        brightness: float32 `[N]`, added.
        saturation: float32 `[N]`, factor on the difference to the channels' mean.
        contrast: float32 `[N]`, factor on the difference to the image's mean.
        cutout: float32 `[N, 4]`, first and last row, first and last column set to 0; empty if last < first.
        moves: Whether any `affine` is more than the identity.
        colours: Whether any brightness, saturation or contrast does something.
        cuts: Whether any `cutout` does something.
    """

    affine: Tensor
    brightness: Tensor
    saturation: Tensor
    contrast: Tensor
    cutout: Tensor
    moves: bool = False
    colours: bool = False
    cuts: bool = False

    def __len__(self) -> int:
        return len(self.affine)

    def to(self, device: torch.device) -> "Draw":
        """The same draw on a device."""
        return self._each(lambda tensor: tensor.to(device))

    def part(self, first: int, last: int) -> "Draw":
        """The draw of images `first` up to, not including, `last`."""
        return self._each(lambda tensor: tensor[first:last])

    def repeated(self, times: int) -> "Draw":
        """Each draw for `times` images in a row: Siamese augmentation of images that are sorted by class."""
        return self._each(lambda tensor: tensor.repeat_interleave(times, dim=0))

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Draw":
        return replace(
            self,
            affine=change(self.affine),
            brightness=change(self.brightness),
            saturation=change(self.saturation),
            contrast=change(self.contrast),
            cutout=change(self.cutout),
        )


def draw(preset: str, count: int, size: int, generator: torch.Generator) -> Draw:
    """Draw the changes of `count` images of `size` x `size` pixels.

    Args:
        preset: A name in `PRESETS`.
        count: Number of images N.
        size: Side in pixels.
        generator: A CPU generator; it alone decides.

    Raises:
        ValueError: The preset is unknown.
    """
    if preset not in PRESETS:
        raise ValueError(f"no augmentation preset {preset!r}; known: {', '.join(PRESETS)}")
    changes = PRESETS[preset]
    drawn = _unchanged(count)
    if not changes or count == 0:
        return drawn
    chosen = torch.randint(len(changes), (count,), generator=generator)
    for number, change in enumerate(changes):
        uniform = torch.rand(
            count, 3, generator=generator
        )  # always drawn: one image's draw is no other's business
        change(drawn, chosen == number, uniform, size)
    return replace(
        drawn,
        moves=any(change in _MOVES for change in changes),
        colours=any(change in _COLOURS for change in changes),
        cuts=_cutout in changes,
    )


def apply(images: Tensor, draw: Draw) -> Tensor:
    """Change images as drawn: pure, differentiable, replayable.

    Args:
        images: `[N, C, S, S]`, normalised, float32 or float64.
        draw: Changes of as many images, on the same device.
    """
    if draw.colours:
        images = _coloured(images, draw)
    if draw.moves:
        grid = F.affine_grid(draw.affine.to(images), list(images.shape), align_corners=False)
        images = F.grid_sample(images, grid, mode="bilinear", align_corners=False)
    return images * _kept(draw, images) if draw.cuts else images


def _coloured(images: Tensor, draw: Draw) -> Tensor:
    brightness, saturation, contrast = (
        value.to(images).view(-1, 1, 1, 1)
        for value in (draw.brightness, draw.saturation, draw.contrast)
    )
    images = images + brightness
    if images.shape[1] > 1:  # grey images have no saturation
        mean = images.mean(dim=1, keepdim=True)
        images = (images - mean) * saturation + mean
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return (images - mean) * contrast + mean


def _kept(draw: Draw, images: Tensor) -> Tensor:
    """1 outside the cut square, 0 inside: `[N, 1, S, S]`."""
    place = torch.arange(images.shape[-1], device=images.device)
    top, bottom, left, right = draw.cutout.unsqueeze(-1).unbind(1)
    rows, columns = (place >= top) & (place <= bottom), (place >= left) & (place <= right)
    return (~(rows.unsqueeze(2) & columns.unsqueeze(1))).unsqueeze(1).to(images.dtype)


def _unchanged(count: int) -> Draw:
    return Draw(
        affine=torch.eye(2, 3).repeat(count, 1, 1),
        brightness=torch.zeros(count),
        saturation=torch.ones(count),
        contrast=torch.ones(count),
        cutout=torch.tensor([0.0, -1.0, 0.0, -1.0]).repeat(count, 1),
    )


# A change writes its numbers into the rows `which` (bool `[N]`) of a draw in the making, from uniform numbers `[N, 3]`.
_Change = Callable[[Draw, Tensor, Tensor, int], None]


def _colour(making: Draw, which: Tensor, uniform: Tensor, size: int) -> None:  # noqa: ARG001 - a _Change
    making.brightness[which] = (2 * uniform[which, 0] - 1) * _BRIGHTNESS
    making.saturation[which] = 2 * uniform[which, 1]
    making.contrast[which] = uniform[which, 2] + 0.5


def _light(making: Draw, which: Tensor, uniform: Tensor, size: int) -> None:  # noqa: ARG001 - a _Change
    making.brightness[which] = _LITTLE * (2 * uniform[which, 0] - 1) * _BRIGHTNESS
    making.contrast[which] = 1 + _LITTLE * (uniform[which, 2] - 0.5)


def _shift(making: Draw, which: Tensor, uniform: Tensor, size: int) -> None:
    reach = math.floor(_SHIFT * size + 0.5)
    pixels = torch.floor(uniform[which, :2] * (2 * reach + 1)) - reach  # whole pixels
    making.affine[which, :, 2] = 2.0 * pixels / size


def _scale(making: Draw, which: Tensor, uniform: Tensor, size: int) -> None:  # noqa: ARG001 - a _Change
    factors = 1 / _SCALE + uniform[which, :2] * (_SCALE - 1 / _SCALE)
    making.affine[which, :, :2] = torch.diag_embed(1.0 / factors)


def _rotation(degrees: float) -> _Change:
    def rotate(making: Draw, which: Tensor, uniform: Tensor, size: int) -> None:  # noqa: ARG001 - a _Change
        angle = (2 * uniform[which, 0] - 1) * math.radians(degrees)
        cosine, sine = torch.cos(angle), torch.sin(angle)
        rows = [torch.stack([cosine, -sine], dim=1), torch.stack([sine, cosine], dim=1)]
        making.affine[which, :, :2] = torch.stack(rows, dim=1)

    return rotate


def _flip(making: Draw, which: Tensor, uniform: Tensor, size: int) -> None:  # noqa: ARG001 - a _Change
    making.affine[which, 0, 0] = torch.where(uniform[which, 0] < 0.5, -1.0, 1.0)


def _turn(making: Draw, which: Tensor, uniform: Tensor, size: int) -> None:  # noqa: ARG001 - a _Change
    """One of the eight ways to lay a square down: exact, no pixel is mixed with another."""
    quarter = torch.floor(uniform[which, 0] * 4)
    cosine = torch.round(torch.cos(quarter * (math.pi / 2)))
    sine = torch.round(torch.sin(quarter * (math.pi / 2)))
    mirror = torch.where(uniform[which, 1] < 0.5, -1.0, 1.0)
    rows = [torch.stack([mirror * cosine, -sine], 1), torch.stack([mirror * sine, cosine], 1)]
    making.affine[which, :, :2] = torch.stack(rows, dim=1)


def _cutout(making: Draw, which: Tensor, uniform: Tensor, size: int) -> None:
    side = math.floor(_CUTOUT * size + 0.5)
    centre = torch.floor(uniform[which, :2] * size)
    first, last = centre - side // 2, centre - side // 2 + side - 1
    making.cutout[which] = torch.stack([first[:, 0], last[:, 0], first[:, 1], last[:, 1]], dim=1)


_rotate_little, _rotate, _rotate_freely = _rotation(10.0), _rotation(15.0), _rotation(180.0)
_COLOURS: Final = (_colour, _light)
_MOVES: Final = (_shift, _scale, _rotate_little, _rotate, _rotate_freely, _turn, _flip)

PRESETS: Final[Mapping[str, tuple[_Change, ...]]] = {
    "none": (),
    "radiograph": (_colour, _shift, _scale, _rotate_little),
    "tomography": (_light, _shift, _scale, _rotate_little),
    "microscopy": (_colour, _turn, _shift),
    "endoscopy": (_colour, _shift, _scale, _rotate_freely, _flip),
    "natural": (_colour, _shift, _cutout, _flip, _scale, _rotate),
}
