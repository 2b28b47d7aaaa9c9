"""Trying ways on a run's own student, and taking the fastest whose gradients are still those of float32."""

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import torch

from meddistill_gui.engine.acceleration.compiled import Compiled
from meddistill_gui.engine.acceleration.recorded import Recorded
from meddistill_gui.engine.acceleration.rehearsal import (
    Rehearsal,
    agreement,
    comparable,
    timed,
)
from meddistill_gui.engine.unroll import Gradients
from meddistill_gui.engine.ways import AS_IT_STANDS, FLOAT32, PLAIN, PRECISIONS, Execution, Way

WORTH_IT: Final = 0.95
"""A way is taken if it needs at most this share of plain's time: less is within what two timings differ by."""

WORTH_TRYING: Final = 100
"""Students still to go from which anything is tried: a trial takes as long as ten to twenty of them."""

WORTH_COMPILING: Final = 600.0
"""Seconds of plain steps still to go from which compilers, which take a minute or two, are tried."""

NOTHING_TO_COMPARE: Final = (
    "the first student's gradient is zero or not finite, so nothing can be compared with it"
)
_LOG: Final = logging.getLogger(__name__)
_MOST: Final = 200  # characters of an error

EXECUTIONS: Final[Mapping[str, Callable[[], Execution]]] = {
    "": lambda: AS_IT_STANDS,
    "CUDA graphs": lambda: Recorded(AS_IT_STANDS),
    "compiled": Compiled,
    "compiled, CUDA graphs": lambda: Recorded(Compiled()),
}
_CHEAP: Final = ("", "CUDA graphs")
_COMPILING: Final = ("compiled", "compiled, CUDA graphs")


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How one way did.

    Attributes:
        name: `Way.name`.
        cosine: As in `Agreement`; None where it got no gradient.
        speed: Plain's time as a multiple of its own; None where it was not timed.
        refused: Why it cannot be taken; "" where it can.
    """

    name: str
    cosine: float | None = None
    speed: float | None = None
    refused: str = ""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a run computes its steps by.

    Attributes:
        taken: `Way.name`.
        why: A line for the log.
        trials: What was tried.
    """

    taken: str = FLOAT32
    why: str = ""
    trials: tuple[Trial, ...] = field(default=())

    @property
    def trial(self) -> Trial | None:
        """How the way that was taken did; None for plain."""
        return next((one for one in self.trials if one.name == self.taken), None)


def way_named(name: str) -> Way:
    """A way by its name.

    Raises:
        ValueError: There is none of this name.
    """
    precision, _, execution = name.partition(", ")
    if precision not in PRECISIONS or execution not in EXECUTIONS:
        raise ValueError(f"no way of computing is named {name!r}")
    return Way(precision=precision, execution=EXECUTIONS[execution]()) if name != FLOAT32 else PLAIN


def chosen(rehearsal: Rehearsal, speed: str, students: int) -> tuple[Choice, Way]:
    """Try what the option asks for and say what to take; nothing that goes wrong in a trial gets out of it.

    Args:
        rehearsal: A student of the run.
        speed: "auto", "plain" or "compiled" (`DistillConfig.speed`).
        students: How many students are still to come.

    Returns:
        The choice, and the way that was taken with all that it has prepared.
    """
    if speed == "plain" or (speed == "auto" and not rehearsal.start.is_cuda):
        return Choice(why="plain float32"), PLAIN
    if speed == "auto" and students < WORTH_TRYING:
        why = f"plain float32: for {students} iterations a trial is not worth it"
        return Choice(why=why), PLAIN
    try:
        plain, seconds = timed(rehearsal, PLAIN)
    except torch.OutOfMemoryError:
        torch.cuda.empty_cache()
        return Choice(why="plain float32: memory is too short to try anything else"), PLAIN
    if not comparable(plain):
        return Choice(why=f"plain float32: {NOTHING_TO_COMPARE}"), PLAIN
    trials: list[Trial] = []
    best = PLAIN

    def attempt(names: Iterable[str]) -> None:
        nonlocal best
        for name in names:
            way = way_named(name)
            trials.append(tried(rehearsal, way, plain, seconds))
            leader, worse = _fastest(trials), way
            if leader is not None and leader.name == name:
                best, worse = way, best
            worse.release()  # what two ways have prepared need not fit into memory, but for a moment

    if speed == "compiled":
        attempt([f"{FLOAT32}, compiled"])
        return _verdict(trials, best, slowest=math.inf)
    every = (_joined(precision, how) for precision in PRECISIONS for how in _CHEAP)
    attempt(name for name in every if name != FLOAT32)
    if seconds * students >= WORTH_COMPILING:
        attempt([_joined(best.precision, how) for how in _COMPILING])
    return _verdict(trials, best, slowest=WORTH_IT)


