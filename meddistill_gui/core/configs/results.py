"""Options of `evaluate`: how a result is tested, and beside what."""

from dataclasses import dataclass
from pathlib import Path

from meddistill_gui.core.config import option


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig:
    """Test a run's result, and baselines under the same protocol, on the test patients: once."""

    run: Path = option(text="Run folder.", positional=True)
    students: int = option(3, text="Fresh students per row of the table.", minimum=1, maximum=100)
    random_draws: int = option(
        3, text="Draws of random real images to compare with.", minimum=1, maximum=20
    )
    whole: bool = option(default=True, text="Also train on all real training images.")
    coresets: tuple[str, ...] = option(
        (),
        text="Also compare with real images that these rules choose.",
        choices=("herding", "k-center"),
        source="Welling 2009; Sener & Savarese 2018, arXiv 1708.00489",
        expert=True,
    )
    architectures: tuple[str, ...] = option(
        (),
        text="Also train students of these other networks on the distilled set.",
        choices=("resnet18", "vgg11", "alexnet"),
        source="the cross-architecture test of arXiv 2203.11932",
        expert=True,
    )
    seed: int = option(
        0, text="Seed of the students and the draws.", minimum=0, maximum=2**31 - 1, expert=True
    )
    device: str = option(
        "auto",
        text="Where to compute; auto takes a GPU if there is one.",
        choices=("auto", "cpu", "cuda"),
        expert=True,
    )
