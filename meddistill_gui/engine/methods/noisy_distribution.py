"""Distribution matching with a formal bound: one noised look at the patients, (ε, δ)-differential privacy for each of them.

The objective is Zhao & Bilen, "Dataset Condensation with Distribution Matching", WACV 2023, arXiv 2110.04181, equation 4.
That noising mean features once is the cheap way to a bound is DP-MERF's idea (Harder, Adamczewski & Park, AISTATS 2021,
arXiv 2002.11603); the noise is that of Balle & Wang, ICML 2018, arXiv 1805.06530, theorem 8.

What is ours: the vector of one patient (not one image) is clipped; its share in each class is noised with it; random
networks that no patient had a part in; a release that would be mostly noise is refused.
"""

from typing import cast

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.methods import NoisyDistributionOptions
from meddistill_gui.engine.matching.noisy_features import NoisyFeatureMatching
from meddistill_gui.engine.method import Method


def noisy_distribution(config: DistillConfig) -> Method:
    """Make the method from its options."""
    options = cast(NoisyDistributionOptions, config.options)
    return NoisyFeatureMatching(
        iterations=config.iterations,
        epsilon=options.epsilon,
        delta=options.delta,
        networks=options.networks,
        image_rate=options.image_rate,
        momentum=options.momentum,
        student_rate=options.student_rate,
    )
