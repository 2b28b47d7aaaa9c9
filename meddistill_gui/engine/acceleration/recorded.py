"""The functions of a step, recorded once as a CUDA graph and played again: hundreds of kernels for the price of one launch.

It needs no compiler. What a recording reads and writes has fixed places: what goes in is copied there, what comes out is copied away.
All recordings share one pool of memory; nothing in it outlives a call, so their order does not matter.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor
from typing_extensions import override

from meddistill_gui.engine.acceleration.prepared import made_for
from meddistill_gui.engine.student_step import Form, Function
from meddistill_gui.engine.ways import Execution

_BEFORE: Final = 3  # runs before the recording: libraries choose their kernels and reserve their memory in the first ones


@dataclass(frozen=True)
class _Recording:
    """A graph with its places."""

    graph: torch.cuda.CUDAGraph
    given: tuple[Tensor, ...]
    found: tuple[Tensor, ...]

    def played(self, tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        for place, value in zip(self.given, tensors, strict=True):
            place.copy_(value)
        self.graph.replay()
        return tuple(one.clone() for one in self.found)


class Recorded(Execution):
    """Played from CUDA graphs; records when it first meets a form and shape.

    Args:
        inner: What is recorded.
    """

    prepares = True

    def __init__(self, inner: Execution) -> None:
        self._inner = inner
        self._made: dict[Hashable, _Recording] = {}
        self._pool: Any = None

    @property
    @override
    def name(self) -> str:
        return ", ".join(part for part in (self._inner.name, "CUDA graphs") if part)

    @override
    def run(
        self, function: Function, form: Form, tensors: tuple[Tensor, ...]
    ) -> tuple[Tensor, ...]:
        tensors = tuple(one.detach().contiguous() for one in tensors)
        wanted = made_for(function, form, tensors)
        with torch.cuda.device(tensors[0].device):  # streams are those of the device that is in use
            if wanted not in self._made:
                self._made[wanted] = self._recorded(function, form, tensors)
            return self._made[wanted].played(tensors)

    @override
    def release(self) -> None:
        self._made.clear()
        self._pool = None
        self._inner.release()

    def _recorded(self, function: Function, form: Form, tensors: tuple[Tensor, ...]) -> _Recording:
        given = tuple(one.clone() for one in tensors)
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch gives it no types
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(_BEFORE):
                self._inner.run(function, form, given)
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool, stream=aside):
            found = self._inner.run(function, form, given)
        self._pool = graph.pool()
        return _Recording(graph=graph, given=given, found=tuple(found))
