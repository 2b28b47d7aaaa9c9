"""The quick membership audit (M9): can a stranger who trains on the set tell who was among the training patients?

He has the set, its recipe, a candidate's image, and reference patients of his own. Signals are frozen in code so that
nobody can go shopping for green; each is looked at, and Holm's correction pays for looking at several.
"""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from meddistill_gui.audit import policy
from meddistill_gui.audit.material import Case, Material
from meddistill_gui.audit.patients import numbered
from meddistill_gui.audit.recovery import started_rows
from meddistill_gui.audit.statistics import Float64, Interval, auc_interval, clopper_pearson
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.events import Event, Progress
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.core.words import Verdict
from meddistill_gui.engine.devices import choose
from meddistill_gui.engine.evaluation.students import predict, train_student

PHASE: Final = "asking who was among the patients"
SIGNALS: Final = ("confidence", "confidence against references", "probability against references")
_CLIP: Final = 1e-6

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Membership:
    """What the membership audit found.

    Attributes:
        verdict: Of this test alone.
        sentence: With figures.
        auc: Interval of each signal, members against non-members, corrected for their number.
        positive: AUC of the best signal on planted members.
        negative: AUC of the same signal between two groups that nothing was trained on.
        rates: Share of members picked out at a given rate of false alarms; only where it can be measured.
        members: Number of training patients tested.
        others: Number of hold-out patients they were tested against.
        students: Students trained on the set.
        reduced: Whether there were fewer students than the full audit has.
    """

    verdict: Verdict
    sentence: str
    auc: Mapping[str, Interval]
    positive: float
    negative: Interval
    rates: Mapping[str, Interval | str]
    members: int
    others: int
    students: int
    reduced: bool


@dataclass(frozen=True, kw_only=True)
class _Groups:
    """One image per patient, as rows: of the training images, and of the hold-out in its three parts."""

    members: Int64
    planted: Int64
    references: Int64
    unused: Int64
    others: Int64


def membership(
    case: Case, material: Material, control: Control
) -> Generator[Event, None, Membership | None]:
    """Attack the set.

    Args:
        case: The set and the real images.
        material: Says which half of the hold-out is which.
        control: Asked in every training step.

    Yields:
        Progress in students.

    Returns:
        None where there are too few patients to attack.

    Raises:
        Stopped: The user asked to stop.
    """
    groups = _grouped(case, material)
    if min(map(len, vars(groups).values())) < policy.MEMBERSHIP_FEWEST:
        return None
    device = choose("auto")
    count = policy.STUDENTS if device.type == "cuda" else policy.STUDENTS_ON_CPU
    sets = [
        case.distilled,
        _real_set(case.distilled, case.holdout, groups.references),
        _real_set(case.distilled, case.train, groups.planted),
    ]
    odds = []
    for number, one in enumerate(sets):
        rounds = []
        for student in range(count):
            yield Progress(
                phase=PHASE, done=number * count + student, total=3 * count, unit="students"
            )
            seed = case.seed * 1000 + number * 100 + student
            rounds.append(_asked(one, case, seed, device, control))
        odds.append(_Answers(*(np.mean(side, axis=0) for side in zip(*rounds, strict=True))))
    yield Progress(phase=PHASE, done=3 * count, total=3 * count, unit="students")
    return _judged(groups, odds, count)


@dataclass(frozen=True)
class _Answers:
    """Mean probability of the right class, over students: training images `[N]`, hold-out images `[H]`."""

    train: Float64
    holdout: Float64


def _asked(
    distilled: DistilledSet, case: Case, seed: int, device: torch.device, control: Control
) -> tuple[Float64, Float64]:
    theta = train_student(distilled, seed=seed, device=device, control=control)
    train, holdout = (
        _right(predict(distilled.recipe, theta, images, device), images)
        for images in (case.train, case.holdout)
    )
    return train, holdout


def _right(probabilities: npt.NDArray[np.float32], images: RealImages) -> Float64:
    chosen = probabilities[np.arange(len(images)), images.labels]
    return np.asarray(chosen, dtype=np.float64)


