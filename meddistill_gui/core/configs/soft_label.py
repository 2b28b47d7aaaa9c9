"""Options of soft-label distillation (paper D)."""

from collections.abc import Iterator
from dataclasses import dataclass

from meddistill_gui.core.config import option


@dataclass(frozen=True, kw_only=True)
class SoftLabelOptions:
    """Images, soft labels and the rate of every step, learned through the student's whole training (paper D)."""

    images: int = option(
        3,
        text="Synthetic images in all, whatever the number of classes.",
        minimum=1,
        maximum=1000,
        source="1 to 3 in paper D",
    )
    labels: str = option(
        "raw",
        text="Labels learned with the images, as probabilities (soft) or as any weights of the classes, negative ones too (raw); "
        "hard ones stay wholly in their class.",
        choices=("raw", "soft", "hard"),
        source="raw in paper D's parent code, arXiv 1910.02551; hard is its baseline, arXiv 1811.10959",
    )
    label_start: float = option(
        0.6,
        text="Share of an image's own class where its learned labels begin; the other classes divide the rest.",
        minimum=0.01,
        maximum=0.999,
        expert=True,
    )
    inner_steps: int = option(
        3, text="Steps in each of the student's epochs (S).", minimum=1, maximum=400, source="3, paper D"
    )  # fmt: skip
    inner_epochs: int = option(
        3, text="The student's epochs (E); each step of each has its own rate.", minimum=1, maximum=100, source="3, paper D"
    )  # fmt: skip
    batch: int = option(
        1,
        text="Synthetic images per student step, in turn and in a fixed order; 0 takes all.",
        minimum=0,
        maximum=1000,
        source="1 in paper D's algorithm",
    )
    start: str = option(
        "fixed",
        text="Parameters the student starts from: one fixed draw, which belongs to the result, or a fresh one every time. "
        "A fixed one needs far fewer images; a random one serves any student.",
        choices=("fixed", "random"),
        source="fixed in paper D",
    )
    start_seed: int = option(
        0, text="Seed of the fixed start; it travels with the result.", minimum=0, maximum=2**31 - 1, expert=True
    )  # fmt: skip
    real_batch: int = option(
        192,
        text="Real images per iteration, as many of each class.",
        minimum=1,
        maximum=8192,
        source="1024 in paper D's parent code; 192 is five times faster on a CPU",
    )
    image_rate: float = option(
        0.3,
        text="Step size of the images (Adam).",
        minimum=1e-6,
        maximum=100.0,
        source="0.01 in paper D's parent code; 0.03, 0.1, 0.3 and 1.0 were compared: docs/results.md",
    )
    label_rate: float = option(
        0.05,
        text="Step size of the labels (Adam).",
        minimum=0.0,
        maximum=100.0,
        source="0.01 in paper D's parent code; docs/results.md has figures with this value only",
    )
    rate_rate: float = option(
        0.03,
        text="Step size of the student's rates on a logarithmic scale (Adam); 0 keeps them.",
        minimum=0.0,
        maximum=10.0,
    )
    student_rate: float = option(
        0.02,
        text="The student's rate at the start; every step's is learned.",
        minimum=1e-6,
        maximum=1.0,
        source="0.02 in paper D's parent code; larger and smaller ones are slower: docs/results.md",
    )
    rate_low: float = option(
        1e-5, text="Smallest rate that may be learned.", minimum=1e-7, maximum=1.0, expert=True
    )
    rate_high: float = option(
        1.0, text="Largest rate that may be learned.", minimum=1e-6, maximum=10.0, expert=True
    )
    halvings: int = option(
        3,
        text="How often all step sizes halve in the course of the run.",
        minimum=0,
        maximum=30,
        source="every tenth of the run in paper D's parent code",
        expert=True,
    )
    clip: float = option(
        0.0,
        text="Longest gradient of the images; 0 leaves it as it is.",
        minimum=0.0,
        maximum=1e6,
        expert=True,
    )
    window: int = option(
        0,
        text="Carry the gradient back through so many of the last steps only; 0 goes all the way.",
        minimum=0,
        maximum=40_000,
        source="RaT-BPTT, ICLR 2024",
        expert=True,
    )
    memory: str = option(
        "auto",
        text="How the exact gradient is found: keep every student step's graph (fastest), replay them (least memory), or "
        "whatever fits.",
        choices=("auto", "stored", "replay"),
        expert=True,
    )

    def check(self) -> Iterator[str]:
        """What only shows when several options are seen together."""
        if not self.rate_low <= self.student_rate <= self.rate_high:
            yield (
                f"options.student_rate is {self.student_rate:g}; it must lie between options.rate_low "
                f"({self.rate_low:g}) and options.rate_high ({self.rate_high:g})."
            )
        if 0 < self.images < self.batch:
            yield f"options.batch is {self.batch}, but there are only {self.images} synthetic images (options.images)."
        taken = (self.batch or self.images) * self.inner_steps * self.inner_epochs
        if taken < self.images:
            yield (
                f"options.images is {self.images}, but the student's steps take only {taken}: "
                "take more steps, or more images per step (options.batch)."
            )
