"""Learning through a student's whole training: what it answers for real images decides how its few images should look.

S steps in each of E epochs, every step with its own rate; images, labels and rates go downhill by Adam. Steps and their
order are fixed from the beginning and are part of the result, and so is the start where it is fixed.
"""

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from typing_extensions import override

from meddistill_gui.core.distilled import ANY_START
from meddistill_gui.core.errors import ConfigError
from meddistill_gui.engine import augment
from meddistill_gui.engine.acceleration.falling_back import done_somehow
from meddistill_gui.engine.acceleration.rehearsal import Rehearsal, finite
from meddistill_gui.engine.footprint import graphs_kept, refuse_too_large
from meddistill_gui.engine.matching import descent, learned_labels
from meddistill_gui.engine.matching.adam import adam
from meddistill_gui.engine.method import Learned, Method, Phase, Setting, State, StepReport
from meddistill_gui.engine.networks.network import Network, OneValueError
from meddistill_gui.engine.objectives.features import one_hot
from meddistill_gui.engine.objectives.real_loss import RealLoss, real_loss
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.tensors import rows_of
from meddistill_gui.engine.unroll import Gradients, Step, Task, pullback, unroll


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Step sizes of Adam.

    Attributes:
        images: Of the images.
        labels: Of the labels; 0 keeps them as they begin.
        rates: Of the raw rates.
        halvings: How often all of them halve in the course of the run.
        clip: Longest gradient of the images; 0 leaves it.
    """

    images: float
    labels: float
    rates: float
    halvings: int = 0
    clip: float = 0.0


@dataclass(frozen=True, kw_only=True)
class WholeTraining(Method):
    """The machine.

    Attributes:
        iterations: How long.
        order: The synthetic images of each of the S x E steps.
        start: Seed of the fixed start; `ANY_START` draws a fresh one in every iteration.
        real_batch: Real images per iteration.
        rates: Step sizes.
        student_rate: Every step's rate at the start.
        rate_bounds: Smallest and largest rate.
        label_form: "raw", "soft" or "hard" (`learned_labels`).
        label_start: Share of an image's own class where its labels begin to be learned.
        window: Carry the gradient back through so many steps; 0 goes all the way.
        memory: Which graphs are kept on the way forward (`memory.graphs_to_keep`).
        phase: Name for the user.
    """

    iterations: int
    order: tuple[tuple[int, ...], ...]
    start: int
    real_batch: int
    rates: Rates
    student_rate: float
    rate_bounds: tuple[float, float]
    label_form: str = learned_labels.RAW
    label_start: float = 1.0
    window: int = 0
    memory: str = "auto"
    phase: str = "learning images and labels"

    @property
    @override
    def phases(self) -> tuple[Phase, ...]:
        return (Phase(name=self.phase, iterations=self.iterations),)

    @property
    @override
    def needs_experts(self) -> bool:
        return False

    @override
    def recipe(self, setting: Setting) -> Mapping[str, object]:
        return {
            "order": self.order,
            "start": self.start,
            "steps": len(self.order),
            "batch": 0,
            "augmentation": "none",  # the steps are replayed to the letter
            "momentum": 0.0,
            "weight_decay": 0.0,
            "images_per_class": math.ceil(len(setting.labels) / setting.train.classes),
        }

    @override
    def setup(self, setting: Setting, images: Tensor) -> State:
        _refuse_one_value(setting.network, (len(self.order[0]), *images.shape[1:]))
        refuse_too_large(
            setting, steps=len(self.order), batch=len(self.order[0]), memory=self.memory
        )
        raw = descent.raw_of_rate(self.student_rate)
        state = {
            "images": images,
            "rates": torch.full((len(self.order),), raw, device=setting.device),
        }
        if self.label_form != learned_labels.HARD:
            state["labels"] = learned_labels.first(
                self.label_form, setting.labels, setting.train.classes, self.label_start
            )
        for kind in ("velocity", "square"):
            state |= {f"{name}.{kind}": torch.zeros_like(state[name]) for name in _learned(state)}
        state["image.rate"] = torch.tensor(self.rates.images, device=setting.device)
        state["count"] = torch.zeros((), device=setting.device)
        return state

    @override
    def restarted(self, setting: Setting, state: State, images: Tensor) -> State:
        return descent.calmed(state, images)

    @override
    def step(self, setting: Setting, state: State, iteration: int) -> StepReport:
        task, kept = self._task(setting, state), self._kept(setting)
        start, (real, labels) = self._theta0(setting, iteration), self._real(setting, iteration)

        def learned_from(task: Task) -> tuple[RealLoss, Gradients]:
            tape = unroll(task, start, keep_graphs=kept)
            judged = real_loss(setting.network, tape.final, task.images, real, labels)
            back = pullback(tape, {len(task.steps): judged.theta}, window=self.window or None)
            return judged, back

        (judged, gradients), left = done_somehow(task, learned_from, _sane)
        return StepReport(
            state=self._moved(state, gradients, judged, iteration),
            loss=judged.loss,
            metrics={
                "student rate": float(task.rates.mean()),
                "largest weight of a label": float(task.labels.amax(1).mean()),
                "sum of a label": float(task.labels.sum(1).mean()),
            },
            way_left=left,
        )

    @override
    def rehearsal(self, setting: Setting, state: State, iteration: int) -> Rehearsal | None:
        task, (real, labels) = self._task(setting, state), self._real(setting, iteration)

        def cotangent(student: Tensor) -> Tensor:
            return real_loss(setting.network, student, task.images, real, labels).theta

        return Rehearsal(
            task=task,
            start=self._theta0(setting, iteration),
            cotangent=cotangent,
            keep=self._kept(setting),
            window=self.window or None,
        )

    @override
    def result(self, setting: Setting, state: State) -> Learned:
        return Learned(
            images=state["images"],
            labels=self._labels(setting, state),
            rates=descent.rate_of_raw(state["rates"]),
        )

    def _kept(self, setting: Setting) -> int:
        """Graphs of how many of the last steps are kept."""
        shape = (setting.train.images.shape[1], setting.size, setting.size)
        return graphs_kept(
            setting.network,
            shape,
            steps=len(self.order),
            batch=len(self.order[0]),
            memory=self.memory,
            device=setting.device,
        )

    def _labels(self, setting: Setting, state: State) -> Tensor:
        if "labels" in state:
            return learned_labels.weights(self.label_form, state["labels"])
        return one_hot(setting.labels, setting.train.classes)

    def _task(self, setting: Setting, state: State) -> Task:
        return Task(
            network=setting.network,
            images=state["images"],
            labels=self._labels(setting, state),
            rates=descent.rate_of_raw(state["rates"]),
            steps=steps_of(self.order, setting.size, setting.device),
            way=setting.way,
        )

    def _theta0(self, setting: Setting, iteration: int) -> Tensor:
        if self.start == ANY_START:
            random = generator(setting.seed, "start", iteration)
            return setting.network.initial(random).to(setting.device)
        return _start(setting.network, self.start).to(setting.device)

    def _real(self, setting: Setting, iteration: int) -> tuple[Tensor, Tensor]:
        """As many real images of each class, drawn with replacement."""
        random = generator(setting.seed, "real batch", iteration)
        share = math.ceil(self.real_batch / len(setting.members))
        rows = torch.cat(
            [
                members[torch.randint(len(members), (share,), generator=random).to(members.device)]
                for members in setting.members
            ]
        )
        return rows_of(setting.train, rows), setting.train.labels[rows]

    def _moved(self, state: State, gradients: Gradients, judged: RealLoss, iteration: int) -> State:
        slower = 0.5 ** (iteration * (self.rates.halvings + 1) // max(1, self.iterations))
        count = int(state["count"]) + 1
        wanted = {
            "images": descent.clipped(gradients.images + judged.images, self.rates.clip),
            "rates": gradients.rates * torch.sigmoid(state["rates"]),
        }
        sizes = {"images": float(state["image.rate"]), "rates": self.rates.rates}
        if "labels" in state:
            wanted["labels"] = learned_labels.pulled(
                self.label_form, state["labels"], gradients.labels
            )
            sizes["labels"] = self.rates.labels
        after = {**state, "count": state["count"] + 1}
        for name, gradient in wanted.items():
            after[name], after[f"{name}.velocity"], after[f"{name}.square"] = adam(
                state[name],
                state[f"{name}.velocity"],
                state[f"{name}.square"],
                gradient,
                rate=slower * sizes[name],
                count=count,
            )
        low, high = (descent.raw_of_rate(bound) for bound in self.rate_bounds)
        return {**after, "rates": after["rates"].clamp(low, high)}


def fixed_order(images: int, batch: int, steps: int, epochs: int) -> tuple[tuple[int, ...], ...]:
    """Which images each step takes: all, or the next `batch` in turn, from one epoch to the next."""
    size = batch or images
    return tuple(
        tuple((step * size + place) % images for place in range(size))
        for step in range(steps * epochs)
    )


def steps_of(
    order: tuple[tuple[int, ...], ...], size: int, device: torch.device
) -> tuple[Step, ...]:
    """The student's steps: unchanged images in this order, a rate for each step."""
    unused = torch.Generator()  # nothing is drawn
    return tuple(
        Step(
            images=torch.tensor(chosen, device=device),
            draw=augment.draw("none", len(chosen), size, unused).to(device),
            rate=number,
        )
        for number, chosen in enumerate(order)
    )


