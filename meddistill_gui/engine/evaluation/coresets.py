"""Real images chosen with care instead of at random: stronger rivals of a distilled set of the same size.

Both rules look at one class at a time and at features `[n, F]`: the plain pixels, or what a trained network's last layer
sees. They are deterministic. Like every set of real images, their choice must not leave the house.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from meddistill_gui.core.distilled import Recipe
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.engine.evaluation.students import student_network
from meddistill_gui.engine.experts.batches import part_size
from meddistill_gui.engine.tensors import Normaliser

Features = npt.NDArray[np.floating[Any]]
Places = npt.NDArray[np.int64]


def herding(features: Features, count: int) -> Places:
    """Choose images whose running mean stays as near as possible to the mean of all (Welling 2009; arXiv 1611.07725, alg. 4).

    Args:
        features: `[n, F]`.
        count: How many to choose; all where there are fewer.

    Returns:
        int64 `[min(count, n)]`, in the order of choice, without repeats.
    """
    wanted = features.mean(axis=0, dtype=np.float64)
    total, free = np.zeros_like(wanted), np.ones(len(features), bool)
    chosen: list[int] = []
    for size in range(1, min(count, len(features)) + 1):
        gaps = np.linalg.norm(wanted - (total + features) / size, axis=1)
        best = int(np.where(free, gaps, np.inf).argmin())
        chosen.append(best)
        total, free[best] = total + features[best], False
    return np.array(chosen, np.int64)


def k_center(features: Features, count: int) -> Places:
    """Choose images so that none is far from a chosen one: greedily the farthest next (Gonzalez 1985; arXiv 1708.00489, alg. 1).

    It starts from the image nearest the mean, because the farthest first choice would be an outlier.

    Args:
        features: `[n, F]`.
        count: How many to choose; all where there are fewer.

    Returns:
        int64 `[min(count, n)]`, in the order of choice, without repeats.
    """
    if not len(features) or not count:
        return np.empty(0, np.int64)
    middle = features.mean(axis=0, dtype=np.float64)
    chosen = [int(np.linalg.norm(features - middle, axis=1).argmin())]
    distances = np.linalg.norm(features - features[chosen[0]], axis=1)
    while len(chosen) < min(count, len(features)):
        distances[chosen] = -1.0  # never again, also where several images are the same
        chosen.append(int(distances.argmax()))
        distances = np.minimum(distances, np.linalg.norm(features - features[chosen[-1]], axis=1))
    return np.array(chosen, np.int64)


RULES: Final[Mapping[str, Callable[[Features, int], Places]]] = {
    "herding": herding,
    "k-center": k_center,
}


def chosen_by(rule: str, train: RealImages, features: Features, per_class: int) -> Places:
    """Places in `train` of the images that a rule of `RULES` chooses, class by class: int64 `[N]`.

    Args:
        rule: Its name.
        train: Images to choose from.
        features: `[len(train), F]`.
        per_class: How many of each class.
    """
    found = []
    for k in range(len(train.class_names)):
        members = np.flatnonzero(train.labels == k)
        found.append(members[RULES[rule](features[members], per_class)])
    return np.concatenate(found)


def pixel_features(train: RealImages) -> Features:
    """The pixels themselves, 0..1: float32 `[N, C S S]`."""
    return train.images.reshape(len(train), -1).astype(np.float32) / 255.0


def network_features(
    train: RealImages, recipe: Recipe, theta: Tensor, device: torch.device
) -> Features:
    """What the last layer of a trained network sees: float32 `[N, F]`."""
    network, parameters = student_network(recipe), theta.to(device)
    normalise = Normaliser(recipe.mean, recipe.deviation)
    part = part_size(torch.empty(train.images.shape[1:], device=device)) or 1
    found = []
    with torch.no_grad():
        for start in range(0, len(train), max(part, 1)):
            pixels = torch.from_numpy(np.array(train.images[start : start + part])).to(device)
            found.append(network.features(parameters, normalise(pixels)).cpu().numpy())
    return np.concatenate(found)
