"""Known leaks for the deep membership audit: in every run some patients' own images stand in the set, and the attack must tell whose.

This is the leak of a set that was started from real images and never changed. Who stands in which run's set is drawn anew for each run,
as the runs' own coins are, so the attack is tried exactly as it is used.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.audit.deep_attack import above_usual, likelihood_ratios
from meddistill_gui.audit.statistics import Float64, auc
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.real_images import RealImages

_SIDES: Final = 2

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class ControlGroup:
    """Who may be planted.

    Attributes:
        rows: int64 `[C]`, rows of the training images, one of each patient.
        labels: int64 `[C]`, their classes.
        each: int64 `[classes]`, how many of each class stand in a planted set; as many others of the class stand in none.
    """

    rows: Int64
    labels: Int64
    each: Int64

    def drawn(self, run: int, seed: int) -> Bools:
        """Who stands in the planted set of a run, bool `[C]`."""
        random = np.random.default_rng([seed, 10, run])
        chosen = np.zeros(len(self.rows), dtype=np.bool_)
        for label, count in enumerate(self.each):
            own = random.permutation(np.flatnonzero(self.labels == label))
            chosen[own[:count]] = True
        return chosen


def control_group(
    distilled: DistilledSet, train: RealImages, one_each: Int64, seed: int
) -> ControlGroup:
    """Draw twice as many patients of each class as the set has images of it, or all there are.

    Args:
        distilled: The audited set.
        train: The training images.
        one_each: One row of each patient.
        seed: Of the draw.
    """
    random = np.random.default_rng([seed, 11])
    wanted = np.bincount(distilled.labels.argmax(1), minlength=distilled.labels.shape[1])
    own = [random.permutation(one_each[train.labels[one_each] == label]) for label in range(len(wanted))]  # fmt: skip
    each = np.array(
        [min(count, len(rows) // _SIDES) for count, rows in zip(wanted, own, strict=True)],
        dtype=np.int64,
    )
    rows = np.concatenate([part[: _SIDES * count] for part, count in zip(own, each, strict=True)])
    return ControlGroup(rows=rows, labels=train.labels[rows], each=each)


def with_planted(made: DistilledSet, train: RealImages, rows: Int64) -> DistilledSet:
    """A run's set with these training images in the places of synthetic ones of their classes, under the run's own recipe."""
    images, labels = made.images.copy(), made.labels.copy()
    shown = made.labels.argmax(1)
    for label in np.unique(train.labels[rows]):
        own = rows[train.labels[rows] == label]
        places = np.flatnonzero(shown == label)[: len(own)]
        images[places] = train.images[own[: len(places)]].astype(np.float32) / 255.0
        labels[places] = np.eye(labels.shape[1], dtype=np.float32)[label]
    return replace(made, images=images, labels=labels, recipe=made.recipe.open())


def told_planted(phi: Float64, planted: Bools) -> tuple[float, float]:
    """Mean AUC over the runs of the two scores of the attack, patients in the planted set against the others.

    Args:
        phi: float64 `[K, C]`, φ of each under the students of each run's planted set; NaN where a student had none.
        planted: bool `[K, C]`.

    Returns:
        Of `likelihood_ratios` and of `above_usual`; 0 where nothing could be asked.
    """
    ratio, above = likelihood_ratios(phi, planted), above_usual(phi, planted)
    return _mean_auc(ratio, planted), _mean_auc(above, planted)


def _mean_auc(scores: Float64, planted: Bools) -> float:
    found = []
    for score, stands in zip(scores, planted, strict=True):
        known = np.isfinite(score)
        if (known & stands).any() and (known & ~stands).any():
            found.append(auc(score[known & stands], score[known & ~stands]))
    return float(np.mean(found)) if found else 0.0
