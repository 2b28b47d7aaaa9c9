"""The rows of the comparison: what students may learn from, each with its trainings, none of them begun."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from meddistill_gui.core.configs.results import EvaluateConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import ANY_START, DistilledSet, Recipe
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.engine.evaluation import baselines, coresets
from meddistill_gui.engine.evaluation.students import train_student
from meddistill_gui.engine.networks.network import Network

Training = Callable[[], Tensor]
BEST_OVER_TEST: Final = "best-over-test"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table before it is filled.

    Attributes:
        name: "distilled", `BEST_OVER_TEST`, "random", "scratch", "transfer", "whole", or the rule that chose real images.
        title: For a reader, e.g. "4 synthetic images".
        training_images: Their number.
        trainings: One per student; each returns parameters `[P]`.
        draws: In how many equal parts `trainings` belong together.
        sets: Of how many sets `trainings` are the students, one set's after the other's; of several, only the one that does
            best on the test images is reported.
        network: The students' network, if it is another than the recipe's.
    """

    name: str
    title: str
    training_images: int
    trainings: Sequence[Training]
    draws: int = 1
    sets: int = 1
    network: Network | None = None


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What all rows of one table share; what takes long is computed when a row first needs it.

    Attributes:
        config: How many students and draws, and their seed.
        recipe: How students are trained.
        learned: Rate that a distilled set has learned, one more for real images to try.
        train: The real training images.
        device: Where to compute.
        control: Pause and stop.
    """

    config: EvaluateConfig
    recipe: Recipe
    learned: float
    train: RealImages
    device: torch.device
    control: Control

    @cached_property
    def rate(self) -> float:
        """Rate of students of real images; see `baselines.choose_rate`."""
        return baselines.choose_rate(
            self.train,
            self.recipe,
            learned=self.learned,
            seed=self.config.seed,
            device=self.device,
            control=self.control,
        )

    @cached_property
    def features(self) -> coresets.Features:
        """What the first network trained on all images sees in them: float32 `[N, F]`."""
        theta = self.trained_on_all(_seeds(self.config, "whole")[0])
        return coresets.network_features(self.train, self.recipe, theta, self.device)

    def student(self, images: DistilledSet, seed: int, network: Network | None = None) -> Tensor:
        """Train a student on a set."""
        return train_student(
            images, seed=seed, device=self.device, control=self.control, network=network
        )

    def trained_on_all(self, seed: int) -> Tensor:
        """Train a network on all real images."""
        return baselines.train_on_all(
            self.train, self.recipe, seed=seed, device=self.device, control=self.control
        )


def distilled_row(ground: Ground, distilled: DistilledSet) -> Row:
    """Students of the distilled set."""
    return Row(
        name="distilled",
        title=f"{len(distilled.images)} synthetic images",
        training_images=len(distilled.images),
        trainings=_students(ground, distilled),
    )


def hard_row(ground: Ground, distilled: DistilledSet) -> Row:
    """Students of the distilled images with each one wholly in the class of its label's greatest weight (`label_fair`)."""
    classes = np.eye(distilled.labels.shape[1], dtype=np.float32)
    hard = replace(distilled, labels=classes[distilled.labels.argmax(axis=1)])
    return Row(
        name="distilled-hard",
        title=f"{len(hard.images)} synthetic images, their labels made hard",
        training_images=len(hard.images),
        trainings=_students(ground, hard),
    )


def best_over_test_row(ground: Ground, evaluated: Sequence[DistilledSet]) -> Row:
    """Students of every set that a run evaluated on its way, for the papers' protocol: the test images choose one.

    The public code of trajectory matching tests every so many iterations and reports the greatest accuracy. Nobody who has
    no test images could choose so, hence the title; nothing else of the table, nor the run's result, depends on it.
    """
    count = len(evaluated[0].images)
    return Row(
        name=BEST_OVER_TEST,
        title=f"{count} synthetic images, best over test of {len(evaluated)} evaluations, as the papers report it: optimistic",
        training_images=count,
        trainings=[training for one in evaluated for training in _students(ground, one)],
        sets=len(evaluated),
    )


def _students(ground: Ground, distilled: DistilledSet) -> list[Training]:
    recipe, seeds = distilled.recipe, _seeds(ground.config, "distilled")
    if recipe.is_prescribed and recipe.start != ANY_START:
        seeds = seeds[:1]  # students with a prescribed start are all the same
    return [partial(ground.student, distilled, seed) for seed in seeds]


