"""Snapshots at half the space: the first in float32, then each epoch's step in float16 with a scale of its own.

A step is taken from the *restored* snapshot before it, so rounding errors do not add up over the epochs. Scales are powers
of two and cost no rounding. Measured (`python -m benchmarks.experts`): see `docs/results.md`.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

_LARGEST: Final = 2.0**15  # float16 ends at 65504; a step's largest number becomes at most this


@dataclass(frozen=True)
class Shortened:
    """One expert in short form.

    Attributes:
        first: float32 `[P]`, the untrained parameters.
        steps: float16 `[E, P]`.
        scales: float32 `[E]`, powers of two: step e is `steps[e] * scales[e]`.
    """

    first: Tensor
    steps: Tensor
    scales: Tensor

    def restored(self, epoch: int) -> Tensor:
        """Parameters after `epoch` epochs: float32 `[P]`."""
        theta = self.first.clone()
        for step, scale in zip(self.steps[:epoch], self.scales[:epoch], strict=True):
            theta += step.float() * scale
        return theta


def shortened(snapshots: Tensor) -> Shortened:
    """The short form of snapshots float32 `[E + 1, P]`."""
    theta, steps, scales = snapshots[0].clone(), [], []
    for wanted in snapshots[1:]:
        step = wanted - theta
        largest = float(step.abs().max())
        scale = 2.0 ** float(torch.ceil(torch.log2(torch.tensor(largest / _LARGEST)))) if largest else 1.0  # fmt: skip
        short = (step / scale).half()
        theta = theta + short.float() * scale
        steps.append(short)
        scales.append(scale)
    parameters = snapshots.shape[1]
    return Shortened(
        first=snapshots[0].clone(),
        steps=torch.stack(steps) if steps else torch.empty(0, parameters, dtype=torch.float16),
        scales=torch.tensor(scales, dtype=torch.float32),
    )


def fidelity_loss(snapshots: Tensor) -> float:
    """What the short form costs: the largest ||restored - true|| / ||true step|| over the epochs."""
    short, worst = shortened(snapshots), 0.0
    for epoch in range(1, len(snapshots)):
        error = (short.restored(epoch) - snapshots[epoch]).double().norm()
        step = (snapshots[epoch] - snapshots[epoch - 1]).double().norm()
        worst = max(worst, float(error / step)) if step else worst
    return worst
