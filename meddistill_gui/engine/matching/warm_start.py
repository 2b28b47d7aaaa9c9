"""A method that begins with another one's images."""

from dataclasses import dataclass

from torch import Tensor
from typing_extensions import override

from meddistill_gui.engine.acceleration.rehearsal import Rehearsal
from meddistill_gui.engine.method import Learned, Method, Phase, Setting, State, StepReport

_PREFIX = "warm."


@dataclass(frozen=True, kw_only=True)
class WarmStart(Method):
    """First one method, then another from where the first ended.

    Attributes:
        first: Makes the images that the second begins with.
        then: The method proper.
    """

    first: Method
    then: Method

    @property
    @override
    def phases(self) -> tuple[Phase, ...]:
        return (*self.first.phases, *self.then.phases)

    @property
    @override
    def needs_experts(self) -> bool:
        return self.then.needs_experts

    @override
    def setup(self, setting: Setting, images: Tensor) -> State:
        return _marked(self.first.setup(setting, images))

    @override
    def restarted(self, setting: Setting, state: State, images: Tensor) -> State:
        if _warming(state):
            return _marked(self.first.restarted(setting, _unmarked(state), images))
        return self.then.restarted(setting, state, images)

    @override
    def step(self, setting: Setting, state: State, iteration: int) -> StepReport:
        length = sum(phase.iterations for phase in self.first.phases)
        if iteration >= length:
            return self.then.step(setting, state, iteration - length)
        report = self.first.step(setting, _unmarked(state), iteration)
        after: State = _marked(report.state)
        if iteration == length - 1:
            images = self.first.result(setting, report.state).images
            after = self.then.setup(setting, images)
        return StepReport(
            state=after,
            loss=report.loss,
            metrics=report.metrics,
            skipped=report.skipped,
            way_left=report.way_left,
        )

    @override
    def rehearsal(self, setting: Setting, state: State, iteration: int) -> Rehearsal | None:
        length = sum(phase.iterations for phase in self.first.phases)
        if iteration >= length:
            return self.then.rehearsal(setting, state, iteration - length)
        return self.first.rehearsal(setting, _unmarked(state), iteration)

    @override
    def result(self, setting: Setting, state: State) -> Learned:
        if _warming(state):
            return self.first.result(setting, _unmarked(state))
        return self.then.result(setting, state)


def _warming(state: State) -> bool:
    return any(name.startswith(_PREFIX) for name in state)


def _marked(state: State) -> State:
    return {_PREFIX + name: tensor for name, tensor in state.items()}


def _unmarked(state: State) -> State:
    return {name.removeprefix(_PREFIX): tensor for name, tensor in state.items()}
