"""How a student's steps are computed: in which arithmetic, and whether their functions run as they stand or were prepared.

Every way gives the same gradients up to rounding; `PLAIN`, float32 as it stands, is what the others are measured against. On a CPU
it has the same bytes every time. (float64 tensors stay float64 in it.)
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import torch
from torch import Tensor
from typing_extensions import override

from meddistill_gui.engine import student_step
from meddistill_gui.engine.student_step import Form, Function, Given, Pulled

FLOAT32: Final = "float32"
TF32: Final = "TF32"
BFLOAT16: Final = "bfloat16"
PRECISIONS: Final = (FLOAT32, TF32, BFLOAT16)


class Execution(Protocol):
    """What runs the functions of a step."""

    @property
    def name(self) -> str:
        """A word or two for the log ("compiled"); "" runs them as they stand."""
        ...

    @property
    def prepares(self) -> bool:
        """Whether each form and shape of a step costs a preparation; then no graph outlives its step."""
        ...

    def run(
        self, function: Function, form: Form, tensors: tuple[Tensor, ...]
    ) -> tuple[Tensor, ...]:
        """What the function gives for these tensors."""
        ...

    def release(self) -> None:
        """Forget what was prepared, and its memory."""
        ...


class AsItStands(Execution):
    """Run by torch, operation by operation."""

    name = ""
    prepares = False

    @override
    def run(
        self, function: Function, form: Form, tensors: tuple[Tensor, ...]
    ) -> tuple[Tensor, ...]:
        return function(form, *tensors)

    @override
    def release(self) -> None:
        return


AS_IT_STANDS: Final = AsItStands()


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way.

    Attributes:
        precision: One of `PRECISIONS`.
        execution: What runs the functions.
    """

    precision: str = FLOAT32
    execution: Execution = AS_IT_STANDS

    @property
    def name(self) -> str:
        """For people, and in `speed.json`: "TF32, compiled"."""
        return ", ".join(part for part in (self.precision, self.execution.name) if part)

    @property
    def is_plain(self) -> bool:
        """Whether it is what the others are measured against."""
        return self.name == FLOAT32

    @property
    def half(self) -> bool:
        """Whether the network's pass is computed in bfloat16."""
        return self.precision == BFLOAT16

    @property
    def keeps_graphs(self) -> bool:
        """Whether graphs from the way forward can be kept for the way back."""
        return not self.execution.prepares

    def arithmetic(self, device: torch.device) -> contextlib.AbstractContextManager[None]:
        """A block in which float32 is computed as this way says; outside of it nothing changes."""
        return tf32_allowed(device, allowed=self.precision == TF32)

    def gradient(self, form: Form, given: Given) -> Tensor:
        """As `student_step.gradient`."""
        return self.execution.run(student_step.gradient, form, given)[0]

    def pulled(self, form: Form, given: Given, adjoint: Tensor, *, remembers: bool) -> Pulled:
        """As `student_step.pulled`; without theta's part where that costs no further preparation and is not wanted."""
        whole = remembers or self.execution.prepares
        function = student_step.pulled if whole else student_step.pulled_last
        found = Pulled(*self.execution.run(function, form, (*given, adjoint)))
        return found if remembers else found._replace(theta=None)

    def release(self) -> None:
        """Forget what was prepared, and its memory."""
        self.execution.release()


@contextlib.contextmanager
def tf32_allowed(device: torch.device, *, allowed: bool) -> Iterator[None]:
    """Let products and convolutions of float32 be computed in TF32, or forbid it, and put back what was; only a GPU has TF32.

    The flags are torch's older pair: its compiler stops where it finds the newer ones set (torch issue 166387).
    """
    if device.type != "cuda":
        yield
        return
    products, convolutions = torch.backends.cuda.matmul, torch.backends.cudnn
    before = products.allow_tf32, convolutions.allow_tf32
    try:
        products.allow_tf32 = convolutions.allow_tf32 = allowed
        yield
    finally:
        products.allow_tf32, convolutions.allow_tf32 = before


PLAIN: Final = Way()
