"""The functions of a step, traced through both derivatives into one graph of plain operations, and that graph compiled.

`torch.compile` cannot differentiate twice what it has compiled; here nothing is left for it to differentiate.
"""

from collections.abc import Callable, Hashable
from typing import Any, Final

import torch
from torch import Tensor
from typing_extensions import override

from meddistill_gui.engine.acceleration.prepared import made_for
from meddistill_gui.engine.student_step import Form, Function
from meddistill_gui.engine.ways import Execution

Backend = str | Callable[..., Any]
COMPILER: Final = "inductor"  # needs a C++ compiler on a CPU, Triton on a GPU


class Compiled(Execution):
    """Run as compiled code; compiles when it first meets a form and shape, which takes seconds to minutes.

    Args:
        backend: As of `torch.compile`.
    """

    name = "compiled"
    prepares = True

    def __init__(self, backend: Backend = COMPILER) -> None:
        self._backend = backend
        self._made: dict[Hashable, Callable[..., tuple[Tensor, ...]]] = {}

    @override
    def run(
        self, function: Function, form: Form, tensors: tuple[Tensor, ...]
    ) -> tuple[Tensor, ...]:
        tensors = tuple(one.detach().contiguous() for one in tensors)
        wanted = made_for(function, form, tensors)
        if wanted not in self._made:
            self._made[wanted] = self._compiled(function, form, tensors)
        with torch.no_grad():
            return tuple(self._made[wanted](*tensors))

    @override
    def release(self) -> None:
        self._made.clear()

    def _compiled(
        self, function: Function, form: Form, tensors: tuple[Tensor, ...]
    ) -> Callable[..., tuple[Tensor, ...]]:
        # seconds to import, and most runs do without
        from torch.fx.experimental.proxy_tensor import make_fx  # noqa: PLC0415

        def pure(*given: Tensor) -> tuple[Tensor, ...]:
            return function(form, *given)

        traced = make_fx(pure, tracing_mode="fake")(*tensors)
        made: Callable[..., tuple[Tensor, ...]] = torch.compile(
            traced, backend=self._backend, fullgraph=True, dynamic=False
        )
        return made
