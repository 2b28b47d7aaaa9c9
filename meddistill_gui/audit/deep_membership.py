"""The deep membership audit: the whole run again and again, each time with half of the training patients, drawn coin by coin.

Who was in and who was out is then known for every patient and every run, so the attacker learns what a run says of each single patient
with and without him (Carlini et al. 2022, LiRA; one variance for all, which then changes no order and is left out), and is tried on the
run that he left out. An average hides the exposed, so the hardest patients and the rarest class stand in rows of their own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.audit import policy
from meddistill_gui.audit.one_run import OneRun, one_run
from meddistill_gui.audit.statistics import Float64, auc
from meddistill_gui.core.words import Verdict

PHASE: Final = "distilling again with other patients"
ALL: Final = "all"
HARDEST: Final = "hardest to classify"
RAREST: Final = "rarest class"
_REDRAWN: Final = 999

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Told:
    """How well a group's coins are told.

    Attributes:
        auc: Mean over the runs of P(a patient who was in scores higher than one who was out).
        p: How often coins drawn anew, with which no run has anything to do, are told as well: exact, because coins decided.
    """

    auc: float
    p: float


@dataclass(frozen=True, kw_only=True)
class Deep:
    """What was found.

    Attributes:
        runs: How often the set was distilled again.
        patients: How many patients were drawn in and out.
        groups: By name.
        guessed: What the guesses of the first run say about epsilon.
    """

    runs: int
    patients: int
    groups: Mapping[str, Told]
    guessed: OneRun

    @property
    def verdict(self) -> Verdict:
        """A leak where any group is told apart (Bonferroni over the groups); silence is no proof."""
        level = (1 - policy.CONFIDENCE) / max(1, len(self.groups))
        if any(told.p < level for told in self.groups.values()):
            return Verdict.LEAK_FOUND
        return Verdict.NO_LEAK_FOUND

    def sentence(self) -> str:
        """With figures."""
        groups = "; ".join(
            f"{name}: AUC {told.auc:.3f}, p = {told.p:.3f}" for name, told in self.groups.items()
        )
        return (
            f"Deep membership test: the method was run again {self.runs} times, each time with about half of {self.patients:,} "
            f"patients. {groups}. {self.guessed.sentence()}"
        )


def included(patients: int, run: int, seed: int) -> Bools:
    """Which patients take part in a run: one fair coin each, bool `[P]`."""
    return np.random.default_rng([seed, 8, run]).random(patients) < 0.5


def judged(phi: Float64, inside: Bools, labels: Int64, seed: int) -> Deep:
    """Attack every run with what the others say.

    Args:
        phi: float64 `[K, P]`, φ of one image of each patient under the students of each run.
        inside: bool `[K, P]`, whether the patient was in.
        labels: int64 `[P]`, classes.
        seed: Breaks ties of guesses.
    """
    scores = likelihood_ratios(phi, inside)
    groups = _groups(phi, labels)
    seen = {name: _auc(scores, inside, rows) for name, rows in groups.items()}
    random = np.random.default_rng([seed, 9])
    as_good = dict.fromkeys(groups, 0)
    for _ in range(_REDRAWN):
        coins = random.random(inside.shape) < 0.5
        by_chance = likelihood_ratios(phi, coins)
        for name, rows in groups.items():
            as_good[name] += _auc(by_chance, coins, rows) >= seen[name]
    told = {
        name: Told(auc=seen[name], p=(1 + as_good[name]) / (1 + _REDRAWN))
        for name in groups
        if np.isfinite(seen[name])
    }
    first, was_in = scores[0], inside[0]
    known = np.isfinite(first)
    return Deep(
        runs=len(phi),
        patients=phi.shape[1],
        groups=told,
        guessed=one_run(first[known & was_in], first[known & ~was_in], seed),
    )


def likelihood_ratios(phi: Float64, inside: Bools) -> Float64:
    """How much more each φ looks like that of runs with the patient than without, the other runs being known.

    Returns:
        float64 `[K, P]`; NaN where no other run had the patient in, or none had him out.
    """
    with_him, without = (_others_mean(phi, side) for side in (inside, ~inside))
    return np.asarray((phi - without) ** 2 - (phi - with_him) ** 2, dtype=np.float64)


def _auc(scores: Float64, inside: Bools, rows: Bools) -> float:
    """Mean AUC over the runs in which the group has patients on both sides; NaN where there is none."""
    found = []
    for score, was_in in zip(scores, inside, strict=True):
        known = rows & np.isfinite(score)
        if (known & was_in).any() and (known & ~was_in).any():
            found.append(auc(score[known & was_in], score[known & ~was_in]))
    return float(np.mean(found)) if found else np.nan


def _others_mean(phi: Float64, chosen: Bools) -> Float64:
    """For each run the mean over the other runs of this side, float64 `[K, P]`; NaN where there is none."""
    own = np.where(chosen, phi, 0.0)
    count = chosen.sum(0) - chosen
    return np.where(count > 0, (own.sum(0) - own) / np.maximum(count, 1), np.nan)


def _groups(phi: Float64, labels: Int64) -> dict[str, Bools]:
    """Everybody; those whom the runs classify worst, with them or without: a choice by one side would favour it; the rarest class."""
    usual = phi.mean(0)
    hardest = usual <= np.quantile(usual, policy.HARDEST)
    counts = np.bincount(labels)
    rarest = labels == np.where(counts > 0, counts, counts.sum() + 1).argmin()
    return {ALL: np.ones(len(labels), dtype=np.bool_), HARDEST: hardest, RAREST: rarest}


def sentences(found: Deep | None, verdict: Verdict) -> Iterator[str]:
    """The sentence, if the test came to this verdict."""
    if found is not None and found.verdict == verdict:
        yield found.sentence()


def plain(found: Deep | None) -> dict[str, Any] | None:
    """For the fine-grained report."""
    if found is None:
        return None
    return {
        "verdict": str(found.verdict),
        "sentence": found.sentence(),
        "runs": found.runs,
        "patients": found.patients,
        "groups": {name: asdict(told) for name, told in found.groups.items()},
        "one_run": asdict(found.guessed),
    }
