"""Options of a run: images, network, experts, method, evaluation. Frozen into `run.toml` when the run begins."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from meddistill_gui.core.config import group, option, variant
from meddistill_gui.core.configs.methods import METHOD_OPTIONS
from meddistill_gui.core.configs.network import NetworkConfig
from meddistill_gui.core.configs.trajectories import RecommendedOptions

RUN_FORMAT: Final = 1

REAL_START: Final = "The synthetic images would start from real ones: they then hold those patients' images, and the set is marked so for good."
"""What is said before, and confirmed, where `initialisation` is "real"."""


@dataclass(frozen=True, kw_only=True)
class ImagesConfig:
    """How the pixels of a source image become the network's input."""

    size: int = option(32, text="Side of the square images.", unit="pixels", minimum=8, maximum=512)
    channels: int = option(1, text="1 for grey images, 3 for colour.", minimum=1, maximum=3)
    fit: str = option(
        "pad",
        text="How an image becomes square: pad with black, crop the middle, or stretch.",
        choices=("pad", "crop", "stretch"),
    )
    window: str = option(
        "file",
        text="Grey window of DICOM images: as the file says (else percentiles), percentiles of each image, or a usual window "
        "of computed tomography (centre and width in Hounsfield units: brain 40 and 80, soft tissue 40 and 400, lung -600 and 1500, bone 400 and 1800).",
        choices=("file", "percentile", "ct-brain", "ct-soft-tissue", "ct-lung", "ct-bone"),
    )


@dataclass(frozen=True, kw_only=True)
class ExpertsConfig:
    """The networks trained on the real images, whose way through parameter space is matched."""

    count: int = option(
        6, text="Number of experts.", minimum=1, maximum=1000, source="100 in paper A"
    )
    first: int = option(
        0,
        text="Begin to distil when so many experts exist and train the others meanwhile; 0 waits for all.",
        minimum=0,
        maximum=1000,
        source="ours",
        expert=True,
    )
    epochs: int = option(10, text="Epochs each expert is trained for.", minimum=1, maximum=200)
    learning_rate: float = option(
        0.01, text="Step size of SGD.", minimum=1e-6, maximum=1.0, source="0.01, paper A's code"
    )
    batch: int = option(
        256, text="Images per step.", minimum=1, maximum=8192, source="256, paper A's code"
    )
    balanced: bool = option(default=True, text="Draw every class equally often, whatever its size.")
    half: bool = option(
        default=False,
        text="Store experts in half precision: half the space, each epoch's step true to about 0.02 %.",
        source="measured, benchmarks/experts",
        expert=True,
    )
    waypoints: int = option(
        0,
        text="Store only so many sets of parameters of each expert, spread over its epochs; between them its way is taken as "
        "straight, layer by layer. 0 stores every epoch.",
        minimum=0,
        maximum=200,
        source="arXiv 2406.19827 (MCT)",
        expert=True,
    )
    flatness: float = option(
        0.0,
        text="Radius of the search for flat minima (GSAM); 0 trains by plain SGD, which is twice as fast.",
        minimum=0.0,
        maximum=1.0,
        source="0.01 in arXiv 2211.11004 (FTD), public code",
        expert=True,
    )
    flatness_pull: float = option(
        0.3,
        text="How strongly GSAM turns away from merely low towards flat minima.",
        minimum=0.0,
        maximum=10.0,
        source="0.3 in the public code for radiographs of arXiv 2211.11004's successors",
        expert=True,
    )

    def check(self) -> Iterator[str]:
        """What only shows when several options are seen together."""
        if self.waypoints == 1:
            yield "experts.waypoints is 1, but a way has a beginning and an end: take 2 or more, or 0 for every epoch."
        if self.waypoints and self.half:
            yield "experts.waypoints and experts.half cannot both be set: take one way of storing experts."


