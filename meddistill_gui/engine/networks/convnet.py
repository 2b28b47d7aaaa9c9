"""ConvNet: the small network of the dataset-distillation literature (Gidaris & Komodakis 2018; arXiv 2006.05929, section 4).

Each block is 3 x 3 convolution, instance norm with learned scale and shift, ReLU, 2 x 2 average pooling; one linear
layer follows. The public code pads the first convolution by 3 when images have one channel; here the padding is always 1.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F
from typing_extensions import override

from meddistill_gui.engine.networks.instance_norm import instance_norm
from meddistill_gui.engine.networks.network import Network

_KERNEL: Final = 3
_LARGE: Final = (
    1 << 20
)  # numbers in a block's maps from which the written-out norm is faster (its module says how much)
_Norm = Callable[[Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True, kw_only=True)
class _Part:
    """One tensor of the flat vector: its shape and how it is drawn at the start."""

    shape: tuple[int, ...]
    bound: float = 0.0  # uniform in (-bound, bound); 0 takes `constant`
    constant: float = 0.0


class ConvNet(Network):
    """ConvNet on a flat parameter vector.

    Args:
        depth: Number of blocks; each halves height and width (rounding down).
        width: Channels of every block.
        channels: Channels of the images.
        size: Side of the square images in pixels.
        classes: Number of classes.

    Raises:
        ValueError: The images are too small for so many blocks.
    """

    def __init__(self, *, depth: int, width: int, channels: int, size: int, classes: int) -> None:
        if size >> depth < 1 or size >> (depth - 1) < 2:
            raise ValueError(f"{size} x {size} pixels are too few for {depth} blocks")
        self._depth = depth
        self._parts = _layout(depth, width, channels, size, classes)
        self._lengths = [math.prod(part.shape) for part in self._parts]

    @property
    @override
    def parameter_count(self) -> int:
        return sum(self._lengths)

    @property
    @override
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        return tuple(part.shape for part in self._parts)

    @override
    def initial(self, generator: torch.Generator) -> Tensor:
        return torch.cat([_drawn(part, generator).flatten() for part in self._parts])

    @override
    def logits(self, theta: Tensor, images: Tensor) -> Tensor:
        return self._scores(theta, images, _torch_norm)

    @override
    def twice_differentiable_logits(self, theta: Tensor, images: Tensor) -> Tensor:
        return self._scores(theta, images, _norm_to_differentiate_twice)

    @override
    def features(self, theta: Tensor, images: Tensor) -> Tensor:
        return self._blocks(self._unflatten(theta), images, _torch_norm)

    def _scores(self, theta: Tensor, images: Tensor, norm: _Norm) -> Tensor:
        tensors = self._unflatten(theta)
        return F.linear(self._blocks(tensors, images, norm), tensors[-2], tensors[-1])

    def _unflatten(self, theta: Tensor) -> list[Tensor]:
        pieces = torch.split(theta, self._lengths)
        return [piece.view(part.shape) for piece, part in zip(pieces, self._parts, strict=True)]

    def _blocks(self, tensors: list[Tensor], images: Tensor, norm: _Norm) -> Tensor:
        maps = images
        for block in range(self._depth):
            kernel, bias, scale, shift = tensors[4 * block : 4 * block + 4]
            maps = F.conv2d(maps, kernel, bias, padding=_KERNEL // 2)
            maps = F.avg_pool2d(F.relu(norm(maps, scale, shift)), 2)
        return maps.flatten(1)


def _torch_norm(maps: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    return F.group_norm(maps, len(scale), scale, shift)  # a group per channel: instance norm


def _norm_to_differentiate_twice(maps: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    norm = instance_norm if maps.numel() >= _LARGE else _torch_norm
    return norm(maps, scale, shift)


def _layout(depth: int, width: int, channels: int, size: int, classes: int) -> list[_Part]:
    parts: list[_Part] = []
    incoming = channels
    for _ in range(depth):
        bound = 1.0 / math.sqrt(incoming * _KERNEL**2)
        parts += [
            _Part(shape=(width, incoming, _KERNEL, _KERNEL), bound=bound),
            _Part(shape=(width,), bound=bound),
            _Part(shape=(width,), constant=1.0),
            _Part(shape=(width,), constant=0.0),
        ]
        incoming = width
    features = width * (size >> depth) ** 2
    bound = 1.0 / math.sqrt(features)
    return [
        *parts,
        _Part(shape=(classes, features), bound=bound),
        _Part(shape=(classes,), bound=bound),
    ]


def _drawn(part: _Part, generator: torch.Generator) -> Tensor:
    """PyTorch's default: Kaiming-uniform with a = sqrt(5), which is uniform within 1 / sqrt(fan in)."""
    if part.bound == 0.0:
        return torch.full(part.shape, part.constant)
    return torch.empty(part.shape).uniform_(-part.bound, part.bound, generator=generator)
