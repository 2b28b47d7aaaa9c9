"""What a segment asks of the synthetic images, in the memory there is, and the mean over segments and processes."""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from meddistill_gui.core.errors import OutOfMemoryError
from meddistill_gui.engine import processes
from meddistill_gui.engine.acceleration.rehearsal import finite
from meddistill_gui.engine.memory import graphs_to_keep
from meddistill_gui.engine.method import State
from meddistill_gui.engine.objectives.segments import Match, segment_match
from meddistill_gui.engine.unroll import Gradients, Tape, Task, pullback, unroll

Further = Callable[[Tape], Mapping[int, Tensor]]

NOTHING_LEFT: Final = "no parameter was left to match"
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Pull:
    """What one segment asks for.

    Attributes:
        match: How far the student was from the expert.
        weights: What its parameters counted, `[P]`.
        gradients: By images, labels and rates; None where the loss was too large to follow.
    """

    match: Match
    weights: Tensor
    gradients: Gradients | None


@dataclass(frozen=True, kw_only=True)
class Found:
    """The mean over an iteration's segments.

    Attributes:
        matched: Segments that had something to match.
        pulled: Those whose gradient was followed.
        loss: Mean over the matched.
        kept: Mean over the matched.
        unmasked: Mean over the matched.
        weights: Mean over the matched, `[P]`; empty unless remembered.
        gradients: Mean over the pulled.
    """

    matched: int
    pulled: int
    loss: float
    kept: float
    unmasked: float
    weights: Tensor
    gradients: Gradients


def room_of(state: State) -> int:
    """How often the work was made smaller so far: 0 as the options say, 1 without kept graphs, then halved each time."""
    return int(state["room"]) if "room" in state else 0


def pull_along(
    task: Task,
    start: Tensor,
    target: Tensor,
    *,
    weights: Callable[[Tensor], Tensor],
    memory: str,
    room: int,
    skip_above: float,
    further: Further | None = None,
) -> tuple[Pull | None, int]:
    """Train the student along a segment and carry its distance back to the images.

    Where the device has too little memory, graphs are no longer kept, then the micro-batch is halved until it fits: the
    gradient stays the same, only the time grows.

    Args:
        task: What the student learns from.
        start: Where student and expert begin, `[P]`.
        target: Where the expert went, `[P]`.
        weights: What each parameter of the trained student counts.
        memory: As `memory.graphs_to_keep`.
        room: From `room_of`.
        skip_above: Losses above it are not followed; 0 follows all.
        further: Further terms of the objective: their gradients at the student's parameters by step, added to the distance's.

    Returns:
        The pull, None where no parameter was left; and the room that was enough.

    Raises:
        OutOfMemoryError: One image at a time is still too much.
    """
    while True:
        fitted, keep = fitted_into(task, memory, room)
        try:
            return _pull(fitted, keep, start, target, weights, skip_above, further), room
        except torch.OutOfMemoryError as error:
            if fitted.micro_batch == 1:
                raise OutOfMemoryError(
                    "The device has too little memory for this run, even with one image at a time.",
                    "Choose smaller images or a smaller network, or compute on the CPU.",
                ) from error
        # outside the handler: its traceback would hold on to the tensors that must go
        room += 1
        _LOG.warning("too little memory: going on in smaller pieces (%d)", room)
        task.way.release()
        if start.is_cuda:
            torch.cuda.empty_cache()


def fitted_into(task: Task, memory: str, room: int) -> tuple[Task, int]:
    """The task in pieces that there is room for, and how many graphs are kept; arguments as of `pull_along`."""
    if room == 0:
        return task, graphs_to_keep(memory, task)
    largest = max(len(step.images) for step in task.steps)
    whole = min(task.micro_batch or largest, largest)
    return replace(task, micro_batch=max(1, whole >> (room - 1))), 0


def _pull(
    task: Task,
    keep: int,
    start: Tensor,
    target: Tensor,
    weights: Callable[[Tensor], Tensor],
    skip_above: float,
    further: Further | None,
) -> Pull | None:
    tape = unroll(task, start, keep_graphs=keep)
    counted = weights(tape.final)
    match = segment_match(tape.final, start, target, counted)
    if match is None:
        return None
    gradients = None
    if not 0 < skip_above < match.loss:
        cotangents = {len(task.steps): match.cotangent}
        for step, more in further(tape).items() if further else ():
            cotangents[step] = cotangents[step] + more if step in cotangents else more
        gradients = pullback(tape, cotangents)
    return Pull(match=match, weights=counted, gradients=gradients)


def sane(pulled: tuple[Pull | None, int]) -> bool:
    """Whether the numbers that `pull_along` gave are finite."""
    pull = pulled[0]
    if pull is None:
        return True
    return math.isfinite(pull.match.loss) and (pull.gradients is None or finite(pull.gradients))


class Mean:
    """The running sum over segments, in one flat tensor, so that processes exchange it in one go.

    Args:
        state: Gives the shapes.
        remember_weights: Whether the weights' mean is wanted.
    """

    def __init__(self, state: State, *, remember_weights: bool) -> None:
        images, rates = state["images"], state["rates"]
        labels = state["labels"] if "labels" in state else images[:0]
        weights = state["weights"] if remember_weights else images.new_empty(0)
        self._like = (images, labels, rates, weights)
        self._sum: Tensor | None = None

    def add(self, pull: Pull | None) -> None:
        """Count one segment."""
        parts = self._parts(pull)
        self._sum = parts if self._sum is None else self._sum + parts

    def over_all_processes(self) -> Found:
        """The mean, the same in every process."""
        total = processes.summed(self._parts(None) if self._sum is None else self._sum)
        sizes = [5, *(like.numel() for like in self._like)]
        counts, *flat = torch.split(total, sizes)
        matched, pulled = int(counts[0]), int(counts[1])
        loss, kept, unmasked = (counts[2:] / max(1, matched)).tolist()
        images, labels, rates, weights = (
            part.view_as(like) for part, like in zip(flat, self._like, strict=True)
        )
        share = 1 / max(1, pulled)
        return Found(
            matched=matched,
            pulled=pulled,
            loss=loss,
            kept=kept,
            unmasked=unmasked,
            weights=weights / max(1, matched),
            gradients=Gradients(
                images=images * share, labels=labels * share, rates=rates * share, theta0=None
            ),
        )

    def _parts(self, pull: Pull | None) -> Tensor:
        """One segment as a flat tensor: five counts, then gradients and weights."""
        images, labels, rates, weights = (torch.zeros_like(like) for like in self._like)
        counts = images.new_zeros(5)
        if pull is not None:
            match, pulled = pull.match, pull.gradients is not None
            counts = images.new_tensor([1, pulled, match.loss, match.kept, match.unmasked])
            weights = pull.weights if len(weights) else weights
            if pull.gradients is not None:
                images, rates = pull.gradients.images, pull.gradients.rates
                labels = pull.gradients.labels if labels.numel() else labels
        return torch.cat([counts, *(part.reshape(-1) for part in (images, labels, rates, weights))])
