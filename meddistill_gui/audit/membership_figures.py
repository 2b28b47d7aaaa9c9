"""From what the students answered to the figures of the membership test: intervals, rates and guesses over both folds.

Each half of the hold-out is measured once, with reference students on patients of the other half. So everybody who was held out
counts as somebody who did not train, and nobody is judged by students that saw him.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from meddistill_gui.audit import policy
from meddistill_gui.audit.membership_groups import Fold, Groups, Int64
from meddistill_gui.audit.membership_signals import (
    CONFIDENCE,
    SIGNALS,
    References,
    signals,
    stacked,
)
from meddistill_gui.audit.one_run import OneRun, one_run, pooled
from meddistill_gui.audit.statistics import (
    Float64,
    Interval,
    auc,
    auc_interval,
    clopper_pearson,
    crossed_auc_interval,
)


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What students of one set say of every image of the pool.

    Attributes:
        phi: Log-odds of the image's own class, float64 `[N]`.
        right: Share of the students whose first guess is its class, float64 `[N]`.
    """

    phi: Float64
    right: Float64


def averaged(rounds: Sequence[Answers]) -> Answers:
    """The mean over several students."""
    return Answers(
        phi=np.mean([one.phi for one in rounds], axis=0),
        right=np.mean([one.right for one in rounds], axis=0),
    )


@dataclass(frozen=True, kw_only=True)
class Utility:
    """What students on the set are worth, beside students on as many random training images.

    Attributes:
        distilled: Balanced accuracy on the hold-out of students on the set, 0..1.
        real: The same of students on a planted set, the mean over these sets.
        images: Images in a planted set.
    """

    distilled: float
    real: float
    images: int

    def sentence(self) -> str:
        """For the report."""
        return (
            f"Students on the set classify {self.distilled:.0%} of the hold-out right (mean over classes), students on "
            f"{self.images} random training images {self.real:.0%}."
        )


def utility(groups: Groups, answers: Sequence[Answers]) -> Utility:
    """Balanced accuracy on everybody held out.

    Args:
        groups: Who was asked about.
        answers: Of students on the set and on each planted set, in this order; more may follow.
    """
    held = np.concatenate([fold.others for fold in groups.folds])
    labels = groups.pool.labels[held]

    def balanced(one: Answers) -> float:
        right = one.right[held]
        return float(np.mean([right[labels == label].mean() for label in np.unique(labels)]))

    own, *planted = (balanced(one) for one in answers[: 1 + len(groups.planted)])
    return Utility(distilled=own, real=float(np.mean(planted)), images=len(groups.planted[0]))


@dataclass(frozen=True, kw_only=True)
class View:
    """What an attacker with one half's patients sees.

    Attributes:
        fold: Whom he looks at.
        found: Each signal of every image, from students on the set.
        known: The same from students on each planted set.
    """

    fold: Fold
    found: Mapping[str, Float64]
    known: Sequence[Mapping[str, Float64]]


def views(groups: Groups, answers: Sequence[Float64]) -> tuple[View, ...]:
    """Both folds' signals.

    Args:
        groups: Who was asked about.
        answers: φ of every image under students on the set, on each planted set, and on each reference set, in this order.
    """
    last = 1 + len(groups.planted)
    planted, rest = answers[1:last], list(answers[last:])
    made = []
    for fold in groups.folds:
        own, rest = rest[: len(fold.references)], rest[len(fold.references) :]
        references: References = stacked(own, fold.references, fold.drawn_from)
        known = [signals(phi, references) for phi in planted]
        made.append(View(fold=fold, found=signals(answers[0], references), known=known))
    return tuple(made)


def planted_auc(groups: Groups, seen: Sequence[View]) -> dict[str, float]:
    """Mean AUC of each signal over the planted sets: each one's own patients against the hold-out."""
    return {
        name: float(
            np.mean(
                [
                    auc(known[name][rows], known[name][view.fold.others])
                    for view in seen
                    for known, rows in zip(view.known, groups.planted, strict=True)
                ]
            )
        )
        for name in SIGNALS
    }


def intervals(rows: Int64, seen: Sequence[View]) -> dict[str, Interval]:
    """AUC of these rows against the hold-out by each signal; nothing for fewer than two rows."""
    if len(rows) < 2:
        return {}
    return {
        name: crossed_auc_interval(
            [view.found[name][rows] for view in seen],
            [view.found[name][view.fold.others] for view in seen],
            CONFIDENCE,
        )
        for name in SIGNALS
    }


def nobody(signal: str, seen: Sequence[View]) -> Interval:
    """AUC between two groups that nothing was trained on, in the fold where it is farther from one half."""
    level = 1 - (1 - policy.BLIND_CONFIDENCE) / len(seen)
    found = [
        auc_interval([(view.found[signal][view.fold.unused], view.found[signal][view.fold.others])], level)
        for view in seen
    ]  # fmt: skip
    return max(found, key=lambda one: abs(one.value - 0.5))


def rates(signal: str, seen: Sequence[View]) -> dict[str, tuple[float, Interval | str]]:
    """Share of members picked out at 1 % and 0.1 % false alarms, where enough non-members set the limit and are measured."""
    fewest = min(min(len(view.fold.others), len(view.fold.unused)) for view in seen)
    found: dict[str, tuple[float, Interval | str]] = {}
    for alarms in policy.FALSE_ALARMS:
        name = f"{alarms:.1%} false alarms"
        if fewest < policy.PER_FALSE_ALARM / alarms:
            found[name] = (
                alarms,
                f"not measurable: {fewest} non-members would have to set the limit",
            )
            continue
        hits = sum(_picked(view, signal, alarms) for view in seen)
        members = sum(len(view.fold.members) for view in seen)
        found[name] = alarms, clopper_pearson(hits, members, policy.CONFIDENCE)
    return found


def guesses(signal: str, seen: Sequence[View], seed: int) -> OneRun:
    """The one-run audit over both folds; each patient is guessed about once."""
    return pooled(
        [
            one_run(view.found[signal][view.fold.members], view.found[signal][view.fold.others], seed)
            for view in seen
        ]
    )  # fmt: skip


def _picked(view: View, signal: str, alarms: float) -> int:
    threshold = np.quantile(view.found[signal][view.fold.unused], 1 - alarms)
    return int((view.found[signal][view.fold.members] > threshold).sum())
