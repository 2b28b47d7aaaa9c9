"""The three-sample test of data copying (M3; Meehan, Chaudhuri & Dasgupta 2020, arXiv 2004.05675), as one line of context.

Far below zero: the set lies nearer to the training images than new patients do. It cannot see one copy among many, and for
distilled images it is far above zero by construction, which says nothing good.
"""

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from meddistill_gui.audit.statistics import Float64, auc

Int64 = npt.NDArray[np.int64]


def z_of_copying(synthetic: Float64, holdout: Float64, classes: tuple[Int64, Int64]) -> float:
    """Z_U, averaged over the classes by their share of the hold-out.

    Args:
        synthetic: float64 `[m]`, distance of each synthetic image to the nearest training image.
        holdout: float64 `[H]`, the same for the hold-out images.
        classes: Classes of the synthetic images `[m]` and of the hold-out images `[H]`.

    Returns:
        The z-score; NaN where no class has both kinds of images.
    """
    cells = list(_cells(synthetic, holdout, classes))
    total = sum(size for _, size in cells)
    return sum(z * size for z, size in cells) / total if total else math.nan


def _cells(
    synthetic: Float64, holdout: Float64, classes: tuple[Int64, Int64]
) -> Iterator[tuple[float, int]]:
    for label in np.unique(classes[1]):
        ours, theirs = synthetic[classes[0] == label], holdout[classes[1] == label]
        if len(ours) and len(theirs):
            yield _z(ours, theirs), len(theirs)


def _z(ours: Float64, theirs: Float64) -> float:
    """Mann-Whitney U of "ours is farther", as a z-score."""
    pairs = len(ours) * len(theirs)
    deviation = math.sqrt(pairs * (len(ours) + len(theirs) + 1) / 12)
    return (auc(ours, theirs) - 0.5) * pairs / deviation
