"""Batch normalisation with explicit statistics: nothing is remembered from one batch to the next.

torch's own layer keeps running means of what it saw, which makes a network's answer depend on its history, and which are
statistics of real patients where it saw real patients. Here a batch is normalised by its own mean and variance, or by
statistics that are handed in; either way the result is a differentiable function of what goes in.
"""

import torch
from torch import Tensor, nn
from typing_extensions import override

from meddistill_gui.engine.networks.network import OneValueError


class Statistics:
    """What the normalisations of one pass through a network use, in the order in which they are passed.

    Args:
        given: Means and variances `[Q]` of all of them, mean before variance; None takes each batch's own.

    Attributes:
        taken: Means and variances of the batch that went through, `[2 C]` per layer; empty where they were given.
    """

    def __init__(self, given: Tensor | None = None) -> None:
        self._given = given
        self._place = 0
        self.taken: list[Tensor] = []

    def of(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and (biased) variance of each channel of maps `[B, C, H, W]`.

        Raises:
            OneValueError: A channel has a single value, so its variance says nothing.
        """
        channels = maps.shape[1]
        if self._given is not None:
            own = self._given[self._place : self._place + 2 * channels]
            self._place += 2 * channels
            return own[:channels], own[channels:]
        if maps.numel() == channels:
            raise OneValueError
        mean = maps.mean(dim=(0, 2, 3))
        variance = (maps - mean.view(-1, 1, 1)).square().mean(dim=(0, 2, 3))
        self.taken.append(torch.cat([mean, variance]))
        return mean, variance


class ExplicitBatchNorm(nn.Module):
    """Batch normalisation with learned scale and shift; `statistics` is set before each pass.

    Args:
        channels: Channels of the maps.
        epsilon: Added to the variance.
    """

    def __init__(self, channels: int, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.channels = channels
        self.epsilon = epsilon
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.statistics = Statistics()

    @override
    def forward(self, maps: Tensor) -> Tensor:
        mean, variance = self.statistics.of(maps)
        scale = self.weight * torch.rsqrt(variance + self.epsilon)
        return maps * scale.view(-1, 1, 1) + (self.bias - mean * scale).view(-1, 1, 1)