def _grouped(case: Case, material: Material) -> _Groups:
    """Draw one image per patient and deal the patients out; patients that an image was started from are no members.

    An average over all members would hide that those few are exposed: they have a test of their own (M4).
    """
    started = started_rows(case.ledger.started_from if case.ledger else (), case.train)
    random = np.random.default_rng([case.seed, 4])
    away = np.isin(material.patients, material.patients[started[started >= 0]])
    train = _one_each(np.flatnonzero(~away), material.patients, random)
    planted, members = _dealt(train, min(policy.MEMBERSHIP_PLANTED, len(train) // 2))
    held = numbered(case.holdout.patients)
    calibration = _one_each(material.calibration, held, random)
    references, unused = _dealt(calibration, len(calibration) // 2)
    return _Groups(
        members=members[: policy.MEMBERSHIP_MOST],
        planted=planted,
        references=references,
        unused=unused,
        others=_one_each(material.measuring, held, random),
    )


def _one_each(rows: Int64, patients: Int64, random: np.random.Generator) -> Int64:
    """One of these rows for each patient, patients in random order."""
    shuffled = random.permutation(rows)
    _, first = np.unique(patients[shuffled], return_index=True)
    return np.asarray(random.permutation(shuffled[first]), dtype=np.int64)


def _dealt(rows: Int64, count: int) -> tuple[Int64, Int64]:
    return rows[:count], rows[count:]


def _real_set(distilled: DistilledSet, images: RealImages, rows: Int64) -> DistilledSet:
    """Real images as a set to train on: references, and the members planted for the positive control."""
    recipe = replace(
        distilled.recipe, steps=policy.MEMBERSHIP_STEPS, batch=0, momentum=0.9, augmentation="none"
    )
    hard = np.eye(len(recipe.class_names), dtype=np.float32)[images.labels[rows]]
    return DistilledSet(
        images=images.images[rows].astype(np.float32) / 255.0,
        labels=hard,
        learning_rates=np.array([policy.MEMBERSHIP_RATE], dtype=np.float32),
        recipe=recipe,
    )


def _judged(groups: _Groups, answers: list[_Answers], count: int) -> Membership:
    attacked, references, planted = answers
    found = _signals(attacked, references)
    known = _signals(planted, references)
    level = 1 - (1 - policy.CONFIDENCE) / len(SIGNALS)
    intervals = {
        name: auc_interval([(train[groups.members], held[groups.others])], level)
        for name, (train, held) in found.items()
    }
    positive = {
        name: auc_interval([(train[groups.planted], held[groups.others])], level)
        for name, (train, held) in known.items()
    }
    best = max(positive, key=lambda name: positive[name].value)
    held = found[best][1]
    negative = auc_interval([(held[groups.unused], held[groups.others])], policy.BLIND_CONFIDENCE)
    verdict = _verdict(intervals, positive[best].value, negative)
    return Membership(
        verdict=verdict,
        sentence=_sentence(intervals[best], positive[best].value, negative, groups, count),
        auc=intervals,
        positive=positive[best].value,
        negative=negative,
        rates=_rates(*found[best], groups),
        members=len(groups.members),
        others=len(groups.others),
        students=count,
        reduced=count < policy.STUDENTS,
    )


def _signals(attacked: _Answers, references: _Answers) -> dict[str, tuple[Float64, Float64]]:
    """Each signal of every training image and every hold-out image; greater means rather a member.

    Against references: how much surer the attacked students are than students who saw neither (difficulty calibration,
    Watson et al. 2022; the ratio is offline RMIA, Zarifzadeh et al. 2024, whose population term changes no ranking).
    """
    made = []
    for ours, theirs in (
        (attacked.train, references.train),
        (attacked.holdout, references.holdout),
    ):
        surer = _log_odds(ours) - _log_odds(theirs)
        made.append((_log_odds(ours), surer, ours / np.maximum(theirs, _CLIP)))
    return {name: (made[0][i], made[1][i]) for i, name in enumerate(SIGNALS)}


def _log_odds(probability: Float64) -> Float64:
    clipped = np.clip(probability, _CLIP, 1 - _CLIP)
    return np.asarray(np.log(clipped / (1 - clipped)), dtype=np.float64)


def _verdict(intervals: Mapping[str, Interval], positive: float, negative: Interval) -> Verdict:
    if positive < policy.MEMBERSHIP_POSITIVE or not negative.low <= 0.5 <= negative.high:
        return Verdict.CANNOT_TELL
    if any(interval.low > 0.5 for interval in intervals.values()):
        return Verdict.LEAK_FOUND
    return Verdict.NO_LEAK_FOUND


def _sentence(
    own: Interval, positive: float, negative: Interval, groups: _Groups, count: int
) -> str:
    reduced = f" Reduced test with {count} students." if count < policy.STUDENTS else ""
    text = (
        f"Membership test: AUC {own.words(3)}, {len(groups.members):,} training patients against "
        f"{len(groups.others):,} others."
    )
    if positive < policy.MEMBERSHIP_POSITIVE:
        return (
            f"{text} The attack is too weak on this data to tell: it finds planted members with AUC {positive:.2f} only."
            + reduced
        )
    if not negative.low <= 0.5 <= negative.high:
        return f"{text} It also tells groups apart that nothing was trained on (AUC {negative.words()}).{reduced}"
    return f"{text} The attack proved able to find planted members (AUC {positive:.2f}).{reduced}"


def _rates(train: Float64, holdout: Float64, groups: _Groups) -> dict[str, Interval | str]:
    """Share of members picked out at 1 % and 0.1 % false alarms, where there are enough non-members to say."""
    rates: dict[str, Interval | str] = {}
    for alarms in (0.01, 0.001):
        name = f"{alarms:.1%} false alarms"
        if len(groups.others) < policy.PER_FALSE_ALARM / alarms:
            rates[name] = f"not measurable with {len(groups.others)} non-members"
            continue
        threshold = np.quantile(holdout[groups.unused], 1 - alarms)
        hits = int((train[groups.members] > threshold).sum())
        rates[name] = clopper_pearson(hits, len(groups.members), policy.CONFIDENCE)
    return rates


def sentences(found: Membership | None, verdict: Verdict) -> Iterator[str]:
    """The sentence, if the test came to this verdict."""
    if found is not None and found.verdict == verdict:
        yield found.sentence


def plain(found: Membership | None) -> dict[str, Any] | None:
    """For the fine-grained report."""
    if found is None:
        return None
    return {
        "verdict": str(found.verdict),
        "sentence": found.sentence,
        "auc": {name: _pair(interval) for name, interval in found.auc.items()},
        "positive_control": round(found.positive, 4),
        "negative_control": _pair(found.negative),
        "rates": {
            name: rate if isinstance(rate, str) else _pair(rate)
            for name, rate in found.rates.items()
        },
        "members": found.members,
        "others": found.others,
        "students": found.students,
        "reduced": found.reduced,
    }


def _pair(interval: Interval) -> dict[str, float]:
    return {
        "value": round(interval.value, 4),
        "low": round(interval.low, 4),
        "high": round(interval.high, 4),
    }
