"""Rebuilding a trained network from a prescribed set: the same steps from the same start give the same parameters.

On a CPU, with one thread and torch's deterministic algorithms, the same version of torch on the same kind of processor gives
the same bits; a digest tells. Elsewhere (another kind of processor, a GPU) sums are taken in another order, the digest
differs, and what counts is that the network gives the same answers: to its own images within `TOLERANCE`.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet, Recipe
from meddistill_gui.core.errors import InputError, SplitError
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.engine.evaluation.students import student_network, train_student
from meddistill_gui.engine.seeding import derived_seed
from meddistill_gui.engine.tensors import Normaliser

TOLERANCE: Final = 0.01
"""Largest difference of a probability that still counts as the same network on another device."""

_AT_ONCE: Final = 64


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """A network that was rebuilt.

    Attributes:
        theta: Parameters, float32 `[P]`, with batch statistics `[P + Q]` where the network has some.
        parameters: P.
        digest: SHA-256 of `theta`.
        answers: Probabilities for the set's own images, float32 `[M, K]`.
    """

    theta: Tensor
    parameters: int
    digest: str
    answers: npt.NDArray[np.float32]


def rebuild(
    distilled: DistilledSet,
    device: torch.device,
    control: Control,
    *,
    statistics: npt.NDArray[np.float16] | None = None,
) -> Rebuilt:
    """Train the one network that the set prescribes.

    Args:
        distilled: Prescribes start and steps.
        device: Where to compute; the digest is comparable on a CPU only.
        control: Asked at every step.
        statistics: Batch statistics to use, `[Q]`; None computes them from the synthetic images.

    Raises:
        DivergedError: The network left the finite numbers.
        InputError: The statistics belong to another network.
        Stopped: As asked.
    """
    network = student_network(distilled.recipe)
    with _reproducible():
        theta = train_student(distilled, seed=0, device=device, control=control, network=network)
        count = network.parameter_count
        if statistics is not None:
            if len(statistics) != len(theta) - count:
                raise InputError(
                    f"{len(statistics)} batch statistics do not fit a network that has {len(theta) - count}.",
                    "Ask the sender to export the capsule again.",
                )
            given = torch.from_numpy(statistics.astype(np.float32))
            theta = torch.cat([theta[:count], given])
        return Rebuilt(
            theta=theta,
            parameters=count,
            digest=hashlib.sha256(theta.numpy().astype("<f4").tobytes()).hexdigest(),
            answers=_answers(distilled, theta, device),
        )


def estimated_statistics(
    recipe: Recipe, theta: Tensor, images: RealImages, fewest: int, control: Control
) -> tuple[npt.NDArray[np.float16], int]:
    """Batch statistics of real images, one of each patient, in half precision.

    Args:
        recipe: Names the network.
        theta: Its parameters `[P]` or `[P + Q]`.
        images: Of known patients.
        fewest: Least number of patients.
        control: Asked between batches.

    Returns:
        Means and variances float16 `[Q]`, and how many patients they are of.

    Raises:
        SplitError: Too few patients, or patients unknown.
        Stopped: As asked.
    """
    if not images.patients_known or images.patient_count < fewest:
        known = images.patient_count if images.patients_known else 0
        raise SplitError(
            f"Batch statistics need {fewest:,} known training patients; there are {known:,}.",
            "Leave them out: they are then computed from the synthetic images.",
        )
    random = np.random.default_rng(derived_seed(0, "batch statistics"))
    shuffled = random.permutation(len(images))
    _, first = np.unique(images.patients[shuffled], return_index=True)
    rows = np.sort(shuffled[first])
    network, normalise = student_network(recipe), Normaliser(recipe.mean, recipe.deviation)
    found, weights = [], []
    for begin in range(0, len(rows), _AT_ONCE):
        control.safe_point()
        pixels = torch.from_numpy(np.array(images.images[rows[begin : begin + _AT_ONCE]]))
        with torch.no_grad():
            found.append(network.statistics(theta[: network.parameter_count], normalise(pixels)))
        weights.append(float(len(pixels)))
    shares = torch.tensor(weights) / sum(weights)
    pooled = (torch.stack(found) * shares[:, None]).sum(dim=0)  # as torch's running averages are
    return pooled.half().numpy(), len(rows)


def _answers(distilled: DistilledSet, theta: Tensor, device: torch.device) -> npt.NDArray[np.float32]:  # fmt: skip
    recipe = distilled.recipe
    seen = Normaliser(recipe.mean, recipe.deviation)(torch.from_numpy(distilled.images.copy()))
    with torch.no_grad():
        scores = student_network(recipe).logits(theta.to(device), seen.to(device))
    return scores.softmax(dim=1).cpu().numpy()


@contextlib.contextmanager
def _reproducible() -> Iterator[None]:
    """One thread and deterministic algorithms, as they were afterwards."""
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(mode=strict)
