"""Trajectory matching: students of the synthetic images shall move through parameter space as experts move on the real ones.

Li et al., "Dataset distillation for medical dataset sharing", arXiv 2209.14603 (paper A), which is Cazenavette et al.,
"Dataset distillation by matching training trajectories", CVPR 2022, arXiv 2203.11932, equation 2, on chest radiographs.

What is published: the objective, the uniform draw of expert and start, the learned student rate, hard labels.
What is ours: the exact gradient at constant memory, a rate that is positive by construction and bounded, an optional
warm start by distribution matching, optional learned labels (DATM) and mean of images (FTD), and the step sizes, which
paper A does not print.
"""

from typing import cast

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.trajectories import TrajectoryOptions
from meddistill_gui.engine.matching.composing import (
    prepared,
    segment_matching,
    uniform_segments,
)
from meddistill_gui.engine.method import Method


def trajectory(config: DistillConfig) -> Method:
    """Make the method from its options."""
    options = cast(TrajectoryOptions, config.options)
    return prepared(options, segment_matching(config, options, uniform_segments(options)))
