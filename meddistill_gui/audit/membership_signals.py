"""The signals of the membership test: what a student's answer about an image says of whether it saw that patient.

They are frozen in code so that nobody can go shopping for green. φ is the log-odds of the image's own class. Some images are easy
for every student, so two of the three signals ask what students answer that never saw the image (references).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.audit import policy
from meddistill_gui.audit.statistics import Float64

SIGNALS: Final = ("confidence", "confidence against references", "likelihood ratio")
CONFIDENCE: Final = 1 - (1 - policy.CONFIDENCE) / len(SIGNALS)
"""Confidence of each signal's interval: it pays for looking at several (Bonferroni)."""

_TINY: Final = 1e-30
_RIDGE: Final = 0.05

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]


def log_odds(probabilities: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> Float64:
    """φ = log p of the image's class - log of all others' together, float64 `[N]`.

    The others are added up instead of taken from one: float32 cannot tell 1 - 1e-9 from 1.
    """
    all_ = probabilities.astype(np.float64)
    rows = np.arange(len(all_))
    own = all_[rows, labels]
    all_[rows, labels] = 0.0
    return np.asarray(
        np.log(np.maximum(own, _TINY)) - np.log(np.maximum(all_.sum(1), _TINY)), dtype=np.float64
    )


@dataclass(frozen=True, kw_only=True)
class References:
    """Students on small sets of reference patients: what a student says who saw an image, and who did not.

    Attributes:
        phi: float64 `[R, N]`, φ of every image under the students of each reference set.
        seen: bool `[R, N]`, whether the image was in that set.
        reference: bool `[N]`, whether it is one of the reference patients, whom the sets were drawn from.
    """

    phi: Float64
    seen: Bools
    reference: Bools

    def unseen(self) -> Float64:
        """Mean φ of each image over the sets that it is not in, float64 `[N]`; NaN where it is in all."""
        return _mean_where(self.phi, ~self.seen)

    def examples(self) -> tuple[Float64, Float64]:
        """(φ, mean φ under the other sets without it) of images that were seen, and of reference images that were not."""
        seen, unseen = [], []
        for number, phi in enumerate(self.phi):
            rest = np.delete(np.arange(len(self.phi)), number)
            others = _mean_where(self.phi[rest], ~self.seen[rest])
            pairs = np.stack([phi, others], axis=1)
            known = np.isfinite(others)
            seen.append(pairs[self.seen[number] & known])
            unseen.append(pairs[self.reference & ~self.seen[number] & known])
        return np.concatenate(seen), np.concatenate(unseen)


@dataclass(frozen=True, kw_only=True)
class Likelihood:
    """How (φ, mean φ of references) lies for images that were seen and for images that were not: a Gaussian each.

    Carlini et al. 2022 (LiRA) with one Gaussian for all images instead of one for each: with few students the variance of a single
    image is noise. The references' answer stands beside φ, so a difficult image is compared with difficult ones.
    """

    seen: tuple[Float64, Float64]
    unseen: tuple[Float64, Float64]

    def ratio(self, pairs: Float64) -> Float64:
        """Logarithm of the likelihood ratio, float64 `[N]` of `[N, 2]`."""
        return _log_density(pairs, self.seen) - _log_density(pairs, self.unseen)


def likelihood(references: References) -> Likelihood:
    """Fit both Gaussians."""
    seen, unseen = (_gaussian(rows) for rows in references.examples())
    return Likelihood(seen=seen, unseen=unseen)


def signals(phi: Float64, references: References) -> dict[str, Float64]:
    """Each signal of every image, float64 `[N]`; greater means rather a member."""
    usual = references.unseen()
    pairs = np.stack([phi, usual], axis=1)
    made = (phi, phi - usual, likelihood(references).ratio(pairs))
    return dict(zip(SIGNALS, made, strict=True))


def stacked(sets: Sequence[Float64], members: Sequence[Int64], reference: Int64) -> References:
    """References from φ of each set `[N]`, the rows that each was trained on, and the rows of all reference patients."""
    seen = np.zeros((len(sets), len(sets[0])), dtype=np.bool_)
    for row, chosen in zip(seen, members, strict=True):
        row[chosen] = True
    return References(
        phi=np.stack(sets), seen=seen, reference=np.isin(np.arange(seen.shape[1]), reference)
    )


def _mean_where(values: Float64, chosen: Bools) -> Float64:
    count = chosen.sum(0)
    total = np.where(chosen, values, 0.0).sum(0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _gaussian(rows: Float64) -> tuple[Float64, Float64]:
    """Mean and covariance; the ridge keeps a handful of rows from making a needle."""
    spread = np.atleast_2d(np.cov(rows.T))
    return rows.mean(0), spread + _RIDGE * np.eye(2)


def _log_density(pairs: Float64, of: tuple[Float64, Float64]) -> Float64:
    mean, spread = of
    away = pairs - mean
    exponent = (away @ np.linalg.inv(spread) * away).sum(1)
    return np.asarray(-0.5 * (exponent + np.log(np.linalg.det(spread))), dtype=np.float64)
