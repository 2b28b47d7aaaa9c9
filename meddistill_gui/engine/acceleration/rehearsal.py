"""One student of a run, there and back, to try ways on: how long it takes, and how well its gradients agree with plain ones."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from meddistill_gui.engine.unroll import Gradients, Task, pullback, unroll
from meddistill_gui.engine.ways import Way

LEAST_COSINE: Final = 0.999
"""Of the gradients by images and by labels to those of plain float32.

float32 itself lies up to 3 % beside float64 (docs/results.md, "Faster ways"), because a ReLU falls to its other side now and then, and
no order of sums is better than another; a cosine of 0.999 is 4.5 %, so only what is clearly worse than rounding falls through.
"""

LENGTH_WITHIN: Final = 0.05
"""A gradient may be so much longer or shorter, also that by the rates: a cosine does not see a wrong factor."""

_TIMED: Final = 2  # the better one counts
_LONG: Final = 1.0  # seconds: once is enough


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """A student as an iteration of the run trains it.

    Attributes:
        task: What it learns from.
        start: Where it starts, `[P]`.
        cotangent: dL/dtheta at the trained student `[P]`, from its parameters.
        keep: Graphs of how many of the last steps are kept where the way can.
        window: As of `unroll.pullback`.
    """

    task: Task
    start: Tensor
    cotangent: Callable[[Tensor], Tensor]
    keep: int = 0
    window: int | None = None

    def gradients(self, way: Way) -> Gradients:
        """There and back in one way."""
        task = replace(self.task, way=way)
        tape = unroll(task, self.start, keep_graphs=self.keep)
        return pullback(tape, {len(task.steps): self.cotangent(tape.final)}, window=self.window)


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How two gradients of the same thing compare.

    Attributes:
        cosine: The smaller one of images and labels.
        length: Largest share by which one of images, labels and rates is longer or shorter.
        finite: Whether all numbers are.
    """

    cosine: float
    length: float
    finite: bool

    @property
    def objection(self) -> str:
        """Why the gradient cannot be used; "" where it can."""
        if not self.finite:
            return "its gradient is not finite"
        if not self.cosine >= LEAST_COSINE:
            return f"the cosine of its gradient to float32's is {self.cosine:.5f}, below {LEAST_COSINE:g}"
        if not self.length <= LENGTH_WITHIN:
            return (
                f"its gradient's length is off by {self.length:.1%}, more than {LENGTH_WITHIN:.0%}"
            )
        return ""


def agreement(found: Gradients, plain: Gradients) -> Agreement:
    """Compare a way's gradients with plain ones, in float64."""
    pairs = [
        (one.double().flatten(), other.double().flatten())
        for one, other in (
            (found.images, plain.images),
            (found.labels, plain.labels),
            (found.rates, plain.rates),
        )
    ]
    return Agreement(
        cosine=min(float(F.cosine_similarity(one, other, dim=0)) for one, other in pairs[:2]),
        length=max(_length_off(one, other) for one, other in pairs),
        finite=finite(found),
    )


def finite(gradients: Gradients) -> bool:
    """Whether every number of them is."""
    return all(
        bool(one.isfinite().all()) for one in (gradients.images, gradients.labels, gradients.rates)
    )


def comparable(gradients: Gradients) -> bool:
    """Whether anything can be compared with these: finite, and somewhere to go."""
    return finite(gradients) and all(
        float(one.abs().max()) > 0 for one in (gradients.images, gradients.labels, gradients.rates)
    )


def timed(rehearsal: Rehearsal, way: Way) -> tuple[Gradients, float]:
    """The gradients, and the seconds of a student once everything is prepared."""
    gradients = rehearsal.gradients(way)
    seconds = []
    for _ in range(_TIMED):
        _wait(rehearsal.start.device)
        begun = time.perf_counter()
        rehearsal.gradients(way)
        _wait(rehearsal.start.device)
        seconds.append(time.perf_counter() - begun)
        if seconds[-1] > _LONG:
            break
    return gradients, min(seconds)


def _length_off(one: Tensor, other: Tensor) -> float:
    return abs(float(one.norm() / other.norm()) - 1)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
