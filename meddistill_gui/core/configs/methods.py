"""Options of each distillation method. The methods themselves live in `engine/methods`, one file each."""

from dataclasses import dataclass
from typing import Final

from meddistill_gui.core.config import option


@dataclass(frozen=True, kw_only=True)
class TrajectoryOptions:
    """Matching training trajectories (paper A, arXiv 2209.14603; Cazenavette et al. 2022, arXiv 2203.11932)."""

    inner_steps: int = option(10, text="Student steps per iteration (J).", minimum=1, maximum=400)
    expert_epochs: int = option(
        2, text="Expert epochs that those steps must reproduce (K).", minimum=1, maximum=20
    )
    max_start: int = option(
        4, text="Segments start before this expert epoch.", minimum=1, maximum=150
    )
    batch: int = option(
        0, text="Synthetic images per student step; 0 takes all.", minimum=0, maximum=4096
    )
    image_rate: float = option(
        100.0, text="Step size of the synthetic images.", minimum=1e-6, maximum=1e7
    )
    rate_rate: float = option(
        1e-5, text="Step size of the student's learned rate.", minimum=0.0, maximum=1.0
    )
    student_rate: float = option(
        0.01, text="Student's rate at the start; it is learned.", minimum=1e-6, maximum=1.0
    )
    warm_start: int = option(
        0,
        text="Iterations of distribution matching before trajectories are matched.",
        unit="iterations",
        minimum=0,
        maximum=100_000,
    )


@dataclass(frozen=True, kw_only=True)
class DistributionOptions:
    """Distribution matching (Zhao & Bilen 2023, arXiv 2110.04181): the quick preview and an honest baseline."""

    image_rate: float = option(
        1.0, text="Step size of the synthetic images.", minimum=1e-6, maximum=1e4
    )
    batch: int = option(256, text="Real images per class and step.", minimum=1, maximum=4096)


METHOD_OPTIONS: Final[dict[str, type]] = {
    "trajectory": TrajectoryOptions,
    "distribution": DistributionOptions,
}
