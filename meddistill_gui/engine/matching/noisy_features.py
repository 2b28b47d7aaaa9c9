"""Distribution matching against mean features that were released once, with noise; after that the patients are not looked at.

The features are those of a few random networks, drawn from the run's seed, around a centre and at a scale that come from
made-up pictures (noise with the spectrum 1/f of natural images), so nothing about them depends on a patient.
"""

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from typing_extensions import override

from meddistill_gui.core.errors import ConfigError, SplitError
from meddistill_gui.core.gaussian_mechanism import planned
from meddistill_gui.core.real_images import UNKNOWN_PATIENT
from meddistill_gui.engine.matching import descent
from meddistill_gui.engine.matching.noisy_release import FEATURE_LENGTH, released
from meddistill_gui.engine.method import Learned, Method, Phase, Setting, State, StepReport
from meddistill_gui.engine.objectives.features import one_hot, share_by_class
from meddistill_gui.engine.seeding import generator

_MADE_UP: Final = 64  # pictures


@dataclass(frozen=True, kw_only=True)
class NoisyFeatureMatching(Method):
    """The machine.

    Attributes:
        iterations: How long.
        epsilon: ε of the bound.
        delta: δ of the bound.
        networks: Random networks whose features are released.
        image_rate: Step size of the images.
        momentum: Momentum of the images.
        student_rate: The rate that students train at; it is not learned.
        refuses: Whether a release that is mostly noise is refused; measurements want to see it.
        phase: Name for the user.
    """

    iterations: int
    epsilon: float
    delta: float
    networks: int
    image_rate: float
    momentum: float
    student_rate: float
    refuses: bool = True
    phase: str = "matching noised features"

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
        if bool((setting.train.patients == UNKNOWN_PATIENT).any()):
            raise SplitError(
                "A bound per patient needs every image's patient, and some are not known.",
                "Tell which images belong together (patients of the label table), or choose another method.",
            )
        frame = self._frame(setting)
        means, counts = self._released(setting, frame)
        return {
            "images": images,
            "images.velocity": torch.zeros_like(images),
            "image.rate": torch.tensor(self.image_rate, device=setting.device),
            **frame,
            "released.means": means,
            "released.patients": counts,
        }

    @override
    def restarted(self, setting: Setting, state: State, images: Tensor) -> State:
        return descent.calmed(state, images)

    @override
    def step(self, setting: Setting, state: State, iteration: int) -> StepReport:
        number = iteration % self.networks
        leaf = state["images"].detach().requires_grad_()
        loss = self._distance(setting, state, leaf, number)
        (gradient,) = torch.autograd.grad(loss, leaf)
        after = descent.moved_images(state, gradient, self.momentum)
        return StepReport(state=after, loss=float(loss.detach()))

    @override
    def result(self, setting: Setting, state: State) -> Learned:
        return Learned(
            images=state["images"],
            labels=one_hot(setting.labels, setting.train.classes),
            rates=torch.tensor([self.student_rate], device=setting.device),
        )

    def _distance(self, setting: Setting, state: State, images: Tensor, number: int) -> Tensor:
        """Squared distance of the classes' mean features in one network, in its own units as in plain distribution matching."""
        seen = share_by_class(
            self._features(setting, state, images, number), setting.train.classes
        ).mean(1)
        wanted = state["released.means"][:, number]
        apart: Tensor = (seen - wanted).square().sum() * state["frame.scale"][number].square()
        return apart

    def _released(self, setting: Setting, frame: State) -> tuple[Tensor, Tensor]:
        """Mean features `[K, M, F]`, each network's own at most 1 long, and numbers of patients `[K]`."""

        def embed(images: Tensor) -> Tensor:
            parts = [self._features(setting, frame, images, n) for n in range(self.networks)]
            return torch.cat(parts, 1) / math.sqrt(self.networks)

        release = released(embed, setting.train, epsilon=self.epsilon, delta=self.delta)
        if self.refuses:
            self._refuse_noise(release.means.shape[1], float(release.patients.min()))
        means = release.means.view(setting.train.classes, self.networks, -1)
        means = (means * math.sqrt(self.networks)).float().to(setting.device)
        return means, release.patients.float().to(setting.device)

    def _refuse_noise(self, features: int, patients: float) -> None:
        """Also this looks at noised numbers only."""
        plan = planned(
            epsilon=self.epsilon,
            delta=self.delta,
            features=features,
            patients=max(1, round(patients)),
            length=FEATURE_LENGTH,
        )
        if not plan.allowed:
            raise ConfigError([plan.sentence], "Or choose a method without a formal bound.")

    def _frame(self, setting: Setting) -> State:
        """Centre `[M, F]` and scale `[M]` of each network's features, from made-up pictures."""
        made_up = made_up_pictures(setting)
        seen = torch.stack(
            [
                setting.network.features(_theta(setting, number), made_up)
                for number in range(self.networks)
            ]
        )
        centre = seen.mean(1)
        scale = (seen - centre[:, None]).norm(dim=2).median(dim=1).values
        return {"frame.centre": centre, "frame.scale": scale}

    def _features(self, setting: Setting, frame: State, images: Tensor, number: int) -> Tensor:
        """Features of one network, at most 1 long: `[B, F]`."""
        raw = setting.network.features(_theta(setting, number), images)
        moved = (raw - frame["frame.centre"][number]) / frame["frame.scale"][number]
        shortened: Tensor = moved / moved.norm(dim=1, keepdim=True).clamp(min=1.0)
        return shortened


def made_up_pictures(setting: Setting) -> Tensor:
    """Noise with the spectrum 1/f, normalised: `[64, C, S, S]`; it depends on the run's seed and nothing else."""
    shape = (_MADE_UP, *setting.train.images.shape[1:])
    white = torch.randn(shape, generator=generator(setting.seed, "made-up pictures"))
    rows, columns = torch.fft.fftfreq(shape[2]), torch.fft.rfftfreq(shape[3])
    frequency = torch.sqrt(rows[:, None] ** 2 + columns**2).clamp(min=1.0 / shape[2])
    pictures: Tensor = torch.fft.irfft2(torch.fft.rfft2(white) / frequency, s=shape[2:])
    pictures = pictures - pictures.mean((2, 3), keepdim=True)
    return (pictures / pictures.std((2, 3), keepdim=True)).to(setting.device)


def _theta(setting: Setting, number: int) -> Tensor:
    random = generator(setting.seed, "released network", number)
    return setting.network.initial(random).to(setting.device)
