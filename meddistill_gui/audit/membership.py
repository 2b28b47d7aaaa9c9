"""The quick membership audit (M9): can a stranger who trains on the set tell who was among the training patients?

He has the set, its recipe, a candidate's image, and reference patients of his own. First he must prove himself: on small sets of
known patients, each as large as the distilled one, and between two groups that nothing was trained on. Each half of the hold-out is
measured with reference patients from the other, so that everybody held out counts.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import torch

from meddistill_gui.audit import policy
from meddistill_gui.audit.material import Case, Material
from meddistill_gui.audit.membership_figures import (
    Answers,
    Utility,
    averaged,
    guesses,
    intervals,
    nobody,
    planted_auc,
    rates,
    utility,
    views,
)
from meddistill_gui.audit.membership_groups import Groups, grouped, real_set
from meddistill_gui.audit.membership_signals import log_odds
from meddistill_gui.audit.one_run import OneRun
from meddistill_gui.audit.reason import Reason, same
from meddistill_gui.audit.shelf import Shelf
from meddistill_gui.audit.statistics import Interval
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.errors import DivergedError
from meddistill_gui.core.events import Event, Progress
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.core.words import Verdict
from meddistill_gui.engine.devices import choose
from meddistill_gui.engine.evaluation.students import predict, train_student

PHASE: Final = "asking who was among the patients"


@dataclass(frozen=True, kw_only=True)
class Membership:
    """What the membership audit found.

    Attributes:
        verdict: Of this test alone.
        sentence: With figures.
        auc: Interval of each signal, members against non-members, corrected for their number.
        initialisers: The same for patients whose images started synthetic ones; empty where there are none.
        positive: AUC of the best signal on planted members.
        negative: AUC of the same signal between two groups that nothing was trained on, where it is farther from one half.
        guessed: What the guesses say about epsilon.
        utility: What students on the set are worth beside students on random training images.
        rates: Share of members picked out at a given rate of false alarms; only where it can be measured.
        members: Number of training patients tested.
        others: Number of hold-out patients they were tested against, each half with the attacker's patients from the other.
        planted: Number of planted members.
        students: Students trained on each set.
        reduced: Whether there were fewer students than the full audit has.
    """

    verdict: Verdict
    sentence: str
    auc: Mapping[str, Interval]
    initialisers: Mapping[str, Interval]
    positive: float
    negative: Interval
    guessed: OneRun
    utility: Utility
    rates: Mapping[str, Interval | str]
    members: int
    others: int
    planted: int
    students: int
    reduced: bool


def membership(
    case: Case, material: Material, control: Control, shelf: Shelf | None = None
) -> Generator[Event, None, Membership | str]:
    """Attack the set.

    Args:
        case: The set and the real images.
        material: Says which half of the hold-out is which.
        control: Asked in every training step.
        shelf: Where an interrupted test goes on from.

    Yields:
        Progress in students.

    Returns:
        What was found, or the reason why it could not be asked.

    Raises:
        Stopped: The user asked to stop.
    """
    groups = grouped(case, material)
    if groups.too_few:
        return "Not made: there are too few patients to ask about."
    device = choose("auto")
    count = policy.STUDENTS if device.type == "cuda" else policy.STUDENTS_ON_CPU
    rows = (*groups.planted, *groups.references)
    sets = [case.distilled, *(real_set(case.distilled, groups.pool, one) for one in rows)]
    answers: list[Answers] = []
    for number, one in enumerate(sets):
        rounds: list[Answers] = []
        for student in range(count):
            done = number * count + student
            yield Progress(phase=PHASE, done=done, total=count * len(sets), unit="students")
            asked = _Student(case.seed * 100_000 + number * 100 + student, device, control)
            try:
                rounds.append(_kept(asked, one, groups.pool, shelf))
            except DivergedError:
                return "Not made: a student left the finite numbers, so nothing can be asked."
        answers.append(averaged(rounds))
    yield Progress(phase=PHASE, done=count * len(sets), total=count * len(sets), unit="students")
    return _judged(groups, answers, count, case.seed)


@dataclass(frozen=True)
class _Student:
    """One network that the attacker trains."""

    seed: int
    device: torch.device
    control: Control

    def answers(self, distilled: DistilledSet, pool: RealImages) -> Answers:
        """What it says of every image of the pool."""
        theta = train_student(distilled, seed=self.seed, device=self.device, control=self.control)
        said = predict(distilled.recipe, theta, pool, self.device)
        return Answers(
            phi=log_odds(said, pool.labels), right=(said.argmax(1) == pool.labels).astype(float)
        )


def _kept(
    student: _Student, distilled: DistilledSet, pool: RealImages, shelf: Shelf | None
) -> Answers:
    """The student's answers, from the shelf where an interrupted audit left them."""
    name = f"membership student {student.seed}"
    known = shelf.get(name) if shelf else None
    if known is not None:
        return Answers(**{key: value.astype(np.float64) for key, value in known.items()})
    found = student.answers(distilled, pool)
    if shelf:
        shelf.put(name, asdict(found))
    return found


