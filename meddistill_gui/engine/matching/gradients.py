"""Gradient matching as a machine: synthetic images of a class shall pull at a network as real ones do (arXiv 2006.05929, 2102.08259).

A random network is taken along a few steps of training on the synthetic images; at each step the images are moved so
that, class by class, their gradient points where that of a real batch does. Then a new network is drawn.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from typing_extensions import override

from meddistill_gui.engine import augment
from meddistill_gui.engine.augment import Draw
from meddistill_gui.engine.matching import descent
from meddistill_gui.engine.matching.features import drawn_by_class
from meddistill_gui.engine.method import Learned, Method, Phase, Setting, State, StepReport
from meddistill_gui.engine.objectives.features import one_hot
from meddistill_gui.engine.objectives.gradients import gradient_distance
from meddistill_gui.engine.samplers.batches import student_steps
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.student_step import cross_entropy
from meddistill_gui.engine.unroll import Task, unroll


@dataclass(frozen=True, kw_only=True)
class GradientMatching(Method):
    """The machine.

    Attributes:
        iterations: How long.
        image_rate: Step size of the images.
        momentum: Momentum of the images.
        batch: Real images per class and iteration.
        outer_steps: Iterations until a new network is drawn.
        network_steps: Steps that the network is trained on the synthetic images after each iteration.
        network_rate: Rate of those steps, and of students.
    """

    iterations: int
    image_rate: float
    momentum: float
    batch: int
    outer_steps: int
    network_steps: int
    network_rate: float

    @property
    @override
    def phases(self) -> tuple[Phase, ...]:
        return (Phase(name="matching gradients", iterations=self.iterations),)

    @property
    @override
    def needs_experts(self) -> bool:
        return False

    @override
    def setup(self, setting: Setting, images: Tensor) -> State:
        return {
            "images": images,
            "images.velocity": torch.zeros_like(images),
            "image.rate": torch.tensor(self.image_rate, device=setting.device),
            "theta": self._fresh(setting, 0),
        }

    @override
    def restarted(self, setting: Setting, state: State, images: Tensor) -> State:
        return descent.calmed(state, images)

    @override
    def step(self, setting: Setting, state: State, iteration: int) -> StepReport:
        theta = state["theta"]
        if iteration % self.outer_steps == 0:
            theta = self._fresh(setting, iteration)
        loss, gradient = self._loss_and_gradient(setting, theta, state["images"], iteration)
        after = descent.moved_images(state, gradient, self.momentum)
        after["theta"] = self._trained(setting, theta, after["images"], iteration)
        return StepReport(state=after, loss=loss)

    @override
    def result(self, setting: Setting, state: State) -> Learned:
        return Learned(
            images=state["images"],
            labels=one_hot(setting.labels, setting.train.classes),
            rates=torch.tensor([self.network_rate], device=setting.device),
        )

    def _fresh(self, setting: Setting, iteration: int) -> Tensor:
        random = generator(setting.seed, "random network", iteration)
        return setting.network.initial(random).to(setting.device)

    def _loss_and_gradient(
        self, setting: Setting, theta: Tensor, images: Tensor, iteration: int
    ) -> tuple[float, Tensor]:
        classes = setting.train.classes
        random = generator(setting.seed, "gradients", iteration)
        draws = augment.draw(setting.augmentation, classes, setting.size, random)
        real = drawn_by_class(setting, self.batch, random).chunk(classes)
        found = []
        loss = 0.0
        for label, some in enumerate(images.chunk(classes)):
            draw = draws.part(label, label + 1)
            wanted = _pull(setting, theta, real[label], label, draw).detach()
            leaf = some.detach().requires_grad_()
            given = _pull(setting, theta, leaf, label, draw)
            distance = gradient_distance(wanted, given, setting.network.shapes)
            found.append(torch.autograd.grad(distance, leaf)[0])
            loss += float(distance.detach())
        return loss, torch.cat(found)

    def _trained(self, setting: Setting, theta: Tensor, images: Tensor, iteration: int) -> Tensor:
        """The network some steps further on the synthetic images."""
        steps = student_steps(
            seed=setting.seed,
            iteration=iteration,
            count=len(images),
            batch=0,
            steps=self.network_steps,
            preset=setting.augmentation,
            size=setting.size,
            device=setting.device,
        )
        task = Task(
            network=setting.network,
            images=images,
            labels=one_hot(setting.labels, setting.train.classes),
            rates=torch.tensor([self.network_rate], device=setting.device),
            steps=steps,
        )
        return unroll(task, theta).final


def _pull(setting: Setting, theta: Tensor, images: Tensor, label: int, draw: Draw) -> Tensor:
    """Gradient of the mean cross-entropy of images of one class, `[P]`, differentiable by the images."""
    leaf = theta.detach().requires_grad_()
    changed = augment.apply(images, draw.repeated(len(images)).to(images.device))
    wanted = one_hot(torch.tensor([label], device=images.device), setting.train.classes)
    network, again = setting.network, images.requires_grad
    scores = (network.twice_differentiable_logits if again else network.logits)(leaf, changed)
    loss = cross_entropy(scores, wanted) / len(images)
    return torch.autograd.grad(loss, leaf, create_graph=again)[0]
