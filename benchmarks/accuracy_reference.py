"""The public implementation of trajectory matching as cells of `benchmarks.accuracy`, from a checkout that the caller names.

Its network (which pads grey images to 36 x 36), its experts as it trains them (every image once a pass, its loader, its
augmentation), its loop around one outer iteration (`benchmarks.reference`) and its step sizes, with our number of
experts, segments, student steps and iterations, from noise. Two things are done for it that its script does not do: the
random numbers have a seed, and real validation images choose which iteration's images are kept, as for our methods (the
script reports the best over the test images). Students train under our protocol, with its network and augmentation, at
the rate it has learned.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from benchmarks import accuracy_cells as cells
from benchmarks import reference
from benchmarks.accuracy_cells import Plan
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet, Recipe
from meddistill_gui.core.errors import DivergedError
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.engine.evaluation.metrics import figures
from meddistill_gui.engine.evaluation.rows import Row
from meddistill_gui.engine.evaluation.students import predict, train_student
from meddistill_gui.engine.networks.network import Network
from meddistill_gui.engine.seeding import derived_seed
from meddistill_gui.engine.tensors import Normaliser, training_tensors

NAME: Final = "public"  # cells of this module begin with it
IMAGE_RATE: Final = 1000.0  # its default, as the next two
_RATE_RATE: Final = 1e-5
_RATE: Final = 0.01
_MOMENTUM: Final = 0.5
_CPU: Final = torch.device("cpu")


@dataclass(frozen=True, kw_only=True)
class Public:
    """The checkout's share of a table.

    Attributes:
        folder: The checkout.
        image_rate: Step size of the images.
    """

    folder: Path
    image_rate: float = IMAGE_RATE

    def work(self, cell: str, plan: Plan) -> Mapping[str, Any]:
        """Fill a cell; see `accuracy_cells.fill`."""
        seed = cells.number_of(cell, "seed")
        if "experts" in cell:
            return _experts(self, plan, seed)
        return _distilled(self, plan, seed, cells.number_of(cell, "ipc"))


class PublicNetwork(Network):
    """The checkout's network as a pure function of its flat parameters."""

    def __init__(self, public: Public, recipe: Recipe) -> None:
        self._load = partial(_loaded, public, recipe)
        self.parts = self._load()

    @property
    @override
    def parameter_count(self) -> int:
        return int(self.parts.network.param_numel)

    @property
    @override
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        return ((self.parameter_count,),)

    @override
    def initial(self, generator: torch.Generator) -> Tensor:
        with torch.random.fork_rng(devices=[]):
            torch.random.manual_seed(generator.initial_seed())
            theta: Tensor = self._load().network.flat_param.detach()
            return theta

    @override
    def logits(self, theta: Tensor, images: Tensor) -> Tensor:
        scores: Tensor = self.parts.network(images, flat_param=theta)
        return scores

    @override
    def features(self, theta: Tensor, images: Tensor) -> Tensor:
        raise NotImplementedError(
            "the public row trains students only; features are asked for by distribution matching"
        )


def _loaded(public: Public, recipe: Recipe) -> reference.Reference:
    """The checkout's parts, its network fresh."""
    return reference.load(
        public.folder,
        depth=recipe.depth,
        width=recipe.width,
        channels=recipe.channels,
        size=recipe.size,
        classes=len(recipe.class_names),
        augmented=True,
    )


def _experts(public: Public, plan: Plan, seed: int) -> Mapping[str, Any]:
    """Train as many experts as `trajectory` has, as far as a segment reaches."""
    config = _config(plan, seed)
    (train,) = cells.read_images(plan, "train")
    recipe = cells.recipe_of(config, train)
    data = training_tensors(train, Normaliser(recipe.mean, recipe.deviation), _CPU)
    options: Any = config.options
    torch.manual_seed(derived_seed(seed, "public experts"))  # the checkout draws from torch's own
    ways = []
    for number in range(config.experts.count):
        made = reference.expert(
            public.folder,
            data.images,
            data.labels,
            depth=recipe.depth,
            width=recipe.width,
            classes=data.classes,
            batch=config.experts.batch,
            device=_CPU,
        )
        way = [_flat(made)]
        for _ in range(options.max_start + options.expert_epochs - 1):
            made.a_pass()
            way.append(_flat(made))
        ways.append(torch.stack(way))
        cells.say(f"public experts: {number + 1} of {config.experts.count}")
    np.save(_store(plan, seed), torch.stack(ways).numpy(), allow_pickle=False)
    return {"experts": len(ways)}


