"""What a distilled set must beat or come close to: random real images of the same number, and all of them."""

import math
from collections.abc import Collection
from dataclasses import replace
from typing import Final

import numpy as np
import torch
from torch import Tensor

from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet, Recipe
from meddistill_gui.core.errors import DivergedError
from meddistill_gui.core.real_images import UNKNOWN_PATIENT, RealImages
from meddistill_gui.engine import augment
from meddistill_gui.engine.evaluation.metrics import figures
from meddistill_gui.engine.evaluation.students import predict, student_network, train_student
from meddistill_gui.engine.experts.batches import epoch_order, loss_and_gradient
from meddistill_gui.engine.networks.network import Network
from meddistill_gui.engine.seeding import derived_seed, generator
from meddistill_gui.engine.tensors import Normaliser, TrainingTensors, training_tensors

RATES: Final = (0.001, 0.01, 0.1)
"""Rates that random real images may choose from, beside the one that the distilled set has learned. It matters little:
on radiographs (cxr3, 32 x 32, validation) rates from 0.001 to 0.1 differ by 0.02 at 1 and by 0.01 at 10 images per class."""

_CHOICE_IMAGES: Final = 200  # of each class, to choose a rate by
_WHOLE_RATE: Final = 0.03  # 0.01 and 0.1 do less well (cxr3, 32 x 32, validation)
_WHOLE_MOMENTUM: Final = 0.9
_WHOLE_DECAY: Final = 5e-4
_WHOLE_BATCH: Final = 128
_WHOLE_PASSES: Final = 40
_WHOLE_SEEN: Final = 150_000


def random_real(
    train: RealImages, like: Recipe, *, rate: float, seed: int
) -> tuple[DistilledSet, np.ndarray]:
    """Real images drawn at random, as many of each class as the recipe says (a smaller class gives all it has).

    The result is trained on exactly as a distilled set is. It holds real pixels and must not leave the house.

    Args:
        train: Images to draw from.
        like: Recipe of the distilled set to compare with.
        rate: The student's rate.
        seed: Decides the draw.

    Returns:
        The set, and the places in `train` it was taken from (int64 `[N]`).
    """
    random = np.random.default_rng(derived_seed(seed, "random real"))
    per_class = like.images_per_class
    chosen = np.concatenate(
        [
            random.permutation(np.flatnonzero(train.labels == k))[:per_class]
            for k in range(len(like.class_names))
        ]
    )
    return real_set(train, chosen, like, rate=rate), chosen


def real_set(train: RealImages, chosen: np.ndarray, like: Recipe, *, rate: float) -> DistilledSet:
    """These real images with one-hot labels in the form of a distilled set."""
    return DistilledSet(
        images=train.images[chosen].astype(np.float32) / 255.0,
        labels=np.eye(len(like.class_names), dtype=np.float32)[train.labels[chosen]],
        learning_rates=np.array([rate], np.float32),
        recipe=replace(like, method="real images", initialisation="real"),
    )


def choose_rate(
    train: RealImages,
    like: Recipe,
    *,
    learned: float,
    seed: int,
    device: torch.device,
    control: Control,
    network: Network | None = None,
) -> float:
    """The rate at which students of random real images do best: no baseline is handicapped by a rate learned for others.

    One student for each of `RATES` and the learned rate, on one draw; balanced accuracy on up to 200 training images
    of each class from other patients. Neither validation nor test images are touched.
    """
    drawn, chosen = random_real(train, like, rate=learned, seed=seed)
    judges = others(train, chosen, seed)
    if not len(judges):
        return learned
    rates = {learned, *RATES}
    return best_rate(
        drawn, judges, rates, seed=seed, device=device, control=control, network=network
    )


