"""The attack on many runs: whose coin said "in", told from what students of each run's set answer.

Carlini et al. 2022 (LiRA): the attacker learns from the other runs what one says of an image with its patient and without. One variance
for all images, which then changes no order and is left out. Images that a run was started from have a score of their own: in
the other runs they were hardly ever a start, so only "without" is known of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.audit import policy
from meddistill_gui.audit.statistics import Float64, auc

STARTED: Final = "images that a run was started from"

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What students of every run's set answer about every image.

    Attributes:
        phi: float64 `[K, N]`, log-odds of the image's class.
        coins: bool `[K, P]`, whether the patient took part in the run.
        started: bool `[K, N]`, whether a synthetic image of the run was started from it.
        patients: int64 `[N]`, 0, 1, ..., P - 1.
        labels: int64 `[N]`, classes.
    """

    phi: Float64
    coins: Bools
    started: Bools
    patients: Int64
    labels: Int64

    @property
    def inside(self) -> Bools:
        """Whether the image took part in the run, bool `[K, N]`."""
        return self.coins[:, self.patients]

    @property
    def fewest_outside(self) -> int:
        """Patients who were out in the run that had the most in."""
        return int((~self.coins).sum(1).min())


def told(answers: Answers, groups: Mapping[str, Bools]) -> dict[str, float]:
    """How well the coins are told: for each group (rows, bool `[N]`) the mean AUC over the runs, NaN where a side is missing.

    Beside these `STARTED`, where runs were started from images; and the share picked out at each rate of false alarms, where there are
    enough patients to measure it.
    """
    inside = answers.inside
    scores = likelihood_ratios(answers.phi, inside)
    found = {name: _auc(scores, inside & rows, ~inside & rows) for name, rows in groups.items()}
    if answers.started.any():
        found[STARTED] = _auc(above_usual(answers.phi, inside), answers.started, ~inside)
    for alarms in policy.FALSE_ALARMS:
        if measurable(answers.fewest_outside, alarms):
            found[at_alarms(alarms)] = _picked_out(scores, inside, alarms)
    return found


def measurable(others: int, alarms: float) -> bool:
    """Whether so many non-members can show this rate of false alarms."""
    return others >= policy.PER_FALSE_ALARM / alarms


def at_alarms(alarms: float) -> str:
    """Name of the share that is picked out at this rate of false alarms."""
    return f"picked out at {alarms:.1%} false alarms"


def redrawn(answers: Answers, random: np.random.Generator) -> Answers:
    """The same answers beside coins and starts drawn anew, with which no run has anything to do."""
    coins = random.random(answers.coins.shape) < 0.5
    fresh = replace(answers, coins=coins)
    if not answers.started.any():
        return fresh
    return replace(fresh, started=_started_anew(answers, fresh.inside, random))


def likelihood_ratios(phi: Float64, inside: Bools) -> Float64:
    """How much more each φ looks like that of runs with the patient than without, the other runs being known.

    Returns:
        float64 `[K, N]`; NaN where no other run had the patient in, or none had him out.
    """
    with_him, without = (_others_mean(phi, side) for side in (inside, ~inside))
    return np.asarray((phi - without) ** 2 - (phi - with_him) ** 2, dtype=np.float64)


def above_usual(phi: Float64, inside: Bools) -> Float64:
    """How much greater each φ is than that of other runs without the patient, float64 `[K, N]`; NaN where there is none."""
    return phi - _others_mean(phi, ~inside)


def _auc(scores: Float64, ins: Bools, outs: Bools) -> float:
    """Mean AUC over the runs that have images on both sides; NaN where there is none."""
    known = np.isfinite(scores)
    found = [
        auc(score[one], score[other])
        for score, one, other in zip(scores, known & ins, known & outs, strict=True)
        if one.any() and other.any()
    ]
    return float(np.mean(found)) if found else np.nan


def _picked_out(scores: Float64, inside: Bools, alarms: float) -> float:
    """Mean over the runs of the share of images inside that score above all but `alarms` of those outside."""
    found = []
    for score, was_in in zip(scores, inside, strict=True):
        known = np.isfinite(score)
        threshold = np.quantile(score[known & ~was_in], 1 - alarms)
        found.append((score[known & was_in] > threshold).mean())
    return float(np.mean(found))


def _others_mean(phi: Float64, chosen: Bools) -> Float64:
    """For each run the mean over the other runs of this side, float64 `[K, N]`; NaN where there is none."""
    own = np.where(chosen, phi, 0.0)
    count = chosen.sum(0) - chosen
    return np.where(count > 0, (own.sum(0) - own) / np.maximum(count, 1), np.nan)


def _started_anew(answers: Answers, inside: Bools, random: np.random.Generator) -> Bools:
    """As many starts of each class as each run had, drawn as a run draws them: from the images inside."""
    keys = random.random(inside.shape) + ~inside
    made = np.zeros_like(inside)
    for run, started in enumerate(answers.started):
        for label in np.unique(answers.labels[started]):
            own = np.flatnonzero(answers.labels == label)
            first = own[np.argsort(keys[run, own])[: int(started[own].sum())]]
            made[run, first] = True
    return made & inside
