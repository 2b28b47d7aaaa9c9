"""Finding the images' step size before the work proper: a few steps with each of several sizes, all from the same start.

The step size that suits depends on images, network and segment length, and public configurations differ by factors of a
thousand (arXiv 2203.11932's code: found on a grid, to be found again for each data set). Every candidate meets the same
segments with the same augmentation, so losses can be compared; the lowest wins, and of candidates as good, the smallest.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from typing_extensions import override

from meddistill_gui.engine.acceleration.rehearsal import Rehearsal
from meddistill_gui.engine.method import Learned, Method, Phase, Setting, State, StepReport

GRID: Final = (10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0)
PROBE: Final = 8  # steps with each
_TRIAL: Final = "trial."
_SCORES: Final = "trial scores"
_WORST: Final = 1e6
_AS_GOOD: Final = 0.01  # of the loss


@dataclass(frozen=True, kw_only=True)
class RangeTest(Method):
    """A method that first finds its own "image.rate".

    Attributes:
        then: The method; its state holds "images" and "image.rate".
        grid: Candidates, ascending.
        probe: Steps with each candidate.
    """

    then: Method
    grid: tuple[float, ...] = GRID
    probe: int = PROBE

    @property
    @override
    def phases(self) -> tuple[Phase, ...]:
        return (Phase(name="finding the step size", iterations=self._length), *self.then.phases)

    @property
    @override
    def needs_experts(self) -> bool:
        return self.then.needs_experts

    @override
    def setup(self, setting: Setting, images: Tensor) -> State:
        state = dict(self.then.setup(setting, images))
        state[_SCORES] = torch.zeros(len(self.grid), device=setting.device)
        return state

    @override
    def restarted(self, setting: Setting, state: State, images: Tensor) -> State:
        return self.then.restarted(setting, state, images)

    @override
    def step(self, setting: Setting, state: State, iteration: int) -> StepReport:
        if iteration >= self._length:
            return self.then.step(setting, state, iteration - self._length)
        candidate, number = divmod(iteration, self.probe)
        begun = _base(state) if number == 0 else _trial(state)
        rate = torch.full_like(state["image.rate"], self.grid[candidate])
        report = self.then.step(setting, {**begun, "image.rate": rate}, number)
        loss, sane = _sane(report)
        scores = state[_SCORES].clone()
        if 2 * number >= self.probe:
            scores[candidate] += loss / self.probe
        after = {**_base(state), _SCORES: scores}
        after |= {_TRIAL + name: value for name, value in (report.state if sane else begun).items()}
        if iteration == self._length - 1:
            after = {**_base(state), "image.rate": torch.full_like(rate, self._chosen(scores))}
        metrics: Mapping[str, float] = {"image rate": float(after["image.rate"])}
        return StepReport(state=after, loss=loss, metrics=metrics, way_left=report.way_left)

    @override
    def rehearsal(self, setting: Setting, state: State, iteration: int) -> Rehearsal | None:
        return self.then.rehearsal(setting, _base(state), max(0, iteration - self._length))

    @override
    def result(self, setting: Setting, state: State) -> Learned:
        return self.then.result(setting, state)

    @property
    def _length(self) -> int:
        return len(self.grid) * self.probe

    def _chosen(self, scores: Tensor) -> float:
        best = float(scores.min())
        for rate, score in zip(self.grid, scores.tolist(), strict=True):
            if score <= best * (1 + _AS_GOOD):
                return rate
        return self.grid[0]


def _base(state: State) -> dict[str, Tensor]:
    """What every candidate starts from."""
    return {k: v for k, v in state.items() if not k.startswith(_TRIAL) and k != _SCORES}


def _trial(state: State) -> dict[str, Tensor]:
    """Where the candidate in trial is."""
    return {k.removeprefix(_TRIAL): v for k, v in state.items() if k.startswith(_TRIAL)}


def _sane(report: StepReport) -> tuple[float, bool]:
    """The loss, bounded, and whether the trial is still finite."""
    finite = all(bool(value.isfinite().all()) for value in report.state.values())
    if not finite or not math.isfinite(report.loss):
        return _WORST, False
    return min(report.loss, _WORST), True
