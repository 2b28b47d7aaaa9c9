"""From options to machines: what the trajectory methods have in common."""

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.trajectories import TrajectoryOptions
from meddistill_gui.engine.matching.features import FeatureMatching
from meddistill_gui.engine.matching.range_test import RangeTest
from meddistill_gui.engine.matching.segments import (
    Learning,
    Sampler,
    SegmentMatching,
    Weighting,
    unweighted,
)
from meddistill_gui.engine.matching.warm_start import WarmStart
from meddistill_gui.engine.method import Method, Setting, State
from meddistill_gui.engine.samplers.segments import (
    Segment,
    begun_earlier,
    experts_of,
    uniform,
)

_WARM_STUDENT_RATE = (
    0.01  # of students that train on the images of the warm start; arXiv 2110.04181, public code
)


def segment_matching(
    config: DistillConfig,
    options: TrajectoryOptions,
    sampler: Sampler,
    *,
    weighting: Weighting = unweighted,
    remember_weights: bool = False,
    phase: str = "matching trajectories",
) -> SegmentMatching:
    """Segment matching as the options say.

    Args:
        config: The run's options.
        options: The method's options.
        sampler: Which segment an iteration matches.
        weighting: Which parameters count.
        remember_weights: Whether weights are kept from one iteration to the next.
        phase: Name for the user.
    """
    return SegmentMatching(
        iterations=config.iterations,
        inner_steps=options.inner_steps,
        batch=options.batch,
        learning=Learning(
            image_rate=options.image_rate,
            momentum=options.momentum,
            rate_rate=options.rate_rate,
            student_rate=options.student_rate,
            rate_bounds=(options.rate_low, options.rate_high),
            label_rate=options.label_rate,
            average=options.average,
        ),
        sampler=_between_epochs(sampler) if options.between_epochs else sampler,
        weighting=weighting,
        remember_weights=remember_weights,
        skip_above=options.skip_above,
        memory=options.memory,
        micro_batch=options.micro_batch,
        shape=options.shape,
        segments=options.segments,
        phase=phase,
    )


def uniform_segments(options: TrajectoryOptions) -> Sampler:
    """Segments that start anywhere in the options' window (paper A)."""

    def sampled(setting: Setting, state: State, iteration: int) -> Segment:  # noqa: ARG001 - a Sampler
        return uniform(
            seed=setting.seed,
            iteration=iteration,
            experts=experts_of(setting.experts),
            max_start=options.max_start,
            length=options.expert_epochs,
        )

    return sampled


def _between_epochs(sampler: Sampler) -> Sampler:
    """The same segments, begun anywhere between two epochs."""

    def sampled(setting: Setting, state: State, iteration: int) -> Segment:
        drawn = sampler(setting, state, iteration)
        return begun_earlier(drawn, seed=setting.seed, iteration=iteration)

    return sampled


def prepared(options: TrajectoryOptions, method: Method) -> Method:
    """The method after what the options want before it: a warm start by distribution matching, a search for the step size."""
    if options.image_rate == 0:
        method = RangeTest(then=method)
    if options.warm_start == 0:
        return method
    first = FeatureMatching(
        iterations=options.warm_start,
        image_rate=options.warm_rate,
        momentum=options.momentum,
        batch=options.warm_batch,
        student_rate=options.student_rate or _WARM_STUDENT_RATE,
        phase="warming up",
    )
    return WarmStart(first=first, then=method)
