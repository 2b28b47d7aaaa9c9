"""What an audit of this size can see at best, said before it begins: nobody should wait for a test that cannot tell."""

import math
from statistics import NormalDist
from typing import Final

import numpy as np

from meddistill_gui.audit.material import Case
from meddistill_gui.audit.membership_signals import CONFIDENCE
from meddistill_gui.audit.patients import halves, numbered

_BOTH_SIDES: Final = 1.96  # standard deviations that hold 95 % between them


def smallest_p(calibration: int) -> float:
    """The smallest p-value that an image can get beside so many hold-out images (`statistics.conformal_p`)."""
    return 1 / (calibration + 1)


def least_share_copied(images: int, training: int, holdout: int) -> float:
    """Share of a set that must be copies before the closeness index leaves chance, 0..1; over 1 where even all would not do.

    The number of images whose nearest patient trained is binomial by chance; normal approximation, 5 %, both sides.

    Args:
        images: Synthetic images.
        training: Training patients.
        holdout: Hold-out patients, at least one.
    """
    return _BOTH_SIDES * math.sqrt(training / holdout / images)


def auc_half_width(members: int, others: int, confidence: float) -> float:
    """Half of the interval of an AUC of 0.5 (Mann-Whitney without ties)."""
    both_sides = NormalDist().inv_cdf((1 + confidence) / 2)
    return both_sides * math.sqrt((members + others + 1) / (12 * members * others))


def sentence(case: Case, *, membership: bool) -> str:
    """Sizes, and the smallest leak that each test could see.

    Args:
        case: With at least one image and one patient on each side.
        membership: Whether the membership test was asked for.
    """
    images = len(case.distilled.images)
    training, holdout = (
        len(np.unique(numbered(part.patients))) for part in (case.train, case.holdout)
    )
    calibration, _ = halves(case.holdout.patients, case.seed)
    share = least_share_copied(images, training, holdout)
    moves = (
        f"moves from {share:.0%} copies on" if share <= 1 else "would not move if all were copies"
    )
    said = [
        f"What this audit can see, with {images} synthetic images beside {training} training patients ({len(case.train)} images) "
        f"and {holdout} hold-out patients ({len(case.holdout)} images):",
        f"one copy, by the copy search; no image can get a p-value below {smallest_p(len(calibration)):.2g}.",
        f"The closeness index {moves}.",
    ]
    if membership:
        width = auc_half_width(training, holdout, CONFIDENCE)
        said.append(f"The membership test sees an AUC from about {0.5 + width:.2f} on.")
    return " ".join(said)
