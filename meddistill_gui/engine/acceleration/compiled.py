"""The functions of a step, traced through both derivatives into one graph of plain operations, and that graph compiled.

`torch.compile` cannot differentiate twice what it has compiled; here nothing is left for it to differentiate.
"""

import contextlib
import warnings
from collections.abc import Callable, Hashable, Iterator
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
        made = self._made.get(wanted)
        with torch.no_grad():
            if made is not None:
                return tuple(made(*tensors))
            made = self._compiled(function, form, tensors)
            with _without_caches():
                found = tuple(made(*tensors))
        self._made[wanted] = made
        return found

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


@contextlib.contextmanager
def _without_caches() -> Iterator[None]:
    """The compiler without its caches on disk: they are pickles, which are never read or written here."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # that they are off, and the compiler's advice to programmers
        with torch.compiler.config.patch(force_disable_caches=True):  # type: ignore[attr-defined]  # put there by torch's import
            yield
