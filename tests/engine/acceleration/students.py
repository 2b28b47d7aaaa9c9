"""A small student to try ways on, and executions that go wrong."""

from collections.abc import Callable

import torch
from torch import Tensor
from typing_extensions import override

from meddistill_gui.engine import student_step
from meddistill_gui.engine.acceleration.rehearsal import Rehearsal
from meddistill_gui.engine.student_step import Form, Function
from meddistill_gui.engine.ways import Execution
from tests.engine.plain_autograd import make_task


def rehearsal(*, kind: torch.dtype = torch.float32, steps: int = 3, keep: int = 0) -> Rehearsal:
    task, theta0 = make_task(
        count=4, batches=[[0, 1, 2, 3]] * steps, preset="radiograph", kind=kind
    )
    random = torch.Generator().manual_seed(1)
    target = theta0 + 0.1 * torch.randn(len(theta0), generator=random).to(kind)
    return Rehearsal(
        task=task,
        start=theta0.to(kind),
        cotangent=lambda student: 2 * (student - target.to(kind)),
        keep=keep,
    )


class Prepared(Execution):
    """Runs as it stands, but as if it had to be prepared; what it gives can be spoilt, and it can fail."""

    name = "prepared"
    prepares = True

    def __init__(
        self,
        spoil: Callable[[Function, tuple[Tensor, ...]], tuple[Tensor, ...]] = lambda _, found: (
            found
        ),
        fails_after: int = 10**9,
    ) -> None:
        self.spoil, self.fails_after = spoil, fails_after
        self.forms: set[tuple[object, ...]] = set()
        self.runs = self.released = 0

    @override
    def run(
        self, function: Function, form: Form, tensors: tuple[Tensor, ...]
    ) -> tuple[Tensor, ...]:
        self.runs += 1
        if self.runs > self.fails_after:
            raise RuntimeError("a planted fault\nand its long story")
        self.forms.add((function, form, tuple(one.shape for one in tensors)))
        with torch.no_grad():
            return self.spoil(function, function(form, *tensors))

    @override
    def release(self) -> None:
        self.released += 1


def with_images_times(
    factor: float,
) -> Callable[[Function, tuple[Tensor, ...]], tuple[Tensor, ...]]:
    """Spoils the images' derivative by a factor (which may be no number)."""

    def spoil(function: Function, found: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        if function is student_step.gradient:
            return found
        gradient, images, *others = found
        return gradient, images * factor, *others

    return spoil
