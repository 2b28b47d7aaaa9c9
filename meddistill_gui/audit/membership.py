"""The quick membership audit (M9): can a stranger who trains on the set tell who was among the training patients?

He has the set, its recipe, a candidate's image, and reference patients of his own. First he must prove himself: on small sets of
known patients, each as large as the distilled one, and between two groups that nothing was trained on.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import torch

from meddistill_gui.audit import policy
from meddistill_gui.audit.material import Case, Material
from meddistill_gui.audit.membership_groups import Groups, grouped, real_set
from meddistill_gui.audit.membership_signals import SIGNALS, log_odds, signals, stacked
from meddistill_gui.audit.one_run import OneRun, one_run
from meddistill_gui.audit.reason import Reason, same
from meddistill_gui.audit.shelf import Shelf
from meddistill_gui.audit.statistics import Float64, Interval, auc_interval, clopper_pearson
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
        negative: AUC of the same signal between two groups that nothing was trained on.
        guessed: What the guesses say about epsilon.
        rates: Share of members picked out at a given rate of false alarms; only where it can be measured.
        members: Number of training patients tested.
        others: Number of hold-out patients they were tested against.
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
    answers = []
    for number, one in enumerate(sets):
        rounds = []
        for student in range(count):
            done = number * count + student
            yield Progress(phase=PHASE, done=done, total=count * len(sets), unit="students")
            asked = _Student(case.seed * 100_000 + number * 100 + student, device, control)
            try:
                rounds.append(_kept(asked, one, groups.pool, shelf))
            except DivergedError:
                return "Not made: a student left the finite numbers, so nothing can be asked."
        answers.append(np.mean(rounds, axis=0))
    yield Progress(phase=PHASE, done=count * len(sets), total=count * len(sets), unit="students")
    return _judged(groups, answers, count, case.seed)


@dataclass(frozen=True)
class _Student:
    """One network that the attacker trains."""

    seed: int
    device: torch.device
    control: Control

    def answers(self, distilled: DistilledSet, pool: RealImages) -> Float64:
        """φ of every image of the pool."""
        theta = train_student(distilled, seed=self.seed, device=self.device, control=self.control)
        return log_odds(predict(distilled.recipe, theta, pool, self.device), pool.labels)


def _kept(
    student: _Student, distilled: DistilledSet, pool: RealImages, shelf: Shelf | None
) -> Float64:
    """The student's answers, from the shelf where an interrupted audit left them."""
    name = f"membership {student.seed}"
    known = shelf.get(name) if shelf else None
    if known is not None:
        return known["phi"].astype(np.float64)
    phi = student.answers(distilled, pool)
    if shelf:
        shelf.put(name, {"phi": phi})
    return phi


def _judged(groups: Groups, answers: Sequence[Float64], count: int, seed: int) -> Membership:
    planted = answers[1 : 1 + len(groups.planted)]
    references = stacked(answers[1 + len(groups.planted) :], groups.references, groups.drawn_from)
    found = signals(answers[0], references)
    known = [signals(phi, references) for phi in planted]
    positive = {name: _positive(groups, [one[name] for one in known]) for name in SIGNALS}
    best = max(positive, key=lambda name: positive[name])
    negative = auc_interval(
        [(found[best][groups.unused], found[best][groups.others])], policy.BLIND_CONFIDENCE
    )
    intervals, initialisers = (
        {name: _interval(found[name], rows, groups) for name in SIGNALS if len(rows) > 1}
        for rows in (groups.members, groups.initialisers)
    )
    rates = _rates(found[best], groups)
    guessed = one_run(found[best][groups.members], found[best][groups.others], seed)
    verdict = _verdict([*intervals.values(), *initialisers.values()], positive[best], negative)
    if verdict == Verdict.NO_LEAK_FOUND and _picked_out(rates):
        verdict = Verdict.LEAK_FOUND
    return Membership(
        verdict=verdict,
        sentence=" ".join(
            _sentences(
                groups, (intervals[best], initialisers.get(best)), positive[best], negative, count
            )
        )
        + " "
        + guessed.sentence(),
        auc=intervals,
        initialisers=initialisers,
        positive=positive[best],
        negative=negative,
        guessed=guessed,
        rates={name: rate for name, (_, rate) in rates.items()},
        members=len(groups.members),
        others=len(groups.others),
        planted=sum(map(len, groups.planted)),
        students=count,
        reduced=count < policy.STUDENTS,
    )


def _positive(groups: Groups, scores: Sequence[Float64]) -> float:
    """Mean AUC over the planted sets: each one's own patients against the measuring half."""
    return float(
        np.mean(
            [
                auc_interval([(score[rows], score[groups.others])]).value
                for score, rows in zip(scores, groups.planted, strict=True)
            ]
        )
    )


def _interval(score: Float64, rows: Any, groups: Groups) -> Interval:
    """AUC of these rows against the measuring half; the level pays for looking at several signals (Bonferroni)."""
    level = 1 - (1 - policy.CONFIDENCE) / len(SIGNALS)
    return auc_interval([(score[rows], score[groups.others])], level)


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
        f"{len(groups.others):,} others."
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


def _rates(score: Float64, groups: Groups) -> dict[str, tuple[float, Interval | str]]:
    """Share of members picked out at 1 % and 0.1 % false alarms, where there are enough non-members to say."""
    rates: dict[str, tuple[float, Interval | str]] = {}
    for alarms in (0.01, 0.001):
        name = f"{alarms:.1%} false alarms"
        if min(len(groups.others), len(groups.unused)) < policy.PER_FALSE_ALARM / alarms:
            rates[name] = alarms, f"not measurable with {len(groups.others)} non-members"
            continue
        threshold = np.quantile(score[groups.unused], 1 - alarms)
        hits = int((score[groups.members] > threshold).sum())
        found = clopper_pearson(hits, len(groups.members), policy.CONFIDENCE)
        rates[name] = alarms, found
    return rates


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