def _judged(groups: Groups, answers: Sequence[Answers], count: int, seed: int) -> Membership:
    seen = views(groups, [one.phi for one in answers])
    worth = utility(groups, answers)
    positive = planted_auc(groups, seen)
    best = max(positive, key=lambda name: positive[name])
    negative = nobody(best, seen)
    auc, initialisers = intervals(groups.members, seen), intervals(groups.initialisers, seen)
    picked = rates(best, seen)
    guessed = guesses(best, seen, seed)
    verdict = _verdict([*auc.values(), *initialisers.values()], positive[best], negative)
    if verdict == Verdict.NO_LEAK_FOUND and _picked_out(picked):
        verdict = Verdict.LEAK_FOUND
    own = auc[best], initialisers.get(best)
    said = " ".join(_sentences(groups, own, positive[best], negative, count))
    return Membership(
        verdict=verdict,
        sentence=f"{said} {guessed.sentence()} {worth.sentence()}",
        auc=auc,
        initialisers=initialisers,
        positive=positive[best],
        negative=negative,
        guessed=guessed,
        utility=worth,
        rates={name: rate for name, (_, rate) in picked.items()},
        members=len(groups.members),
        others=groups.held_out,
        planted=sum(map(len, groups.planted)),
        students=count,
        reduced=count < policy.STUDENTS,
    )


def _verdict(intervals: Sequence[Interval], positive: float, negative: Interval) -> Verdict:
    if positive < policy.MEMBERSHIP_POSITIVE or not negative.low <= 0.5 <= negative.high:
        return Verdict.CANNOT_TELL
    if any(interval.low > 0.5 for interval in intervals):
        return Verdict.LEAK_FOUND
    return Verdict.NO_LEAK_FOUND


def _sentences(
    groups: Groups,
    own: tuple[Interval, Interval | None],
    positive: float,
    negative: Interval,
    count: int,
) -> Iterator[str]:
    members, initialisers = own
    yield (
        f"Membership test: AUC {members.words(3)}, {len(groups.members):,} training patients against "
        f"{groups.held_out:,} others."
    )
    if initialisers is not None:
        yield f"Patients whose images started synthetic ones: AUC {initialisers.words(3)}, {len(groups.initialisers)} images."
    if positive < policy.MEMBERSHIP_POSITIVE:
        yield f"The attack is too weak on this data to tell: it finds planted members with AUC {positive:.2f} only."
    elif not negative.low <= 0.5 <= negative.high:
        yield f"It also tells groups apart that nothing was trained on (AUC {negative.words()})."
    else:
        yield f"The attack proved able to find planted members (AUC {positive:.2f})."
    if count < policy.STUDENTS:
        yield f"Reduced test with {count} students."


def _picked_out(rates: Mapping[str, tuple[float, Interval | str]]) -> bool:
    return any(
        isinstance(rate, Interval) and rate.low > policy.PICKED_OUT * alarms
        for alarms, rate in rates.values()
    )


def reasons(found: Membership | str | None, verdict: Verdict) -> Iterator[Reason]:
    """What the test says, if it came to this verdict; that it could not be made is a doubt."""
    if isinstance(found, str) and verdict == Verdict.CANNOT_TELL:
        yield same(f"Membership test: {found}")
    if isinstance(found, Membership) and found.verdict == verdict:
        yield Reason(sentence=found.sentence, coarse=_coarse(found))


def _coarse(found: Membership) -> str:
    """The sentence without counts of patients."""
    best = max(found.auc, key=lambda name: found.auc[name].low)
    parts = [f"Membership test: AUC {found.auc[best].words()}."]
    if found.initialisers:
        started = max(found.initialisers.values(), key=lambda one: one.low)
        parts.append(f"Patients whose images started synthetic ones: AUC {started.words()}.")
    parts.append(f"Planted members were found with AUC {found.positive:.2f}, groups that nothing was trained on with AUC {found.negative.words()}.")  # fmt: skip
    if found.reduced:
        parts.append(f"Reduced test with {found.students} students.")
    return " ".join(parts)


def plain(found: Membership | str | None) -> dict[str, Any] | None:
    """For the fine-grained report."""
    if found is None:
        return None
    if isinstance(found, str):
        return {"sentence": found}
    return {
        "verdict": str(found.verdict),
        "sentence": found.sentence,
        "auc": {name: _pair(interval) for name, interval in found.auc.items()},
        "initialisers": {name: _pair(interval) for name, interval in found.initialisers.items()},
        "positive_control": round(found.positive, 4),
        "negative_control": _pair(found.negative),
        "one_run": asdict(found.guessed),
        "utility": asdict(found.utility),
        "rates": {
            name: rate if isinstance(rate, str) else _pair(rate)
            for name, rate in found.rates.items()
        },
        "members": found.members,
        "others": found.others,
        "planted": found.planted,
        "students": found.students,
        "reduced": found.reduced,
    }


def _pair(interval: Interval) -> dict[str, float]:
    return {
        "value": round(interval.value, 4),
        "low": round(interval.low, 4),
        "high": round(interval.high, 4),
    }