def best_rate(
    images: DistilledSet,
    judges: RealImages,
    rates: Collection[float],
    *,
    seed: int,
    device: torch.device,
    control: Control,
    network: Network | None = None,
) -> float:
    """The rate at which a student of these images does best on the judges; the smallest where none stays finite.

    Args:
        images: What the student trains on; its own rate is not looked at.
        judges: Real images of other patients.
        rates: To choose from.
        seed: Decides the students.
        device: Where to compute.
        control: Asked before every step.
        network: The student's network, if it is another than the recipe's.
    """
    scores = {}
    for rate in sorted(rates):
        trial = replace(images, learning_rates=np.array([rate], np.float32))
        try:
            theta = train_student(trial, seed=seed, device=device, control=control, network=network)
        except DivergedError:  # too large a rate only loses the contest
            continue
        answers = predict(images.recipe, theta, judges, device, network)
        scores[rate] = figures(answers, judges.labels, judges.class_names).balanced_accuracy
    return max(scores, key=lambda rate: scores[rate], default=min(rates))


def train_on_all(
    train: RealImages, recipe: Recipe, *, seed: int, device: torch.device, control: Control
) -> Tensor:
    """Train one network on all real images: the ceiling. Parameters float32 `[P]` on the CPU.

    As experts are trained (class-balanced draws, the recipe's augmentation), but to the end: SGD with momentum 0.9, rate
    0.03 falling to 0 along a cosine, weight decay 5e-4, batch 128, 40 passes but at most 150,000 images seen. Where the network
    has batch statistics, those of the first step's images follow: `[P + Q]`.

    Raises:
        Stopped: A stop was requested.
        DivergedError: The network left the finite numbers.
    """
    data = training_tensors(train, Normaliser(recipe.mean, recipe.deviation), device)
    network = student_network(recipe)
    theta = network.initial(generator(seed, "whole", "initial")).to(device)
    velocity = torch.zeros_like(theta)
    batches = _batches(data, seed)
    for step, batch in enumerate(batches):
        control.safe_point()
        random = generator(seed, "whole", "step", step)
        drawn = augment.draw(recipe.augmentation, len(batch), recipe.size, random).to(device)
        chosen = batch.to(device)
        images = augment.apply(data.images[chosen], drawn)
        _, gradient = loss_and_gradient(network, theta, images, data.labels[chosen])
        velocity.mul_(_WHOLE_MOMENTUM).add_(gradient).add_(theta, alpha=_WHOLE_DECAY)
        theta.sub_(velocity, alpha=_WHOLE_RATE * (1 + math.cos(math.pi * step / len(batches))) / 2)
    if not bool(theta.isfinite().all()):
        raise DivergedError(
            "The network trained on all real images left the finite numbers.",
            "Leave that row out (whole = false), and look at the images for constant or damaged ones.",
        )
    settled = network.statistics(theta, data.images[batches[0].to(device)])
    return torch.cat([theta, settled]).detach().to("cpu", copy=True)


def _batches(data: TrainingTensors, seed: int) -> list[Tensor]:
    """Indices of every step's images, over all passes."""
    count = len(data.labels)
    seen = min(_WHOLE_PASSES * count, max(_WHOLE_SEEN, count))
    passes = [
        epoch_order(
            data.labels, data.classes, generator(seed, "whole", "pass", number), balanced=True
        )
        for number in range(math.ceil(seen / count))
    ]
    return list(torch.split(torch.cat(passes)[:seen], _WHOLE_BATCH))


def others(train: RealImages, chosen: np.ndarray, seed: int) -> RealImages:
    """Up to 200 images of each class that are not the chosen ones, nor of their patients."""
    known = np.setdiff1d(train.patients[chosen], [UNKNOWN_PATIENT])
    free = ~np.isin(train.patients, known)
    free[chosen] = False
    random = np.random.default_rng(derived_seed(seed, "rate choice"))
    kept = np.concatenate(
        [
            random.permutation(np.flatnonzero(free & (train.labels == k)))[:_CHOICE_IMAGES]
            for k in range(len(train.class_names))
        ]
    )
    return part_of(train, kept)


def part_of(images: RealImages, kept: np.ndarray) -> RealImages:
    """Some of these images."""
    return replace(
        images,
        images=images.images[kept],
        labels=images.labels[kept],
        patients=images.patients[kept],
        ids=images.ids[kept],
    )
