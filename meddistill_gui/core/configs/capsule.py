"""Options of model capsules and of voting over patches."""

from dataclasses import dataclass
from pathlib import Path

from meddistill_gui.core.config import option


@dataclass(frozen=True, kw_only=True)
class CapsuleExportConfig:
    """Write a trained network as a capsule: start, steps, images, labels and rates, from which it is rebuilt."""

    run: Path = option(text="Run folder of a soft_label run with a fixed start.", positional=True)
    to: Path = option(text="Folder to write to.")
    name: str = option("", text="File name without extension; empty takes the run's name.")
    delta: float = option(
        0.0,
        text="Share of positive patches from which an image is called positive; 0 takes the one that the run's images were "
        "voted with, and 0.4 before any vote.",
        minimum=0.0,
        maximum=1.0,
        source="0.4, paper D",
    )
    statistics: str = option(
        "synthetic",
        text="Where a network's batch statistics come from: the synthetic images, or an estimate from at least 1,000 "
        "training patients, which then travels with the capsule.",
        choices=("synthetic", "patients"),
        source="docs/anonymity.md",
    )


@dataclass(frozen=True, kw_only=True)
class CapsuleOpenConfig:
    """Rebuild the trained network of a capsule and check that it is the sender's."""

    capsule: Path = option(text="Capsule (.capsule).", positional=True)
    out: Path | None = option(
        None, text="Folder for the trained parameters; empty only checks the capsule."
    )
    device: str = option(
        "cpu",
        text="Where to rebuild; only a CPU can give the same bits.",
        choices=("auto", "cpu", "cuda"),
    )


@dataclass(frozen=True, kw_only=True)
class VoteConfig:
    """Decide about each large image by voting over its patches, and compare with the truth: once, on the test patients."""

    run: Path = option(text="Run folder of a run on patches.", positional=True)
    delta: float = option(
        0.0,
        text="Share of positive patches from which an image is called positive; 0 takes the one that is best on the validation "
        "images.",
        minimum=0.0,
        maximum=1.0,
        source="0.4 in paper D, which chose it on the test patients",
    )
    students: int = option(
        3,
        text="Students, where each starts afresh; with a fixed start there is one.",
        minimum=1,
        maximum=100,
    )
    seed: int = option(0, text="Seed of the students.", minimum=0, maximum=2**31 - 1, expert=True)
    device: str = option(
        "auto",
        text="Where to compute; auto takes a GPU if there is one.",
        choices=("auto", "cpu", "cuda"),
        expert=True,
    )
