"""Our own combination, the one to begin with: distribution matching first, then trajectories at a step size that the run finds.

Parts: mean features in random networks (arXiv 2110.04181) bring noise close to each class within seconds; matching
experts' trajectories (paper A, arXiv 2209.14603; arXiv 2203.11932) with the exact gradient does the rest. Nothing in it is
new by itself; which parts and defaults, and what each is worth, was measured on radiographs: docs/results.md.
Learned soft labels (arXiv 2310.05773) lowered the balanced accuracy there and are left out.
"""

from typing import cast

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.trajectories import RecommendedOptions
from meddistill_gui.engine.matching.composing import (
    prepared,
    segment_matching,
    uniform_segments,
)
from meddistill_gui.engine.method import Method


def recommended(config: DistillConfig) -> Method:
    """Make the method from its options."""
    options = cast(RecommendedOptions, config.options)
    return prepared(options, segment_matching(config, options, uniform_segments(options)))
