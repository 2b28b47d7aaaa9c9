"""What every distillation method is: five pure functions. The runner owns the loop, seeds, device, stops and checkpoints.

A method keeps nothing between calls. What it learns lives in the state, a mapping of named tensors, which `step` never
changes in place: the runner saves it, and goes back to an older one when a step left the finite numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from meddistill_gui.engine.acceleration.rehearsal import Rehearsal
from meddistill_gui.engine.networks.network import Network
from meddistill_gui.engine.tensors import TrainingTensors
from meddistill_gui.engine.ways import PLAIN, Way

State = Mapping[str, Tensor]


class Experts(Protocol):
    """Where a method finds the experts' parameters."""

    @property
    def count(self) -> int:
        """Number of complete experts."""
        ...

    def theta(self, expert: int, epoch: float) -> Tensor:
        """Parameters of an expert after so many epochs, float32 `[P]` on the CPU; between two epochs on the straight way."""
        ...


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What is given to a method.

    Attributes:
        seed: Seed of the run; all randomness comes from `seeding.generator(seed, purpose, iteration)`.
        device: Where to compute.
        network: Network of experts and students.
        train: The real training images.
        members: Indices of the training images of each class, K times int64 on the device.
        experts: The experts; None where the method needs none.
        images_per_class: Synthetic images of each class.
        augmentation: Augmentation preset.
        synthetic: Synthetic images in all, for methods whose number does not follow from the classes; 0 elsewhere.
        way: How students' steps are computed.
    """

    seed: int
    device: torch.device
    network: Network
    train: TrainingTensors
    members: tuple[Tensor, ...]
    experts: Experts | None
    images_per_class: int
    augmentation: str
    synthetic: int = 0
    way: Way = PLAIN

    @property
    def labels(self) -> Tensor:
        """Classes of the synthetic images: int64 `[N]`; sorted.

        Fewer images than classes begin after the first class, as in paper D: one image begins as inside-negative.
        """
        classes = self.train.classes
        if not self.synthetic:
            every = torch.arange(classes, device=self.device)
            return every.repeat_interleave(self.images_per_class)
        number = torch.arange(self.synthetic, device=self.device)
        if self.synthetic >= classes:
            return number * classes // self.synthetic
        return number + 1

    @property
    def size(self) -> int:
        """Side of the images."""
        return int(self.train.images.shape[-1])


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What students train on, in the network's terms.

    Attributes:
        images: float32 `[N, C, S, S]`, normalised.
        labels: float32 `[N, K]`, probabilities, or any weights of the classes where the recipe prescribes the steps.
        rates: float32 `[R]`, positive.
    """

    images: Tensor
    labels: Tensor
    rates: Tensor


@dataclass(frozen=True, kw_only=True)
class StepReport:
    """What one iteration did.

    Attributes:
        state: The state after it; the old one where `skipped` is set.
        loss: The objective.
        metrics: Further curves by name.
        skipped: Why nothing was changed; "" where it was.
        way_left: Why `Setting.way` must be left; "" where it need not.
    """

    state: State
    loss: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    skipped: str = ""
    way_left: str = ""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A stretch of iterations.

    Attributes:
        name: A few words for a user ("matching trajectories").
        iterations: How many.
    """

    name: str
    iterations: int


class Method(Protocol):
    """One way of finding the synthetic images."""

    @property
    def phases(self) -> tuple[Phase, ...]:
        """What it does, in order."""
        ...

    @property
    def needs_experts(self) -> bool:
        """Whether `Setting.experts` must be there."""
        ...

    def setup(self, setting: Setting, images: Tensor) -> State:
        """The state before the first iteration.

        Args:
            setting: What is given.
            images: What the synthetic images start from, float32 `[N, C, S, S]`, normalised.
        """
        ...

    def restarted(self, setting: Setting, state: State, images: Tensor) -> State:
        """The state to go on with from these images after the run left the finite numbers: at rest, with smaller steps.

        Args:
            setting: What is given.
            state: The last state that was finite.
            images: The images to go on with.
        """
        ...

    def step(self, setting: Setting, state: State, iteration: int) -> StepReport:
        """One iteration. Same arguments, same result; `state` stays as it was."""
        ...

    def result(self, setting: Setting, state: State) -> Learned:
        """What students would train on now."""
        ...

    def rehearsal(self, setting: Setting, state: State, iteration: int) -> Rehearsal | None:  # noqa: ARG002 - for those that train students
        """The student that this iteration would train, to try ways on; None where it trains none."""
        return None

    def recipe(self, setting: Setting) -> Mapping[str, object]:  # noqa: ARG002 - for those that say something
        """What the method itself prescribes for its students: fields of `core.distilled.Recipe`; most prescribe nothing."""
        return {}
