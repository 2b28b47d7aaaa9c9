"""Distribution matching: synthetic and real images of a class shall have the same mean features in random networks.

Zhao & Bilen, "Dataset Condensation with Distribution Matching", WACV 2023, arXiv 2110.04181, equation 4 and algorithm 1.
First-order only and without experts: the quick preview, and an honest baseline for every other method.
"""

from typing import cast

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.methods import DistributionOptions
from meddistill_gui.engine.matching.features import FeatureMatching
from meddistill_gui.engine.method import Method


def distribution(config: DistillConfig) -> Method:
    """Make the method from its options."""
    options = cast(DistributionOptions, config.options)
    return FeatureMatching(
        iterations=config.iterations,
        image_rate=options.image_rate,
        momentum=options.momentum,
        batch=options.batch,
        student_rate=options.student_rate,
    )
