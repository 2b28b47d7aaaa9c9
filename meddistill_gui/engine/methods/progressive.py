"""Progressive trajectory matching: early segments first, later ones when the early ones are matched; overlapping images begin anew.

Yu, Liu & Chen, "Progressive trajectory matching for medical dataset distillation", arXiv 2403.13469 (paper C). Only its
abstract is known to us: random matching is unstable on medical data, so matching shall progress; that costs diversity, so
overlap between images is found and removed by training parts of the images anew. Schedule, thresholds and the measure of
overlap are not public. What stands here is our own design in that spirit:

- the window of starts grows by one epoch when the running mean of the loss falls below a bound, or after a stage's budget;
- overlap is the cosine of features around the class's real mean (`engine.objectives.overlap`), and too much of it is more
  than nearly all pairs of the class's real images have.
"""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from typing_extensions import override

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.trajectories import ProgressiveOptions
from meddistill_gui.engine.acceleration.rehearsal import Rehearsal
from meddistill_gui.engine.matching.composing import prepared, segment_matching
from meddistill_gui.engine.matching.overlap import Mitigation, overlap_of
from meddistill_gui.engine.matching.segments import SegmentMatching
from meddistill_gui.engine.method import Learned, Method, Phase, Setting, State, StepReport
from meddistill_gui.engine.samplers.segments import Segment, experts_of, uniform

_MEMORY = 0.9  # of the running mean of the loss


def progressive(config: DistillConfig) -> Method:
    """Make the method from its options."""
    options = cast(ProgressiveOptions, config.options)

    def sampled(setting: Setting, state: State, iteration: int) -> Segment:
        return uniform(
            seed=setting.seed,
            iteration=iteration,
            experts=experts_of(setting.experts),
            max_start=int(state.get("window", options.first_window)),
            length=options.expert_epochs,
        )

    matching = segment_matching(
        config, options, sampled, phase="matching trajectories, early ones first"
    )
    mitigation = Mitigation(
        every=options.overlap_every if config.images_per_class > 1 else 0,
        share=options.overlap_share,
        blend=options.overlap_blend,
        retrain=options.overlap_retrain,
    )
    return prepared(options, Progressive(options=options, matching=matching, mitigation=mitigation))


@dataclass(frozen=True, kw_only=True)
class Progressive(Method):
    """Segment matching whose window grows.

    Attributes:
        options: The schedule.
        matching: What is done in each iteration.
        mitigation: What is done about overlap.
    """

    options: ProgressiveOptions
    matching: SegmentMatching
    mitigation: Mitigation

    @property
    @override
    def phases(self) -> tuple[Phase, ...]:
        return self.matching.phases

    @property
    @override
    def needs_experts(self) -> bool:
        return True

    @override
    def setup(self, setting: Setting, images: Tensor) -> State:
        state = self.mitigation.setup(self.matching.setup(setting, images))
        first = min(self.options.first_window, self.options.max_start)
        return {
            **state,
            "window": torch.tensor(float(first), device=setting.device),
            "window.age": torch.zeros((), device=setting.device),
            "window.loss": torch.ones((), device=setting.device),
        }

    @override
    def restarted(self, setting: Setting, state: State, images: Tensor) -> State:
        calm = self.matching.restarted(setting, state, images)
        return {**calm, "overlap.left": torch.zeros_like(state["overlap.left"])}

    @override
    def step(self, setting: Setting, state: State, iteration: int) -> StepReport:
        report = self.matching.step(setting, state, iteration)
        after = self.mitigation.followed(setting, state, report.state, iteration)
        metrics = {**report.metrics, "window": float(state["window"])}
        if self.mitigation.every and iteration % self.mitigation.every == 0:
            metrics["overlap"] = overlap_of(setting, state["images"], iteration)
        return StepReport(
            state={**after, **self._window(state, report.loss)},
            loss=report.loss,
            metrics=metrics,
            skipped=report.skipped,
            way_left=report.way_left,
        )

    @override
    def rehearsal(self, setting: Setting, state: State, iteration: int) -> Rehearsal | None:
        return self.matching.rehearsal(setting, state, iteration)

    @override
    def result(self, setting: Setting, state: State) -> Learned:
        return self.matching.result(setting, state)

    def _window(self, state: State, loss: float) -> State:
        """The window after an iteration with this loss; it only ever grows."""
        mean = _MEMORY * state["window.loss"] + (1 - _MEMORY) * min(loss, 2.0)
        age = state["window.age"] + 1
        matched = float(mean) < self.options.advance_below
        if not matched and float(age) < self.options.stage:
            return {"window.loss": mean, "window.age": age}
        grown = torch.clamp(state["window"] + 1, max=float(self.options.max_start))
        return {
            "window": grown,
            "window.loss": torch.ones_like(mean),
            "window.age": torch.zeros_like(age),
        }