def _start(network: Network, seed: int) -> Tensor:
    """Where students that start alike start: `[P]`, as `students` draws it."""
    return _drawn(network, seed)  # type: ignore[arg-type]  # every object can be hashed


@functools.lru_cache(maxsize=1)
def _drawn(network: Network, seed: int) -> Tensor:
    return network.initial(generator(seed, "student", "initial"))


def _learned(state: State) -> tuple[str, ...]:
    return tuple(name for name in ("images", "rates", "labels") if name in state)


def _sane(found: tuple[RealLoss, Gradients]) -> bool:
    judged, gradients = found
    return math.isfinite(judged.loss) and finite(gradients)


def _refuse_one_value(network: Network, shape: tuple[int, ...]) -> None:
    """Batch normalisation cannot take the variance of one value; found from shapes alone."""
    theta = torch.empty(network.parameter_count, device="meta")
    try:
        network.statistics(theta, torch.empty(shape, device="meta"))
    except OneValueError as error:
        count, side = shape[0], shape[-1]
        raise ConfigError(
            [
                f"A step on {count} images of {side} x {side} pixels is too small for this network: "
                "its last batch normalisation sees a single value."
            ],
            "Take more pixels (images.size), more images per step (options.batch), or network.norm 'instance'.",
        ) from error
