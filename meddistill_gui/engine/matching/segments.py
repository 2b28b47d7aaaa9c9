"""Trajectory matching as a machine: a student trained on the synthetic images must end where the expert went.

Notation of the papers: J student steps (`inner_steps`), K expert epochs (`expert_epochs`), theta* the expert, theta the student.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from typing_extensions import override

from meddistill_gui.engine import processes
from meddistill_gui.engine.acceleration.falling_back import done_somehow
from meddistill_gui.engine.acceleration.rehearsal import Rehearsal
from meddistill_gui.engine.matching import descent
from meddistill_gui.engine.matching.calibration import first_rate
from meddistill_gui.engine.matching.pulls import (
    NOTHING_LEFT,
    Further,
    Mean,
    Pull,
    fitted_into,
    pull_along,
    room_of,
    sane,
)
from meddistill_gui.engine.method import (
    Experts,
    Learned,
    Method,
    Phase,
    Setting,
    State,
    StepReport,
)
from meddistill_gui.engine.objectives.features import one_hot
from meddistill_gui.engine.objectives.segments import segment_match
from meddistill_gui.engine.objectives.shape import shape_match
from meddistill_gui.engine.objectives.weights import WeightRule, everything
from meddistill_gui.engine.samplers.batches import student_steps
from meddistill_gui.engine.samplers.segments import Segment
from meddistill_gui.engine.unroll import Gradients, Tape, Task

Sampler = Callable[[Setting, State, int], Segment]
Weighting = Callable[[Setting], WeightRule]

_CALIBRATED_ON = 4  # segments
_SOFT_START = 0.9  # probability of an image's own class where labels begin to be learned


@dataclass(frozen=True, kw_only=True)
class Learning:
    """How what is learned moves.

    Attributes:
        image_rate: Step size of the images.
        momentum: Momentum of everything.
        rate_rate: Step size of the student's raw rate.
        student_rate: The student's rate at the start; 0 finds it (`calibration.first_rate`).
        rate_bounds: Smallest and largest rate.
        label_rate: Step size of the labels; 0 keeps them hard.
        average: Weight of the past in the running mean of images that is handed out; 0 hands out the latest.
    """

    image_rate: float
    momentum: float
    rate_rate: float
    student_rate: float
    rate_bounds: tuple[float, float]
    label_rate: float = 0.0
    average: float = 0.0


def unweighted(setting: Setting) -> WeightRule:  # noqa: ARG001 - a Weighting
    """Every parameter counts."""
    return everything


@dataclass(frozen=True, kw_only=True)
class SegmentMatching(Method):
    """The machine.

    Attributes:
        iterations: How long.
        inner_steps: J.
        batch: Synthetic images per student step; 0 takes all.
        learning: How images, labels and rate move.
        sampler: Which segment an iteration matches.
        weighting: Which parameters count, once the network is known.
        remember_weights: Whether a weight is kept from one iteration to the next (self-paced rules).
        skip_above: Change nothing where the loss is larger (DATM's gate); 0 never skips.
        memory: Which graphs are kept on the way forward (`memory.graphs_to_keep`).
        micro_batch: Images per pass inside a student step; 0 takes all.
        shape: Weight of the shape term (`objectives.shape`); 0 leaves it out.
        segments: Segments per iteration, whose gradients are averaged; several processes share them out.
        phase: Name for the user.
    """

    iterations: int
    inner_steps: int
    batch: int
    learning: Learning
    sampler: Sampler
    weighting: Weighting = unweighted
    remember_weights: bool = False
    skip_above: float = 0.0
    memory: str = "auto"
    micro_batch: int = 0
    shape: float = 0.0
    segments: int = 1
    phase: str = "matching trajectories"

    @property
    @override
    def phases(self) -> tuple[Phase, ...]:
        return (Phase(name=self.phase, iterations=self.iterations),)

    @property
    @override
    def needs_experts(self) -> bool:
        return True

    @override
    def setup(self, setting: Setting, images: Tensor) -> State:
        state = {"images": images, "rates": torch.zeros(1, device=setting.device)}
        if self.learning.label_rate > 0:
            hard = one_hot(setting.labels, setting.train.classes)
            others = max(1, setting.train.classes - 1)
            state["labels"] = hard * math.log(_SOFT_START / (1 - _SOFT_START) * others)
        state |= {f"{name}.velocity": torch.zeros_like(value) for name, value in state.items()}
        state["image.rate"] = torch.tensor(self.learning.image_rate, device=setting.device)
        state["room"] = torch.zeros((), device=setting.device)
        if self.learning.average > 0:
            state["images.average"] = images
        if self.remember_weights:
            state["weights"] = torch.zeros(setting.network.parameter_count, device=setting.device)
        return {**state, "rates": self._first_rates(setting, state)}

    @override
    def restarted(self, setting: Setting, state: State, images: Tensor) -> State:
        fresh = self.setup(setting, images)
        begun_anew = {k: v for k, v in fresh.items() if k in state and k not in {"weights", "room"}}
        return {**state, **begun_anew, "image.rate": state["image.rate"] / 2}

    @override
    def step(self, setting: Setting, state: State, iteration: int) -> StepReport:
        mean, room = Mean(state, remember_weights=self.remember_weights), room_of(state)
        left = ""
        for place in processes.share(self.segments):
            (pull, room), why = self._pull(setting, state, iteration, place, room)
            left = left or why
            mean.add(pull)
        found = mean.over_all_processes()
        if room != room_of(state):
            state = {**state, "room": torch.full_like(state["room"], room)}
        if found.matched and self.remember_weights:
            state = {**state, "weights": found.weights}
        if not found.matched:
            return StepReport(state=state, loss=math.nan, skipped=NOTHING_LEFT, way_left=left)
        metrics = {
            "student rate": float(descent.rate_of_raw(state["rates"]).mean()),
            "kept parameters": found.kept,
            "unmasked loss": found.unmasked,
        }
        if not found.pulled:
            why = f"its loss is above {self.skip_above:g}"
            return StepReport(
                state=state, loss=found.loss, metrics=metrics, skipped=why, way_left=left
            )
        moved = self._moved(state, found.gradients)
        return StepReport(state=moved, loss=found.loss, metrics=metrics, way_left=left)

    @override
    def rehearsal(self, setting: Setting, state: State, iteration: int) -> Rehearsal | None:
        number = iteration * self.segments
        start, target = self._ends(setting, state, number)

        def cotangent(student: Tensor) -> Tensor:
            weights = self._weights(setting, state, student, target, iteration)
            match = segment_match(student, start, target, weights)
            return torch.zeros_like(student) if match is None else match.cotangent

        task, keep = fitted_into(self._task(setting, state, number), self.memory, room_of(state))
        return Rehearsal(task=task, start=start, cotangent=cotangent, keep=keep)

    def _pull(
        self, setting: Setting, state: State, iteration: int, place: int, room: int
    ) -> tuple[tuple[Pull | None, int], str]:
        """What one of the iteration's segments asks for, how much memory there was room for, and why the way must be left."""
        number = iteration * self.segments + place
        start, target = self._ends(setting, state, number)

        def weights(student: Tensor) -> Tensor:
            return self._weights(setting, state, student, target, iteration)

        further = self._shape_term(setting, state, number, target) if self.shape > 0 else None

        def pulled(task: Task) -> tuple[Pull | None, int]:
            return pull_along(
                task,
                start,
                target,
                weights=weights,
                memory=self.memory,
                room=room,
                skip_above=self.skip_above,
                further=further,
            )

        return done_somehow(self._task(setting, state, number), pulled, sane)

    def _shape_term(self, setting: Setting, state: State, number: int, target: Tensor) -> Further:
        """The weighted shape term's gradients, at the middle and the end of a student's way."""
        segment = self.sampler(setting, state, number)
        expert = experts_given(setting).theta(segment.expert, segment.middle).to(target.device)

        def gradients(tape: Tape) -> Mapping[int, Tensor]:
            last = len(tape.task.steps)
            student = tape.thetas[last // 2], tape.final
            match = shape_match(tape.thetas[0], student, (expert, target))
            return {last // 2: self.shape * match.middle, last: self.shape * match.end}

        return gradients

    @override
    def result(self, setting: Setting, state: State) -> Learned:
        return Learned(
            images=state.get("images.average", state["images"]),
            labels=self._labels(setting, state),
            rates=descent.rate_of_raw(state["rates"]),
        )

    def _first_rates(self, setting: Setting, state: State) -> Tensor:
        """The student's raw rate at the start, where it is not given from the first segments."""
        rate = self.learning.student_rate
        if rate == 0:
            ends = (self._ends(setting, state, number) for number in range(_CALIBRATED_ON))
            rate = first_rate(self._task(setting, state, 0), ends)
        low, high = self.learning.rate_bounds
        return torch.full_like(state["rates"], descent.raw_of_rate(min(max(rate, low), high)))

    def _labels(self, setting: Setting, state: State) -> Tensor:
        if "labels" in state:
            return state["labels"].softmax(dim=1)
        return one_hot(setting.labels, setting.train.classes)

    def _task(self, setting: Setting, state: State, iteration: int) -> Task:
        steps = student_steps(
            seed=setting.seed,
            iteration=iteration,
            count=len(state["images"]),
            batch=self.batch,
            steps=self.inner_steps,
            preset=setting.augmentation,
            size=setting.size,
            device=setting.device,
            rates=len(state["rates"]),
        )
        return Task(
            network=setting.network,
            images=state["images"],
            labels=self._labels(setting, state),
            rates=descent.rate_of_raw(state["rates"]),
            steps=steps,
            micro_batch=self.micro_batch,
            way=setting.way,
        )

    def _ends(self, setting: Setting, state: State, iteration: int) -> tuple[Tensor, Tensor]:
        """Where the segment begins and ends: two times `[P]`."""
        experts, segment = experts_given(setting), self.sampler(setting, state, iteration)
        return (
            experts.theta(segment.expert, segment.start).to(setting.device),
            experts.theta(segment.expert, segment.end).to(setting.device),
        )

    def _weights(
        self, setting: Setting, state: State, student: Tensor, target: Tensor, iteration: int
    ) -> Tensor:
        before = state["weights"] if self.remember_weights else torch.zeros_like(target)
        return self.weighting(setting)(student, target, before=before, iteration=iteration)

    def _moved(self, state: State, gradients: Gradients) -> State:
        how = self.learning
        after = dict(state)
        after["images"], after["images.velocity"] = descent.with_momentum(
            state["images"],
            state["images.velocity"],
            gradients.images,
            rate=float(state["image.rate"]),
            momentum=how.momentum,
        )
        after["rates"], after["rates.velocity"] = descent.moved_rate(
            state["rates"],
            state["rates.velocity"],
            gradients.rates,
            rate=how.rate_rate,
            momentum=how.momentum,
            low=how.rate_bounds[0],
            high=how.rate_bounds[1],
        )
        if "labels" in state:
            after |= _moved_labels(state, gradients.labels, how)
        if "images.average" in state:
            past = state["images.average"]
            after["images.average"] = how.average * past + (1 - how.average) * after["images"]
        return after


def experts_given(setting: Setting) -> Experts:
    """The experts of a setting.

    Raises:
        ValueError: It has none.
    """
    if setting.experts is None:
        raise ValueError("matching segments needs experts")
    return setting.experts


def _moved_labels(state: State, d_probabilities: Tensor, how: Learning) -> Mapping[str, Tensor]:
    """Carry the gradient through the softmax and move the logits."""
    shares = state["labels"].softmax(dim=1)
    inner = (shares * d_probabilities).sum(dim=1, keepdim=True)
    labels, velocity = descent.with_momentum(
        state["labels"],
        state["labels.velocity"],
        shares * (d_probabilities - inner),
        rate=how.label_rate,
        momentum=how.momentum,
    )
    return {"labels": labels, "labels.velocity": velocity}
