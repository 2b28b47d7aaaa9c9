"""By which way a run computes its students' steps.

It is chosen when the first student can be tried, looked at again at every evaluation, and left for plain float32 for good
when something is wrong with it.

With several processes the first one decides for all; one whose own device cannot follow goes on plainly by itself.
"""

import logging
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import torch

from meddistill_gui.core.events import Event, Metric, Warned
from meddistill_gui.engine import processes
from meddistill_gui.engine.acceleration import record
from meddistill_gui.engine.acceleration.choosing import Choice, checked, chosen, way_named
from meddistill_gui.engine.acceleration.rehearsal import Rehearsal
from meddistill_gui.engine.method import Method, Setting, State
from meddistill_gui.engine.ways import FLOAT32, PLAIN, Way

SPEED_UP: Final = "times as fast as float32"
COSINE: Final = "gradient's cosine to float32"
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What is decided so far.

    Attributes:
        speed: `DistillConfig.speed`.
        every: Iterations between two looks at the way.
        total: Iterations of the run.
        file: Where the choice stays.
        choice: What was chosen; None before that.
        watched: Whether a way other than plain was chosen, the same in every process.
        looked: Iteration of the last look.
    """

    speed: str
    every: int
    total: int
    file: Path
    choice: Choice | None = None
    watched: bool = False
    looked: int = 0


Paced = tuple[Pace, Setting]


def begun(pace: Pace, setting: Setting) -> Paced:
    """The pace at the start, with what an earlier part of the run chose; nothing is tried where nothing can be won."""
    if pace.speed == "plain" or (pace.speed == "auto" and setting.device.type != "cuda"):
        return replace(pace, choice=Choice()), setting
    earlier = record.load(pace.file, setting.device) if processes.is_first() else None
    taken = processes.from_first(earlier.taken if earlier else None)
    if taken is None:
        return pace, setting
    return _with(pace, setting, earlier or Choice(taken=taken), way_named(taken))


def followed(
    pace: Pace, method: Method, setting: Setting, state: State, iteration: int
) -> Generator[Event, None, Paced]:
    """The pace before an iteration."""
    if pace.choice is not None and not (
        pace.watched and iteration % pace.every == 0 and iteration > pace.looked
    ):
        return pace, setting
    rehearsal = method.rehearsal(setting, state, iteration)
    if rehearsal is None:
        return pace, setting
    if pace.choice is None:
        return (yield from _chosen(pace, setting, rehearsal, iteration))
    return (yield from _looked_at(pace, setting, rehearsal, iteration))


def left(pace: Pace, setting: Setting, why: str, iteration: int) -> Generator[Event, None, Paced]:
    """The pace once the way cannot be gone on with: plain, for the rest of the run."""
    name = setting.way.name
    if setting.way.is_plain or pace.choice is None:
        return pace, setting
    setting.way.release()
    choice = replace(pace.choice, taken=FLOAT32, why=f"{name} was left at iteration {iteration}: {why}")  # fmt: skip
    _save(pace, choice, setting.device)
    yield Warned(
        code="slower",
        message=f"The student's steps are no longer computed in {name} but in plain float32: {why}.",
        remedy="Nothing needs to be done; the run goes on, and only takes longer.",
    )
    return replace(pace, choice=choice), replace(setting, way=PLAIN)


def _chosen(
    pace: Pace, setting: Setting, rehearsal: Rehearsal, iteration: int
) -> Generator[Event, None, Paced]:
    choice, way = Choice(), PLAIN
    if processes.is_first():
        choice, way = chosen(rehearsal, pace.speed, max(0, pace.total - iteration))
        _LOG.info("steps of the student: %s", choice.why)
        _save(pace, choice, setting.device)
        yield from _told(pace, choice, iteration)
    taken = processes.from_first(choice.taken)
    if not processes.is_first():
        choice, way = Choice(taken=taken), way_named(taken)
    return _with(replace(pace, looked=iteration), setting, choice, way)


def _told(pace: Pace, choice: Choice, iteration: int) -> Generator[Event, None, None]:
    trial = choice.trial
    if trial is not None:
        yield Metric(name=SPEED_UP, step=iteration, value=trial.speed or 1.0)
        yield Metric(name=COSINE, step=iteration, value=trial.cosine or 0.0)
    elif pace.speed != "auto":
        yield Warned(
            code="plain-steps",
            message=f"The student's steps are computed as {choice.why}.",
            remedy="Nothing needs to be done; the run only takes longer. Set speed to auto or plain to ask for nothing else.",
        )


def _looked_at(
    pace: Pace, setting: Setting, rehearsal: Rehearsal, iteration: int
) -> Generator[Event, None, Paced]:
    """Whether the gradient is still float32's; what the first process finds holds for all."""
    pace = replace(pace, looked=iteration)
    why = "another process left it"
    if processes.is_first():
        why = ""
        if not setting.way.is_plain:
            trial = checked(rehearsal, setting.way)
            why = trial.refused
            if trial.cosine is not None:
                yield Metric(name=COSINE, step=iteration, value=trial.cosine)
    keep = processes.from_first(not why and not setting.way.is_plain)
    if keep or setting.way.is_plain:
        return pace, setting
    return (yield from left(pace, setting, why, iteration))


def _with(pace: Pace, setting: Setting, choice: Choice, way: Way) -> Paced:
    return replace(pace, choice=choice, watched=not way.is_plain), replace(setting, way=way)


def _save(pace: Pace, choice: Choice, device: torch.device) -> None:
    if processes.is_first():
        record.save(pace.file, choice, device)
