"""Adam as a pure function of the state (Kingma & Ba 2015, arXiv 1412.6980)."""

from typing import Final

import torch
from torch import Tensor

BETAS: Final = (0.5, 0.999)  # paper D's parent code
_EPSILON: Final = 1e-8


def adam(
    value: Tensor, velocity: Tensor, square: Tensor, gradient: Tensor, *, rate: float, count: int
) -> tuple[Tensor, Tensor, Tensor]:
    """One step: the new value, running mean and running mean square of the gradient.

    Args:
        value: What moves.
        velocity: Running mean of its gradient.
        square: Running mean of its gradient's square.
        gradient: dL/dvalue.
        rate: Step size.
        count: Steps so far, this one among them; 1 at the first.
    """
    velocity = BETAS[0] * velocity + (1 - BETAS[0]) * gradient
    square = BETAS[1] * square + (1 - BETAS[1]) * gradient.square()
    mean = velocity / (1 - BETAS[0] ** count)
    spread = torch.sqrt(square / (1 - BETAS[1] ** count)) + _EPSILON
    return value - rate * mean / spread, velocity, square
