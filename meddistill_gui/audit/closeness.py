"""The closeness index (M2): are the synthetic images drawn to training patients rather than to hold-out patients?

0.5 is no pull, 1.0 means that every image's nearest patient is a training patient, whatever the sizes of the two groups.
It is a number of context and never the verdict: among 200 images it does not see one copy.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from meddistill_gui.audit import policy
from meddistill_gui.audit.descriptors import fitted
from meddistill_gui.audit.statistics import Float64, Interval
from meddistill_gui.core.control import Control

PERMUTATIONS: Final = 9999
_ROWS: Final = 512

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Closeness:
    """The index and what it is worth.

    Attributes:
        index: The closeness index with its interval (bootstrap over nearest patients).
        p: Of a pull towards training patients at least as strong, if their labels meant nothing.
    """

    index: Interval
    p: float


@dataclass(frozen=True, kw_only=True)
class Pull:
    """Which patient is nearest to each synthetic image.

    Attributes:
        towards: float64 `[m]`: 1 a training patient, 0 a hold-out patient, one half where both are equally near.
        nearest: int64 `[m]`, the patient: training patients first, hold-out patients after them.
    """

    towards: Float64
    nearest: Int64


def pull(
    synthetic: Tensor,
    training: tuple[Tensor, Int64],
    holdout: tuple[Tensor, Int64],
    control: Control,
) -> Pull:
    """Find the nearest patient of each synthetic image over both groups.

    The mean that is taken away is that of both groups together: either group's own would favour the other.

    Args:
        synthetic: float32 `[m, C, S, S]`.
        training: Images float32 `[N, C, S, S]` and patients `[N]` numbered from 0.
        holdout: The same for the hold-out.
        control: Asked after each block.

    Raises:
        Stopped: The user asked to stop.
    """
    everyone = torch.cat([training[0], holdout[0]])
    patients = np.concatenate([training[1], holdout[1] + training[1].max() + 1])
    similarity = np.full((len(synthetic), len(everyone)), -1.0, dtype=np.float32)
    for band in policy.BANDS:
        descriptor, rows = fitted(everyone, band, policy.MARGIN_SIDE, ranked=False)
        for start in range(0, len(synthetic), _ROWS):
            control.safe_point()
            found = (descriptor(synthetic[start : start + _ROWS]) @ rows.T).numpy()
            part = similarity[start : start + _ROWS]
            np.maximum(part, found, out=part)
    count = len(training[0])
    first, second = similarity[:, :count].max(1), similarity[:, count:].max(1)
    return Pull(
        towards=np.where(first == second, 0.5, (first > second).astype(np.float64)),
        nearest=patients[similarity.argmax(1)],
    )


def closeness(found: Pull, training_patients: int, holdout_patients: int, seed: int) -> Closeness:
    """The index, its interval and its p-value.

    Args:
        found: From `pull`.
        training_patients: Number of training patients.
        holdout_patients: Number of hold-out patients.
        seed: Of permutations and bootstrap.
    """
    expected = training_patients / (training_patients + holdout_patients)
    _, cluster = np.unique(found.nearest, return_inverse=True)
    weight = np.bincount(cluster).astype(np.float64)
    member = np.bincount(cluster, weights=found.towards) / weight
    random = np.random.default_rng([seed, 3])
    share = float(found.towards.mean())
    shuffled = _shuffled(weight, training_patients, holdout_patients, random)
    resampled = index_of(_resampled(weight, member, random), expected)
    low, high = np.quantile(resampled, [(1 - policy.CONFIDENCE) / 2, (1 + policy.CONFIDENCE) / 2])
    value = float(index_of(np.array([share]), expected)[0])
    return Closeness(
        index=Interval(value=value, low=float(low), high=float(high)),
        p=float((1 + (shuffled >= share - 1e-12).sum()) / (1 + PERMUTATIONS)),
    )


def index_of(share: Float64, expected: float) -> Float64:
    """The share of images nearest to a training patient, corrected for how many training patients there are."""
    above = 0.5 + 0.5 * (share - expected) / (1 - expected)
    return np.asarray(np.where(share >= expected, above, 0.5 * share / expected))


def _shuffled(weight: Float64, training: int, holdout: int, random: np.random.Generator) -> Float64:
    """Shares after the patients' labels were shuffled; only those of the nearest patients need to be drawn."""
    left = np.full(PERMUTATIONS, training)
    total = np.zeros(PERMUTATIONS)
    for drawn, images in enumerate(weight):
        chosen = random.random(PERMUTATIONS) * (training + holdout - drawn) < left
        left = left - chosen
        total += images * chosen
    return np.asarray(total / weight.sum(), dtype=np.float64)


def _resampled(weight: Float64, member: Float64, random: np.random.Generator) -> Float64:
    """Shares of bootstrap samples of nearest patients, each with all images that it is nearest to."""
    drawn = random.integers(len(weight), size=(PERMUTATIONS, len(weight)))
    return np.asarray((weight * member)[drawn].sum(1) / weight[drawn].sum(1), dtype=np.float64)
