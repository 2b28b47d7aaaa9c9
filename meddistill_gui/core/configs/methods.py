"""Options of each distillation method. The methods themselves live in `engine/methods`, one file each."""

from dataclasses import dataclass
from typing import Final

from meddistill_gui.core.config import option
from meddistill_gui.core.configs.soft_label import SoftLabelOptions
from meddistill_gui.core.configs.trajectories import (
    ProgressiveOptions,
    PrunedOptions,
    RecommendedOptions,
    TrajectoryOptions,
)


@dataclass(frozen=True, kw_only=True)
class DistributionOptions:
    """Distribution matching (Zhao & Bilen 2023, arXiv 2110.04181): the quick preview and an honest baseline."""

    image_rate: float = option(
        1.0,
        text="Step size of the synthetic images.",
        minimum=1e-6,
        maximum=1e4,
        source="1.0, the paper's code",
    )
    momentum: float = option(
        0.5,
        text="Momentum of the synthetic images.",
        minimum=0.0,
        maximum=0.99,
        source="0.5, the paper's code",
        expert=True,
    )
    batch: int = option(
        64,
        text="Real images per class and step.",
        minimum=1,
        maximum=4096,
        source="256 in the paper; 64 is four times faster on a CPU",
    )
    student_rate: float = option(
        0.01,
        text="Rate that students train at.",
        minimum=1e-6,
        maximum=1.0,
        source="0.01, the paper's code",
    )


@dataclass(frozen=True, kw_only=True)
class NoisyDistributionOptions:
    """Distribution matching with a formal bound per patient: the patients are looked at once, with noise (ours, experimental)."""

    epsilon: float = option(
        8.0,
        text="Bound per patient: the smaller, the more noise. Every further set made from the same patients adds to it.",
        minimum=0.01,
        maximum=1000.0,
        source="below 1 is called strong, above 10 weak",
    )
    delta: float = option(
        1e-5,
        text="Probability with which the bound may fail; must be well below one in the number of patients.",
        minimum=1e-12,
        maximum=0.01,
    )
    networks: int = option(
        4,
        text="Random networks whose mean features are released: more tell more, and take more noise.",
        minimum=1,
        maximum=100,
        source="ours, measured: docs/results.md",
        expert=True,
    )
    image_rate: float = option(
        1.0,
        text="Step size of the synthetic images.",
        minimum=1e-6,
        maximum=1e4,
        source="1.0 as in distribution matching",
    )
    momentum: float = option(
        0.5,
        text="Momentum of the synthetic images.",
        minimum=0.0,
        maximum=0.99,
        source="0.5 as in distribution matching",
        expert=True,
    )
    student_rate: float = option(
        0.01,
        text="Rate that students train at.",
        minimum=1e-6,
        maximum=1.0,
        source="0.01 as in distribution matching",
    )


@dataclass(frozen=True, kw_only=True)
class GradientOptions:
    """Gradient matching with Siamese augmentation (DC, arXiv 2006.05929; DSA, arXiv 2102.08259)."""

    image_rate: float = option(
        0.1,
        text="Step size of the synthetic images.",
        minimum=1e-6,
        maximum=1e4,
        source="0.1, the papers' code",
    )
    momentum: float = option(
        0.5,
        text="Momentum of the synthetic images.",
        minimum=0.0,
        maximum=0.99,
        source="0.5, the papers' code",
        expert=True,
    )
    batch: int = option(
        64,
        text="Real images per class and step.",
        minimum=1,
        maximum=4096,
        source="256 in the papers' code; 64 is four times faster on a CPU",
    )
    outer_steps: int = option(
        10,
        text="Iterations until a new random network is drawn.",
        unit="iterations",
        minimum=1,
        maximum=10_000,
        source="1 at one image per class, 10 at ten, the papers' code",
    )
    network_steps: int = option(
        5,
        text="Steps that the network is trained on the synthetic images after each iteration.",
        minimum=0,
        maximum=10_000,
        source="1 at one image per class, 50 at ten, the papers' code",
    )
    student_rate: float = option(
        0.01,
        text="Rate that networks and students train at.",
        minimum=1e-6,
        maximum=1.0,
        source="0.01, the papers' code",
    )


METHOD_OPTIONS: Final[dict[str, type]] = {
    "recommended": RecommendedOptions,
    "trajectory": TrajectoryOptions,
    "pruned": PrunedOptions,
    "progressive": ProgressiveOptions,
    "distribution": DistributionOptions,
    "noisy_distribution": NoisyDistributionOptions,
    "gradient": GradientOptions,
    "soft_label": SoftLabelOptions,
}