def architecture_row(ground: Ground, distilled: DistilledSet, name: str) -> Row:
    """Students of the distilled set with another network than it was made for."""
    # torchvision takes seconds to import, and most tables do without these rows
    from meddistill_gui.engine.evaluation.architectures import make_architecture  # noqa: PLC0415

    network = make_architecture(name, ground.recipe)
    return Row(
        name=f"distilled-{name}",
        title=f"{len(distilled.images)} synthetic images, student {name}",
        training_images=len(distilled.images),
        trainings=[
            partial(ground.student, distilled, seed, network)
            for seed in _seeds(ground.config, "distilled")
        ],
        network=network,
    )


def random_row(ground: Ground) -> Row:
    """Students of random real images, as many of each class as the recipe says."""

    def one(draw: int, seed: int) -> Tensor:
        images, _ = baselines.random_real(
            ground.train, ground.recipe, rate=ground.rate, seed=ground.config.seed + draw
        )
        return ground.student(images, seed)

    count, draws = _image_count(ground.train, ground.recipe), ground.config.random_draws
    return Row(
        name="random",
        title=f"{count} random real images",
        training_images=count,
        trainings=[
            partial(one, draw, seed)
            for draw in range(draws)
            for seed in _seeds(ground.config, "random")
        ],
        draws=draws,
    )


def coreset_row(ground: Ground, rule: str) -> Row:
    """Students of real images that a rule of `coresets.RULES` chose, by the features of a network trained on all images."""

    def one(seed: int) -> Tensor:
        per_class = ground.recipe.images_per_class
        chosen = coresets.chosen_by(rule, ground.train, ground.features, per_class)
        images = baselines.real_set(ground.train, chosen, ground.recipe, rate=ground.rate)
        return ground.student(images, seed)

    count = _image_count(ground.train, ground.recipe)
    return Row(
        name=rule,
        title=f"{count} real images chosen by {rule}",
        training_images=count,
        trainings=[partial(one, seed) for seed in _seeds(ground.config, "random")],
    )


def scratch_row(ground: Ground) -> Row:
    """Students of a few real images of each class, `few_shot`, as paper A's table 2 has them; each draws its own."""
    return _few_row(ground, "scratch", "from scratch")


def transfer_row(ground: Ground, weights: Path) -> Row:
    """The same images for a network that begins from weights trained elsewhere."""
    family, network = transfer_network_of(weights, ground.recipe)
    return _few_row(ground, "transfer", f"{family} with the given weights", network)


def transfer_network_of(weights: Path, recipe: Recipe) -> tuple[str, Network]:
    """Name and network whose weights a file holds; see `transfer_network`."""
    # torchvision takes seconds to import, and most tables do without this row
    from meddistill_gui.engine.networks.transfer import transfer_network  # noqa: PLC0415

    return transfer_network(weights, channels=recipe.channels, classes=len(recipe.class_names))


def _few_row(ground: Ground, name: str, how: str, network: Network | None = None) -> Row:
    few = ground.config.few_shot
    like = replace(ground.recipe, images_per_class=few)

    @cache
    def rate() -> float:
        return baselines.choose_rate(
            ground.train,
            like,
            learned=ground.learned,
            seed=ground.config.seed,
            device=ground.device,
            control=ground.control,
            network=network,
        )

    def one(draw: int, seed: int) -> Tensor:
        images, _ = baselines.random_real(
            ground.train, like, rate=rate(), seed=ground.config.seed + draw
        )
        return ground.student(images, seed, network)

    count = _image_count(ground.train, like)
    return Row(
        name=name,
        title=f"{count} real images, {few} of each class, {how}",
        training_images=count,
        trainings=[
            partial(one, draw, seed) for draw, seed in enumerate(_seeds(ground.config, "random"))
        ],
        network=network,
    )


def whole_row(ground: Ground) -> Row:
    """Networks trained on all real images."""
    return Row(
        name="whole",
        title=f"all {len(ground.train)} real images",
        training_images=len(ground.train),
        trainings=[partial(ground.trained_on_all, seed) for seed in _seeds(ground.config, "whole")],
    )


def _image_count(train: RealImages, like: Recipe) -> int:
    """As many of each class as the recipe says, or as there are."""
    counts = np.bincount(train.labels, minlength=len(like.class_names))
    return int(np.minimum(counts, like.images_per_class).sum())


def _seeds(config: EvaluateConfig, row: str) -> list[int]:
    """Students of different rows start from different parameters, so that rows are independent."""
    offset = {"distilled": 0, "random": 1, "whole": 2}[row]
    return [config.seed + 3 * index + offset for index in range(config.students)]