@dataclass(frozen=True, kw_only=True)
class EvaluationConfig:
    """How students are trained on the distilled images and tested."""

    students: int = option(
        5,
        text="Fresh students per row of the table when the result is tested.",
        minimum=1,
        maximum=100,
        source="5, papers A to C",
    )
    steps: int = option(500, text="Training steps of a student.", minimum=1, maximum=100_000)
    validation_students: int = option(
        2,
        text="Fresh students per evaluation on the validation patients while a run goes on.",
        minimum=1,
        maximum=100,
        expert=True,
    )
    every: int = option(
        50,
        text="Iterations between two evaluations on the validation patients.",
        unit="iterations",
        minimum=1,
    )
    keep_sets: bool = option(
        default=False,
        text="Keep the set of every such evaluation in the run folder, which best_over_test of evaluate needs.",
        expert=True,
    )


@dataclass(frozen=True, kw_only=True)
class DistillConfig:
    """Distil the training patients' images into a few synthetic images per class."""

    project: Path = option(text="Project folder.")
    name: str = option(
        "run-1", text="Name of the run; its folder is made in the project's folder 'runs'."
    )
    method: str = option(
        "recommended", text="How the synthetic images are found.", choices=tuple(METHOD_OPTIONS)
    )
    images_per_class: int = option(
        1, text="Synthetic images of each class.", minimum=1, maximum=1000
    )
    iterations: int = option(
        300, text="Steps of the synthetic images.", unit="iterations", minimum=1, maximum=1_000_000
    )
    initialisation: str = option(
        "noise",
        text="What the synthetic images start from. Starting from real images leaks them and marks the set for good.",
        choices=("noise", "real"),
        source="docs/anonymity.md",
    )
    augmentation: str = option(
        "radiograph",
        text="Random changes that students see: those that such images go through without becoming another class.",
        choices=("none", "radiograph", "tomography", "microscopy", "endoscopy", "natural"),
        source="natural as in arXiv 2102.08259, the others ours",
    )
    seed: int = option(
        0, text="Seed of everything random in this run.", minimum=0, maximum=2**31 - 1
    )
    device: str = option(
        "auto",
        text="Where to compute; auto takes a GPU if there is one.",
        choices=("auto", "cpu", "cuda"),
    )
    speed: str = option(
        "auto",
        text="How students' steps are computed: auto tries faster ways on a GPU (TF32, bfloat16, CUDA graphs, a compiler) and takes the "
        "fastest whose gradient agrees with float32's, and on a CPU plain float32; plain tries none; compiled wants the compiler, also on a CPU.",
        choices=("auto", "plain", "compiled"),
        source="docs/decisions/0005-faster-steps.md",
        expert=True,
    )
    images: ImagesConfig = group(ImagesConfig, text="Images")
    network: NetworkConfig = group(NetworkConfig, text="Network")
    experts: ExpertsConfig = group(ExpertsConfig, text="Experts")
    options: object = variant("method", METHOD_OPTIONS, RecommendedOptions, text="Method")
    evaluation: EvaluationConfig = group(EvaluationConfig, text="Evaluation")

    def check(self) -> Iterator[str]:
        """What only shows when several options are seen together."""
        side = self.images.size >> self.network.depth
        too_deep = side < 1 or self.images.size >> (self.network.depth - 1) < 2
        if self.network.family == "convnet" and too_deep:
            yield (
                f"images.size {self.images.size} is too small for network.depth {self.network.depth}: "
                "each block halves the image and the last one needs at least 2 x 2 pixels."
            )
        if not self.name or set(self.name) & set('/\\:*?"<>|') or self.name.startswith("."):
            yield f"name {self.name!r} cannot be a folder name."
        if self.initialisation != "noise" and hasattr(self.options, "epsilon"):
            yield "initialisation must be noise: a set that starts from real images has no formal bound."
        last = getattr(self.options, "max_start", 1) - 1 + getattr(self.options, "expert_epochs", 0)
        if last > self.experts.epochs:
            yield (
                f"The last segment ends at epoch {last} (options.max_start - 1 + options.expert_epochs), but experts.epochs is "
                f"only {self.experts.epochs}."
            )


def student_steps(config: DistillConfig) -> int:
    """Training steps of a student of the run's result: the method's own, or those of `config.evaluation`."""
    return getattr(config.options, "student_steps", 0) or config.evaluation.steps
