"""The blind baseline: can training and hold-out patients be told apart without looking at the distilled set at all?

If they can, they come from different sources (two scanners, two years), and every membership test that follows would
measure that and not a leak (Das, Zhang & Tramèr 2024, "Blind baselines beat membership inference attacks").
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.audit import policy
from meddistill_gui.audit.patients import numbered
from meddistill_gui.audit.statistics import Float64, Interval, auc_interval
from meddistill_gui.core.real_images import RealImages

_STEPS: Final = 5
_RIDGE: Final = 1.0
_FEWEST: Final = 2 * policy.BLIND_FOLDS


def blind_baseline(train: RealImages, holdout: RealImages, seed: int) -> Interval | None:
    """AUC over patients of a logistic model on thumbnails, cross-validated by patient.

    Args:
        train: Training images.
        holdout: Hold-out images of the same size.
        seed: Of the division into folds.

    Returns:
        The AUC with its interval at `policy.BLIND_CONFIDENCE`; None where a side has fewer than ten patients.
    """
    sides = [_patient_thumbnails(images) for images in (train, holdout)]
    if min(map(len, sides)) < _FEWEST:
        return None
    random = np.random.default_rng([seed, 1])
    rows = np.concatenate(sides)
    member = np.repeat([1.0, 0.0], list(map(len, sides)))
    fold = np.concatenate([random.permutation(len(side)) % policy.BLIND_FOLDS for side in sides])
    return auc_interval(
        [_tested(rows, member, fold == number) for number in range(policy.BLIND_FOLDS)],
        policy.BLIND_CONFIDENCE,
    )


def _tested(
    rows: Float64, member: Float64, tested: npt.NDArray[np.bool_]
) -> tuple[Float64, Float64]:
    """Scores of a fold's members and others under a model of the rest."""
    mean, spread = rows[~tested].mean(0), rows[~tested].std(0) + 1e-6
    scaled = np.column_stack([(rows - mean) / spread, np.ones(len(rows))])
    weights = _logistic(scaled[~tested], member[~tested])
    scores = scaled[tested] @ weights
    return scores[member[tested] == 1.0], scores[member[tested] == 0.0]


def _logistic(rows: Float64, wanted: Float64) -> Float64:
    """Ridge logistic regression by Newton's method; the ridge grows with the number of features."""
    weights = np.zeros(rows.shape[1])
    ridge = _RIDGE * rows.shape[1]
    for _ in range(_STEPS):
        share = 1.0 / (1.0 + np.exp(-np.clip(rows @ weights, -30, 30)))
        curvature = (rows * (share * (1 - share))[:, None]).T @ rows + ridge * np.eye(len(weights))
        weights = weights + np.linalg.solve(curvature, rows.T @ (wanted - share) - ridge * weights)
    return weights


def _patient_thumbnails(images: RealImages) -> Float64:
    """Mean thumbnail of each patient, float64 `[P, C * side * side]`, in no order that says anything."""
    small = _thumbnails(images.images)
    patient = numbered(images.patients)
    sums = np.zeros((patient.max(initial=-1) + 1, small.shape[1]))
    np.add.at(sums, patient, small)
    return np.asarray(sums / np.bincount(patient)[:, None], dtype=np.float64)


def _thumbnails(images: npt.NDArray[np.uint8]) -> Float64:
    """Means over blocks, float64 `[N, C * side * side]`; the edge that does not fill a block is left out."""
    size = images.shape[-1]
    side = min(policy.BLIND_SIDE, size)
    block = size // side
    cut = images[..., : side * block, : side * block].astype(np.float64) / 255.0
    blocks = cut.reshape(len(images), images.shape[1], side, block, side, block)
    return np.asarray(blocks.mean(axis=(3, 5)).reshape(len(images), -1), dtype=np.float64)
