"""Methods by name, one line each."""

from collections.abc import Callable, Mapping
from typing import Final

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.engine.method import Method
from meddistill_gui.engine.methods.distribution import distribution
from meddistill_gui.engine.methods.gradient import gradient
from meddistill_gui.engine.methods.noisy_distribution import noisy_distribution
from meddistill_gui.engine.methods.progressive import progressive
from meddistill_gui.engine.methods.pruned import pruned
from meddistill_gui.engine.methods.recommended import recommended
from meddistill_gui.engine.methods.soft_label import soft_label
from meddistill_gui.engine.methods.trajectory import trajectory

METHODS: Final[Mapping[str, Callable[[DistillConfig], Method]]] = {
    "recommended": recommended,
    "trajectory": trajectory,
    "pruned": pruned,
    "progressive": progressive,
    "distribution": distribution,
    "noisy_distribution": noisy_distribution,
    "gradient": gradient,
    "soft_label": soft_label,
}


def make_method(config: DistillConfig) -> Method:
    """The method that the config names, with its options."""
    return METHODS[config.method](config)
