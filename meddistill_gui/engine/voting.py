"""From the classes of patches to a decision about each image: vote over the patches inside (paper D).

An image is positive where positive / (positive + negative) >= delta; patches outside do not vote. Where no patch is positive
and none negative there is nothing to divide: such an image is called negative, whatever delta is, and counted separately,
because nobody looked inside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.core.patch_set import INSIDE_NEGATIVE, INSIDE_POSITIVE, PATCH_CLASSES
from meddistill_gui.core.voted import PAPER_D

DELTAS: Final = tuple(round(0.05 * step, 2) for step in range(21))

_NEGATIVE: Final = PATCH_CLASSES.index(INSIDE_NEGATIVE)
_POSITIVE: Final = PATCH_CLASSES.index(INSIDE_POSITIVE)
_EMPTY: Final = -1  # in a map: no patch stands there

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Ballot:
    """The votes over each image.

    Attributes:
        positive: int64 `[I]`, patches called inside-positive.
        negative: int64 `[I]`, patches called inside-negative.
    """

    positive: Numbers
    negative: Numbers

    @property
    def silent(self) -> npt.NDArray[np.bool_]:
        """Images over which no patch voted, bool `[I]`."""
        return np.asarray(self.positive + self.negative == 0)

    @property
    def share(self) -> npt.NDArray[np.float64]:
        """Share of positive votes, float64 `[I]`, 0..1; 0 where no patch voted."""
        return np.asarray(self.positive / np.maximum(self.positive + self.negative, 1))

    def decisions(self, delta: float = PAPER_D) -> npt.NDArray[np.bool_]:
        """Which images are positive, bool `[I]`.

        Args:
            delta: Threshold of the share, 0..1.
        """
        return np.asarray((self.share >= delta) & ~self.silent)


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """How good the decisions about images are.

    Attributes:
        delta: Threshold.
        sensitivity: Share of the positive images that are called positive; NaN where there are none.
        specificity: Share of the negative images that are called negative; NaN where there are none.
    """

    delta: float
    sensitivity: float
    specificity: float

    @property
    def harmonic_mean(self) -> float:
        """2 Sen Spe / (Sen + Spe); 0 where both are 0."""
        total = self.sensitivity + self.specificity
        return 0.0 if total == 0 else 2 * self.sensitivity * self.specificity / total


def vote(classes: npt.ArrayLike, image: npt.ArrayLike, images: int) -> Ballot:
    """Count the votes.

    Args:
        classes: What each patch was taken for, `[N]`, index into `core.patch_set.PATCH_CLASSES`.
        image: The image of each patch, `[N]`, 0 to `images` - 1.
        images: Number of images I; those without any patch are silent.
    """
    taken, where = np.asarray(classes, np.int64), np.asarray(image, np.int64)
    if taken.shape != where.shape:
        raise ValueError(f"{taken.shape} classes for {where.shape} patches")
    return Ballot(
        positive=np.bincount(where[taken == _POSITIVE], minlength=images),
        negative=np.bincount(where[taken == _NEGATIVE], minlength=images),
    )


def judged(ballot: Ballot, image_labels: npt.ArrayLike, delta: float = PAPER_D) -> Verdicts:
    """Compare the decisions with the truth.

    Args:
        ballot: The votes.
        image_labels: 1 for positive images, 0 for negative ones, `[I]`.
        delta: Threshold.
    """
    truth, said = np.asarray(image_labels, np.int64) == 1, ballot.decisions(delta)
    if truth.shape != said.shape:
        raise ValueError(f"{truth.shape} labels for {said.shape} images")
    return Verdicts(
        delta=delta,
        sensitivity=float(said[truth].mean()) if truth.any() else float("nan"),
        specificity=float((~said[~truth]).mean()) if not truth.all() else float("nan"),
    )


def curve(
    ballot: Ballot, image_labels: npt.ArrayLike, deltas: Sequence[float] = DELTAS
) -> tuple[Verdicts, ...]:
    """The verdicts at every threshold. Choosing the best one here and testing on the same images would flatter it."""
    return tuple(judged(ballot, image_labels, delta) for delta in deltas)


def best_delta(ballots: Sequence[Ballot], image_labels: npt.ArrayLike) -> float | None:
    """The threshold with the greatest harmonic mean over these images; of several that are as good the middle one.

    Args:
        ballots: The votes of each student over the same images; the harmonic mean is averaged over them.
        image_labels: 1 for positive images, 0 for negative ones, `[I]`. Not those that are tested.

    Returns:
        One of `DELTAS`; None where the images are not of both classes.
    """
    tried = [[one.harmonic_mean for one in curve(ballot, image_labels)] for ballot in ballots]
    worth = np.mean(tried, axis=0)
    if not np.isfinite(worth).all():
        return None
    best = np.flatnonzero(worth == worth.max())
    return DELTAS[int(best[len(best) // 2])]


def drawn_map(classes: npt.ArrayLike, position: npt.ArrayLike) -> Numbers:
    """What the patches of one image were taken for, as a picture of the window's places.

    Args:
        classes: `[n]`.
        position: Row and column of each patch in pixels, `[n, 2]`.

    Returns:
        int64 `[rows, columns]` in the order of the places; -1 where no patch stands.
    """
    taken, where = np.asarray(classes, np.int64), np.asarray(position, np.int64).reshape(-1, 2)
    rows, row = np.unique(where[:, 0], return_inverse=True)
    columns, column = np.unique(where[:, 1], return_inverse=True)
    found = np.full((len(rows), len(columns)), _EMPTY, np.int64)
    found[row, column] = taken
    return found
