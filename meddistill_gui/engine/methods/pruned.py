"""Trajectory matching that leaves out parameters which are hard to match.

Li et al., "Dataset distillation using parameter pruning", arXiv 2209.14609 (paper B): parameters whose similarity in
student and expert is below sigma = 0.1 are pruned from both; the loss is the normalised distance of what remains.

What is published: that rule in words, sigma, and that it is renewed every iteration. What is not: the formula of the
similarity. `ratio` is our reading (`engine.objectives.weights`); the other rules stand beside it to compare. A rule that
always drops the hard parameters makes its own loss small, so the unmasked loss and the kept share are logged with it.
"""

import math
from typing import cast

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.trajectories import PrunedOptions
from meddistill_gui.engine.matching.composing import (
    prepared,
    segment_matching,
    uniform_segments,
)
from meddistill_gui.engine.method import Method, Setting
from meddistill_gui.engine.objectives.weights import (
    LayerCosine,
    Quotient,
    Ratio,
    SelfPaced,
    TopFraction,
    WeightRule,
)


def pruned(config: DistillConfig) -> Method:
    """Make the method from its options."""
    options = cast(PrunedOptions, config.options)
    matching = segment_matching(
        config,
        options,
        uniform_segments(options),
        weighting=lambda setting: weight_rule(options, setting),
        remember_weights=options.rule == "self_paced",
    )
    return prepared(options, matching)


def weight_rule(options: PrunedOptions, setting: Setting) -> WeightRule:
    """The rule that the options name."""
    if options.rule == "layer_cosine":
        lengths = tuple(math.prod(shape) for shape in setting.network.shapes)
        return LayerCosine(options.sigma, lengths)
    rules: dict[str, WeightRule] = {
        "ratio": Ratio(options.sigma),
        "quotient": Quotient(options.sigma),
        "self_paced": SelfPaced(options.pace_base, options.pace_growth),
        "top_fraction": TopFraction(options.share),
    }
    return rules[options.rule]
