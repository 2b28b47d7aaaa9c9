"""Options of `evaluate`: how a result is tested, and beside what."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from meddistill_gui.core.config import option


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig:
    """Test a run's result, and baselines under the same protocol, on the test patients: once."""

    run: Path = option(text="Run folder.", positional=True)
    students: int = option(
        0,
        text="Fresh students per row of the table; 0 takes as many as the run says (evaluation.students, 5 unless changed).",
        minimum=0,
        maximum=100,
        source="5, papers A to C",
    )
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
    few_shot: int = option(
        0,
        text="Also train from scratch on so many real images of each class; 0 leaves it out.",
        minimum=0,
        maximum=100_000,
        source="42 in paper A, table 2",
        expert=True,
    )
    transfer_weights: Path | None = option(
        None,
        text="Also train on those few_shot images a network that begins from these weights: torchvision's GoogLeNet, ResNet18 or 34, "
        "AlexNet, VGG16 or 19 as a safetensors file that you have. Nothing is downloaded.",
        source="paper A, table 2",
        expert=True,
    )
    best_over_test: bool = option(
        default=False,
        text="Also say how well the best of the run's evaluations does when the test images choose it, as the papers do. That is "
        "optimistic: no user could choose so. The run must have kept its sets (evaluation.keep_sets).",
        source="the protocol of arXiv 2203.11932 and its successors (public code)",
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

    def check(self) -> Iterator[str]:
        """What only shows when several options are seen together."""
        if self.transfer_weights and not self.few_shot:
            yield "transfer_weights has no images to train on: say how many of each class with few_shot (paper A: 42)."
