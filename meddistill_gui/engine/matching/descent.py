"""One step downhill, as pure functions of the state."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

_LARGEST_RATE_STEP = 0.1  # of the raw rate, about 10 % of the rate


def with_momentum(
    value: Tensor, velocity: Tensor, gradient: Tensor, *, rate: float, momentum: float
) -> tuple[Tensor, Tensor]:
    """SGD with momentum: the new value and the new velocity."""
    velocity = momentum * velocity + gradient
    return value - rate * velocity, velocity


def moved_images(
    state: Mapping[str, Tensor], gradient: Tensor, momentum: float
) -> dict[str, Tensor]:
    """The state after its images went one step downhill at their rate, "image.rate"."""
    images, velocity = with_momentum(
        state["images"],
        state["images.velocity"],
        gradient,
        rate=float(state["image.rate"]),
        momentum=momentum,
    )
    return {**state, "images": images, "images.velocity": velocity}


def calmed(state: Mapping[str, Tensor], images: Tensor) -> dict[str, Tensor]:
    """The state at rest with other images and half the step size."""
    calm = {k: v * 0 if k.endswith("velocity") else v for k, v in state.items()}
    return {**calm, "images": images, "image.rate": state["image.rate"] / 2}


def clipped(gradient: Tensor, largest: float) -> Tensor:
    """The gradient, shortened to the length `largest` if it is longer; 0 leaves it."""
    if largest <= 0:
        return gradient
    return gradient * torch.clamp(largest / (gradient.norm() + 1e-12), max=1.0)


def raw_of_rate(rate: float) -> float:
    """The number whose softplus is `rate`; for small rates about its logarithm."""
    return rate + math.log(-math.expm1(-rate))


def rate_of_raw(raw: Tensor) -> Tensor:
    """Softplus: positive whatever the raw number."""
    return F.softplus(raw)


def moved_rate(
    raw: Tensor, velocity: Tensor, d_rates: Tensor, *, rate: float, momentum: float, low: float, high: float
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Move the raw learning rates downhill, by at most about 10 % at a time and within bounds.

    Args:
        raw: Raw rates `[R]`.
        velocity: Their velocity `[R]`.
        d_rates: dL/d(rates), `[R]`.
        rate: Step size in the raw numbers.
        momentum: Momentum.
        low: Smallest rate.
        high: Largest rate.
    """
    velocity = momentum * velocity + d_rates * torch.sigmoid(raw)
    step = (rate * velocity).clamp(-_LARGEST_RATE_STEP, _LARGEST_RATE_STEP)
    return (raw - step).clamp(raw_of_rate(low), raw_of_rate(high)), velocity