def _distilled(public: Public, plan: Plan, seed: int, ipc: int) -> Mapping[str, Any]:
    config = _config(plan, seed, ipc)
    train, validation, test = cells.read_images(plan, "train", "validation", "test")
    recipe = replace(
        cells.recipe_of(config, train),
        method="public code",
        initialisation="noise",
        augmentation="natural",
    )
    network = PublicNetwork(public, recipe)
    began, cpu_began = time.monotonic(), cells.cpu_seconds()
    best, score, kept = None, -1.0, 0
    for iteration, found in _matched(public, network, config, recipe, _ways(plan, seed)):
        worth = _worth(found, network, validation, config)
        cells.say(f"public MTT: iteration {iteration}, validation {worth:.3f}")
        if worth >= score:
            best, score, kept = found, worth, iteration
    seconds, used = time.monotonic() - began, cells.cpu_seconds() - cpu_began
    if best is None:
        raise SystemExit("The public code diverged before its first evaluation.")
    ground = cells.ground_of(plan, recipe, train, seed)
    row = Row(
        name=NAME,
        title=f"{len(best.images)} images of the public code",
        training_images=len(best.images),
        trainings=[
            partial(ground.student, best, plan.evaluation(seed).seed + 3 * number, network)
            for number in range(plan.students)
        ],
        network=network,
    )
    said = {"image_rate": public.image_rate, "kept_iteration": kept, "validation": score}
    return {
        **cells.figures_of(row, ground, test),
        **said,
        "learned_rate": float(best.learning_rates[0]),
        "seconds": seconds,
        "cpu_seconds": used,
    }


def _matched(
    public: Public, network: PublicNetwork, config: DistillConfig, recipe: Recipe, ways: Tensor
) -> Iterator[tuple[int, DistilledSet]]:
    """Its outer loop; the images at each evaluation, until they are no numbers any more."""
    options: Any = config.options
    classes = len(recipe.class_names)
    torch.manual_seed(derived_seed(config.seed, "public distilling"))
    labels = torch.arange(classes).repeat_interleave(config.images_per_class)
    images = torch.randn(len(labels), recipe.channels, recipe.size, recipe.size)
    values = [images, torch.tensor(_RATE)]
    optimisers = [
        torch.optim.SGD([value], lr=size, momentum=_MOMENTUM)
        for value, size in zip(values, (public.image_rate, _RATE_RATE), strict=True)
    ]
    for iteration in range(1, config.iterations + 1):
        way = ways[int(torch.randint(len(ways), (1,)))]
        first = int(torch.randint(options.max_start, (1,)))
        leaves = [value.detach().requires_grad_() for value in values]
        found = reference.matched(
            network.parts,
            leaves[0],
            labels,
            way[first],
            way[first + options.expert_epochs],
            leaves[1],
            options.inner_steps,
        )
        for value, gradient, optimiser in zip(values, found, optimisers, strict=True):
            value.grad = gradient
            optimiser.step()
        if not all(bool(value.isfinite().all()) for value in values) or values[1] <= 0:
            cells.say(f"public MTT: diverged at iteration {iteration}, rate {float(values[1]):g}")
            return
        if iteration % config.evaluation.every == 0 or iteration == config.iterations:
            yield iteration, _set(values, labels, recipe)


def _set(values: list[Tensor], labels: Tensor, recipe: Recipe) -> DistilledSet:
    return DistilledSet(
        images=Normaliser(recipe.mean, recipe.deviation).inverse(values[0]).numpy().copy(),
        labels=np.eye(len(recipe.class_names), dtype=np.float32)[labels.numpy()],
        learning_rates=np.array([float(values[1])], np.float32),
        recipe=recipe,
    )


def _worth(
    found: DistilledSet, network: Network, validation: RealImages, config: DistillConfig
) -> float:
    """Mean balanced accuracy of fresh students on the validation images; 0 where they diverge."""
    scores = []
    for number in range(config.evaluation.validation_students):
        chosen = derived_seed(config.seed, "validation student", number)
        try:
            theta = train_student(
                found, seed=chosen, device=_CPU, control=Control(), network=network
            )
        except DivergedError:
            return 0.0
        answers = predict(found.recipe, theta, validation, _CPU, network)
        named = figures(answers, validation.labels, validation.class_names)
        scores.append(named.balanced_accuracy)
    return float(np.mean(scores))


def _config(plan: Plan, seed: int, ipc: int = 1) -> DistillConfig:
    return plan.config("trajectory", f"public-seed{seed}", ipc=ipc, seed=seed)


def _store(plan: Plan, seed: int) -> Path:
    folder = plan.out / "public"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"seed{seed}.npy"


def _ways(plan: Plan, seed: int) -> Tensor:
    """The experts' ways, float32 `[experts, epochs + 1, P]`."""
    return torch.from_numpy(np.load(_store(plan, seed), allow_pickle=False))


def _flat(made: reference.Expert) -> Tensor:
    return torch.cat([value.detach().reshape(-1) for value in made.network.parameters()])