def tried(rehearsal: Rehearsal, way: Way, plain: Gradients, seconds: float) -> Trial:
    """Go there and back in one way.

    Args:
        rehearsal: A student of the run.
        way: The way.
        plain: What plain float32 found.
        seconds: How long that took.
    """
    trial = _tried(rehearsal, way, plain, seconds)
    _LOG.info(
        "tried %s: %s",
        way.name,
        trial.refused or f"{trial.speed:.2f} times as fast, cosine {trial.cosine:.6f}",
    )
    return trial


def checked(rehearsal: Rehearsal, way: Way) -> Trial:
    """Go there and back in a way that is in use, and plainly, to compare the gradients.

    Args:
        rehearsal: A student of the run.
        way: The way; what it has prepared stays.
    """
    try:
        found = rehearsal.gradients(way)
    except Exception as error:  # noqa: BLE001 - as in a trial
        return Trial(name=way.name, refused=reason(error))
    try:
        plain = rehearsal.gradients(PLAIN)
    except torch.OutOfMemoryError:
        _LOG.info("too little memory to look at %s beside plain float32", way.name)
        return Trial(name=way.name)
    if not comparable(plain):
        return Trial(name=way.name)
    compared = agreement(found, plain)
    return Trial(name=way.name, cosine=compared.cosine, refused=compared.objection)


def reason(error: Exception) -> str:
    """What an error says, in one line: its kind, and its first line, with the next where that only announces it."""
    said = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    first = " ".join(said[:2]) if said[0].endswith(":") else said[0]
    return f"{type(error).__name__}: {first}"[:_MOST]


def _tried(rehearsal: Rehearsal, way: Way, plain: Gradients, seconds: float) -> Trial:
    try:
        found, took = timed(rehearsal, way)
    except Exception as error:  # noqa: BLE001 - compilers and drivers raise what they like; a trial must end no run
        return Trial(name=way.name, refused=reason(error))
    compared = agreement(found, plain)
    return Trial(
        name=way.name,
        cosine=compared.cosine,
        speed=seconds / took if took > 0 else None,
        refused=compared.objection,
    )


def _fastest(trials: list[Trial]) -> Trial | None:
    """Of those that may be taken."""
    fit = [one for one in trials if not one.refused and one.speed]
    return max(fit, key=lambda one: one.speed or 0.0) if fit else None


def _verdict(trials: list[Trial], way: Way, *, slowest: float) -> tuple[Choice, Way]:
    """The fastest, if it needs at most the share `slowest` of plain's time.

    Args:
        trials: All of them.
        way: The fastest one's.
        slowest: The share.
    """
    best = _fastest(trials)
    if best is None or 1 / (best.speed or math.inf) > slowest:
        way.release()
        why = "; ".join(f"{one.name}: {one.refused or 'no faster'}" for one in trials)
        return Choice(why=f"plain float32 ({why})", trials=tuple(trials)), PLAIN
    why = f"{best.name}: {best.speed:.2f} times as fast as float32, cosine of the gradients {best.cosine:.5f}"
    return Choice(taken=best.name, why=why, trials=tuple(trials)), way


def _joined(precision: str, execution: str) -> str:
    return f"{precision}, {execution}" if execution else precision
