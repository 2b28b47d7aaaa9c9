"""The one look at the patients that a run with a formal bound takes: sums over patients of clipped features, with noise.

Every patient adds one vector of length at most 1, whatever and however many his images are: the mean over his images of
their features, for each class, clipped; and his share in each class, so that the sums can be divided by numbers of
patients that are noised too. One draw of Gaussian noise covers all (Balle & Wang 2018, arXiv 1805.06530). The noise
comes from the operating system and is kept nowhere: with it the sums could be had back.

What is left open is the arithmetic: noise is drawn in float64, and its gaps can in principle tell more than real numbers
would (Mironov 2012, there for Laplace noise).
"""

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from meddistill_gui.core.gaussian_mechanism import gaussian_sigma
from meddistill_gui.engine.tensors import TrainingTensors, rows_of

COUNT_LENGTH: Final = 0.3
"""What a patient adds to the count of a class; the squares of both lengths add up to 1."""

FEATURE_LENGTH: Final = math.sqrt(1 - COUNT_LENGTH**2)

_CHUNK: Final = 512  # images
_BYTES: Final = 8  # of one random number

Embedding = Callable[[Tensor], Tensor]
"""Features float32 `[B, D]` of normalised images `[B, C, S, S]`."""


@dataclass(frozen=True)
class Release:
    """What may be used from here on.

    Attributes:
        means: Noised mean features of each class, float64 `[K, D]`; a patient's own are at most 1 long.
        patients: Noised number of patients of each class, float64 `[K]`.
    """

    means: Tensor
    patients: Tensor


def released(embed: Embedding, train: TrainingTensors, *, epsilon: float, delta: float) -> Release:
    """Look at the patients once, with noise.

    Args:
        embed: Features of images; must not depend on the training images.
        train: The training images, every patient known.
        epsilon: ε of the bound; infinity draws no noise, for measurements.
        delta: δ of the bound.
    """
    sums = summed(embed, train)
    sigma = 0.0 if math.isinf(epsilon) else gaussian_sigma(epsilon, delta)
    noised = sums + sigma * gaussian_noise(sums.numel()).view_as(sums)
    patients = noised[:, -1] / COUNT_LENGTH
    means = noised[:, :-1] / FEATURE_LENGTH / patients.clamp(min=1.0)[:, None]
    return Release(means=means, patients=patients)


def summed(embed: Embedding, train: TrainingTensors) -> Tensor:
    """The sums without noise, float64 `[K, D + 1]`; a patient more or less changes them by at most 1. Never stored."""
    total: Tensor | None = None
    for rows in _of_whole_patients(train.patients):
        with torch.no_grad():
            features = embed(rows_of(train, rows)).cpu()
        labels, patients = train.labels[rows].cpu(), train.patients[rows].cpu()
        for patient in torch.unique(patients):
            his = patients == patient
            added = contribution(features[his], labels[his], train.classes)
            total = added if total is None else total + added
    if total is None:
        raise ValueError("there are no patients")
    return total


def contribution(features: Tensor, labels: Tensor, classes: int) -> Tensor:
    """What one patient adds: float64 `[K, D + 1]`, of length at most 1.

    Args:
        features: Of his images, `[B, D]`, of any length.
        labels: Classes of his images, int64 `[B]`.
        classes: K.
    """
    share = 1.0 / len(features)
    finite = torch.nan_to_num(features.double(), nan=0.0, posinf=0.0, neginf=0.0)
    own = torch.zeros(classes, features.shape[1], dtype=torch.float64)
    own.index_add_(0, labels, finite * share)
    shares = torch.bincount(labels, minlength=classes).double() * share
    return torch.cat([FEATURE_LENGTH * clipped(own), COUNT_LENGTH * clipped(shares)[:, None]], 1)


def clipped(vector: Tensor) -> Tensor:
    """The tensor, taken as one vector, shortened to length 1 where it is longer."""
    length = vector.norm()
    return vector / length if length > 1 else vector


def gaussian_noise(count: int) -> Tensor:
    """Standard normal numbers, float64 `[count]`, from the operating system's randomness (Box & Muller 1958)."""
    pairs = (count + 1) // 2
    drawn = torch.frombuffer(bytearray(os.urandom(2 * pairs * _BYTES)), dtype=torch.int64)
    uniform = ((drawn >> 11) & (2**53 - 1)).double().add(0.5) / 2**53  # in (0, 1)
    radius = torch.sqrt(-2 * torch.log(uniform[:pairs]))
    angle = 2 * math.pi * uniform[pairs:]
    return torch.cat([radius * torch.cos(angle), radius * torch.sin(angle)])[:count]


def _of_whole_patients(patients: Tensor) -> Iterator[Tensor]:
    """Row numbers in chunks that hold all images of a patient or none."""
    order = patients.argsort(stable=True)
    numbers, counts = torch.unique_consecutive(patients[order], return_counts=True)
    first, chunk = 0, 0
    for count in counts.tolist() if len(numbers) else []:
        chunk += count
        if chunk >= _CHUNK:
            yield order[first : first + chunk]
            first, chunk = first + chunk, 0
    if chunk:
        yield order[first : first + chunk]
