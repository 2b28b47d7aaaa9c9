"""Students: fresh networks trained on a few images as the recipe says, and what they answer.

The protocol is the papers' (Cazenavette et al. 2022, arXiv 2203.11932, public code): SGD at the learned rate with
momentum and weight decay, all images at once or in mixed batches, the recipe's augmentation in every step, and the rate
divided by ten for the second half of the steps. Unlike the public code the momentum is kept when the rate falls.
A set with one rate per step is followed to the letter instead.

Measured on a CPU (4 images of 32 x 32, depth 3, width 32): three students at once through `torch.func.vmap` take 4.1 ms a
step and student, one after the other 2.6 ms; so they are trained one after the other.
"""

from collections.abc import Generator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import ANY_START, DistilledSet, Recipe
from meddistill_gui.core.errors import DivergedError
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.engine import augment
from meddistill_gui.engine.experts.batches import loss_and_gradient, part_size
from meddistill_gui.engine.networks.families import make_network
from meddistill_gui.engine.networks.network import Network
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.tensors import Normaliser

DECAY: Final = 0.1
_AUGMENTED_AT_ONCE: Final = 256  # images; saves the overhead of many small calls
_SAID: Final = 100  # points of a curve; reading the loss makes a GPU wait


def train_student(
    distilled: DistilledSet,
    *,
    seed: int,
    device: torch.device,
    control: Control,
    network: Network | None = None,
) -> Tensor:
    """Train one fresh student on a distilled set, as its recipe says.

    Args:
        distilled: Images, labels, rates and recipe.
        seed: Decides the initial parameters, the batches and the augmentation.
        device: Where to compute.
        control: Asked before every step.
        network: Another network than the recipe's, to see how far the set carries.

    Returns:
        Parameters, float32 `[P]` on the CPU. The same arguments give the same bytes on a CPU.

    Raises:
        Stopped: A stop was requested.
        DivergedError: The student left the finite numbers.
    """
    steps = training(distilled, seed=seed, device=device, control=control, network=network)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            theta: Tensor = end.value
            return theta


def training(
    distilled: DistilledSet,
    *,
    seed: int,
    device: torch.device,
    control: Control,
    network: Network | None = None,
) -> Generator[tuple[int, float], None, Tensor]:
    """As `train_student`, saying at about a hundred steps of the way which step was done and the loss of its batch."""
    recipe = distilled.recipe
    network = network or student_network(recipe)
    images = Normaliser(recipe.mean, recipe.deviation)(_tensor(distilled.images, device))
    labels = _tensor(distilled.labels, device)
    start = seed if recipe.start == ANY_START else recipe.start
    theta = network.initial(generator(start, "student", "initial")).to(device)
    velocity = torch.zeros_like(theta)
    order = _order(len(images), recipe, seed)
    rates, said_every = step_rates(distilled), max(1, recipe.steps // _SAID)
    blocks = torch.split(order, max(1, _AUGMENTED_AT_ONCE // order.shape[1]))
    step = 0
    for number, block in enumerate(blocks):
        changed = _augmented(images, block.to(device), recipe, generator(seed, "student", number))
        for chosen, batch in zip(block.to(device), changed, strict=True):
            control.safe_point()
            loss, gradient = loss_and_gradient(network, theta, batch, labels[chosen])
            velocity.mul_(recipe.momentum).add_(gradient).add_(theta, alpha=recipe.weight_decay)
            theta.sub_(velocity, alpha=rates[step])
            step += 1
            if step % said_every == 0:
                yield step, float(loss)
    if not bool(theta.isfinite().all()):
        raise DivergedError(
            "A student left the finite numbers while it trained on the set.",
            "The student's learned rate is too large: distil again with a smaller options.student_rate.",
        )
    return torch.cat([theta, network.statistics(theta, images)]).detach().to("cpu", copy=True)


def train_students(
    distilled: DistilledSet, *, seeds: Sequence[int], device: torch.device, control: Control
) -> Tensor:
    """Train one student per seed; see `train_student`.

    Returns:
        float32 `[len(seeds), P]` on the CPU; a student does not depend on the others.
    """
    return torch.stack(
        [train_student(distilled, seed=seed, device=device, control=control) for seed in seeds]
    )


def predict(
    recipe: Recipe,
    theta: Tensor,
    images: RealImages,
    device: torch.device,
    network: Network | None = None,
) -> npt.NDArray[np.float32]:
    """A student's probabilities for real images: float32 `[N, K]`.

    Args:
        recipe: Says the network and how images are normalised.
        theta: `[P]`.
        images: Must have the recipe's size and channels.
        device: Where to compute.
        network: The student's network, if it is another than the recipe's.
    """
    network, parameters = network or student_network(recipe), theta.to(device)
    normalise = Normaliser(recipe.mean, recipe.deviation)
    answers = np.empty((len(images), len(recipe.class_names)), np.float32)
    part = 1024 if device.type != "cpu" else part_size(torch.empty(images.images.shape[1:]))
    with torch.no_grad():
        for start in range(0, len(images), part):
            pixels = np.array(
                images.images[start : start + part]
            )  # a copy: torch wants it writable
            scores = network.logits(parameters, normalise(_tensor(pixels, device)))
            answers[start : start + part] = scores.softmax(dim=1).cpu().numpy()
    return answers


def student_network(recipe: Recipe) -> Network:
    """The network that the recipe names."""
    return make_network(
        recipe.network,
        depth=recipe.depth,
        width=recipe.width,
        channels=recipe.channels,
        size=recipe.size,
        classes=len(recipe.class_names),
        norm=recipe.norm,
    )


def step_rates(distilled: DistilledSet) -> list[float]:
    """The student's rate in each step: the set's own if it has one per step, else its rate, and a tenth of it after half of the steps."""
    steps, rates = distilled.recipe.steps, distilled.learning_rates
    if len(rates) == steps:
        return [float(rate) for rate in rates]
    rate = float(rates.astype(np.float64).mean())
    return [rate if step < (steps + 1) // 2 else rate * DECAY for step in range(steps)]


def _order(count: int, recipe: Recipe, seed: int) -> Tensor:
    """Which images each step takes: int64 `[steps, batch]`; every image is visited equally often, to within one."""
    if recipe.order:
        return torch.tensor(recipe.order)
    if not 0 < recipe.batch < count:
        return torch.arange(count).expand(recipe.steps, count)
    random = generator(seed, "student", "order")
    wanted = recipe.steps * recipe.batch
    passes = [torch.randperm(count, generator=random) for _ in range(-(-wanted // count))]
    return torch.cat(passes)[:wanted].view(recipe.steps, recipe.batch)


def _augmented(images: Tensor, chosen: Tensor, recipe: Recipe, random: torch.Generator) -> Tensor:
    """The images of several steps, each changed on its own: `[steps, batch, C, S, S]`."""
    flat = images[chosen.flatten()]
    drawn = augment.draw(recipe.augmentation, len(flat), recipe.size, random)
    return augment.apply(flat, drawn.to(images.device)).view(*chosen.shape, *images.shape[1:])


def _tensor(values: npt.NDArray[np.generic], device: torch.device) -> Tensor:
    return torch.from_numpy(np.array(values)).to(device)
