"""Distribution matching as a machine: mean features in fresh random networks (Zhao & Bilen 2023, arXiv 2110.04181).

Every iteration draws a new random network, augments the real and the synthetic images of a class alike (one draw per
class, "Siamese"), and moves the synthetic images so that the mean features agree.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from typing_extensions import override

from meddistill_gui.engine import augment
from meddistill_gui.engine.augment import Draw
from meddistill_gui.engine.matching import descent
from meddistill_gui.engine.method import Learned, Method, Phase, Setting, State, StepReport
from meddistill_gui.engine.objectives.features import mean_feature_match, one_hot, share_by_class
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.tensors import rows_of


@dataclass(frozen=True, kw_only=True)
class FeatureMatching(Method):
    """The machine.

    Attributes:
        iterations: How long.
        image_rate: Step size of the images.
        momentum: Momentum of the images.
        batch: Real images per class and iteration.
        student_rate: The rate that students train at; it is not learned.
        phase: Name for the user.
    """

    iterations: int
    image_rate: float
    momentum: float
    batch: int
    student_rate: float
    phase: str = "matching features"

    @property
    @override
    def phases(self) -> tuple[Phase, ...]:
        return (Phase(name=self.phase, iterations=self.iterations),)

    @property
    @override
    def needs_experts(self) -> bool:
        return False

    @override
    def setup(self, setting: Setting, images: Tensor) -> State:
        rate = torch.tensor(self.image_rate, device=setting.device)
        return {
            "images": images,
            "images.velocity": torch.zeros_like(images),
            "image.rate": rate,
        }

    @override
    def restarted(self, setting: Setting, state: State, images: Tensor) -> State:
        return descent.calmed(state, images)

    @override
    def step(self, setting: Setting, state: State, iteration: int) -> StepReport:
        loss, gradient = self._loss_and_gradient(setting, state["images"], iteration)
        after = descent.moved_images(state, gradient, self.momentum)
        return StepReport(state=after, loss=loss)

    @override
    def result(self, setting: Setting, state: State) -> Learned:
        return Learned(
            images=state["images"],
            labels=one_hot(setting.labels, setting.train.classes),
            rates=torch.tensor([self.student_rate], device=setting.device),
        )

    def _loss_and_gradient(
        self, setting: Setting, images: Tensor, iteration: int
    ) -> tuple[float, Tensor]:
        network, classes = setting.network, setting.train.classes
        random = generator(setting.seed, "random network", iteration)
        theta = network.initial(random).to(setting.device)
        draws = augment.draw(setting.augmentation, classes, setting.size, random)
        real = drawn_by_class(setting, self.batch, random)
        with torch.no_grad():
            wanted = network.features(theta, augment.apply(real, per_class(draws, real, classes)))
        leaf = images.detach().requires_grad_()
        seen = network.features(theta, augment.apply(leaf, per_class(draws, leaf, classes)))
        loss = mean_feature_match(share_by_class(wanted, classes), share_by_class(seen, classes))
        (gradient,) = torch.autograd.grad(loss, leaf)
        return float(loss.detach()), gradient


def drawn_by_class(setting: Setting, batch: int, random: torch.Generator) -> Tensor:
    """Real images, `batch` of each class in the order of the classes, drawn with replacement: `[K * batch, C, S, S]`."""
    chosen = [
        members[torch.randint(len(members), (batch,), generator=random).to(members.device)]
        for members in setting.members
    ]
    return rows_of(setting.train, torch.cat(chosen))


def per_class(draws: Draw, images: Tensor, classes: int) -> Draw:
    """One draw per class for images that are sorted by class, on their device."""
    return draws.repeated(len(images) // classes).to(images.device)
