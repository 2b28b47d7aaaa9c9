"""Soft-label distillation: a few images, their soft labels and the rate of every step, learned through the whole training.

Li et al., "Compressed gastric image generation based on soft-label dataset distillation for medical data sharing", CMPB
2022, arXiv 2209.14635 (paper D), whose parents are Wang et al., "Dataset distillation", arXiv 1811.10959 (hard labels: the
baseline `labels = hard`), and Sucholutsky & Schonlau, arXiv 1910.02551 (soft labels). The number of images does not
depend on the number of classes: one image can teach three.

What is published: S x E steps from a fixed start, one positive rate per step, raw labels, Adam. What is ours: labels that
begin between the classes instead of wholly in one, the gradient is exact at constant memory (`unroll`), batch normalisation
has explicit statistics of the synthetic images instead of running means of real ones, and the validation patients choose
which iteration is kept (paper D keeps the best on the test patients).
"""

from typing import cast

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.soft_label import SoftLabelOptions
from meddistill_gui.core.distilled import ANY_START
from meddistill_gui.engine.matching.whole_training import Rates, WholeTraining, fixed_order
from meddistill_gui.engine.method import Method


def soft_label(config: DistillConfig) -> Method:
    """Make the method from its options."""
    options = cast(SoftLabelOptions, config.options)
    return WholeTraining(
        iterations=config.iterations,
        order=fixed_order(options.images, options.batch, options.inner_steps, options.inner_epochs),
        start=options.start_seed if options.start == "fixed" else ANY_START,
        real_batch=options.real_batch,
        rates=Rates(
            images=options.image_rate,
            labels=options.label_rate,
            rates=options.rate_rate,
            halvings=options.halvings,
            clip=options.clip,
        ),
        student_rate=options.student_rate,
        rate_bounds=(options.rate_low, options.rate_high),
        label_form=options.labels,
        label_start=options.label_start,
        window=options.window,
        memory=options.memory,
    )
