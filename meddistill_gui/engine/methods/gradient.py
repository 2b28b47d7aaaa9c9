"""Gradient matching: synthetic images of a class shall pull at a network as real images of that class do.

Zhao, Mopuri & Bilen, "Dataset condensation with gradient matching", ICLR 2021, arXiv 2006.05929 (DC), with the
differentiable Siamese augmentation of Zhao & Bilen, ICML 2021, arXiv 2102.08259 (DSA). No experts; an honest baseline.

What is ours: the numbers of steps are options (published: one and one at IPC 1, ten and fifty at IPC 10), and a real
batch of 64 instead of 256, for a CPU's sake.
"""

from typing import cast

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.methods import GradientOptions
from meddistill_gui.engine.matching.gradients import GradientMatching
from meddistill_gui.engine.method import Method


def gradient(config: DistillConfig) -> Method:
    """Make the method from its options."""
    options = cast(GradientOptions, config.options)
    return GradientMatching(
        iterations=config.iterations,
        image_rate=options.image_rate,
        momentum=options.momentum,
        batch=options.batch,
        outer_steps=options.outer_steps,
        network_steps=options.network_steps,
        network_rate=options.student_rate,
    )
