"""Options of the methods that match experts' trajectories. The methods themselves live in `engine/methods`, one file each."""

from collections.abc import Iterator
from dataclasses import dataclass

from typing_extensions import override

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
    between_epochs: bool = option(
        default=False,
        text="Segments also start between two epochs, where the expert's way is taken as straight.",
        source="arXiv 2406.19827 (MCT)",
        expert=True,
    )
    expert_rate: float = option(
        0.0,
        text="Step size of the experts' SGD; 0 takes experts.learning_rate.",
        minimum=0.0,
        maximum=1.0,
        expert=True,
    )
    expert_mean: float = option(
        0.0,
        text="Share of an epoch's last steps over which the experts' parameters are averaged, to be kept and gone on "
        "with; 0 takes the last step's.",
        minimum=0.0,
        maximum=1.0,
        expert=True,
    )
    batch: int = option(
        0, text="Synthetic images per student step; 0 takes all.", minimum=0, maximum=4096
    )
    segments: int = option(
        1,
        text="Segments per iteration, whose gradients are averaged; several processes share them out.",
        minimum=1,
        maximum=1024,
        expert=True,
    )
    image_rate: float = option(
        100.0,
        text="Step size of the synthetic images; 0 lets the run find it.",
        minimum=0.0,
        maximum=1e7,
        source="100 in HoP-TM's public code for COVID-19 radiographs",
    )
    rate_rate: float = option(
        0.1,
        text="Step size of the student's learned rate, on a logarithmic scale; 0 keeps the rate.",
        minimum=0.0,
        maximum=10.0,
        expert=True,
    )
    student_rate: float = option(
        0.0,
        text="Student's rate at the start; it is learned. 0 lets the run find it from how far the experts go.",
        minimum=0.0,
        maximum=1.0,
    )
    student_steps: int = option(
        0,
        text="Training steps of a student on the result; 0 takes evaluation.steps.",
        minimum=0,
        maximum=100_000,
        expert=True,
    )
    student_momentum: float = option(
        0.9,
        text="Momentum of a student's training on the result; 0 trains it exactly as the run's own students are trained.",
        minimum=0.0,
        maximum=0.99,
        source="0.9, the papers' code",
        expert=True,
    )
    rate_low: float = option(
        0.0005,
        text="Smallest rate that may be learned.",
        minimum=1e-7,
        maximum=1.0,
        expert=True,
    )
    rate_high: float = option(
        0.3, text="Largest rate that may be learned.", minimum=1e-6, maximum=10.0, expert=True
    )
    momentum: float = option(
        0.5,
        text="Momentum of the synthetic images.",
        minimum=0.0,
        maximum=0.99,
        source="0.5, paper A's code",
        expert=True,
    )
    label_rate: float = option(
        0.0,
        text="Step size of learned soft labels; 0 keeps each image wholly in its class.",
        minimum=0.0,
        maximum=1e4,
        source="learned labels: DATM, arXiv 2310.05773",
        expert=True,
    )
    average: float = option(
        0.0,
        text="Weight of the past in the running mean of the images that is handed out; 0 hands out the latest.",
        minimum=0.0,
        maximum=0.9999,
        source="FTD, arXiv 2211.11004",
        expert=True,
    )
    shape: float = option(
        0.0,
        text="Weight of the shape term: whether the student's way bends as the expert's does; 0 leaves it out.",
        minimum=0.0,
        maximum=1000.0,
        source="HoP-TM (MICCAI 2025), public code: 1 for COVID-19 radiographs, together with the rule self_paced",
        expert=True,
    )
    skip_above: float = option(
        0.0,
        text="Leave the images as they are where the loss is larger than this; 0 never does.",
        minimum=0.0,
        maximum=100.0,
        source="1.0 in DATM's code",
        expert=True,
    )
    warm_start: int = option(
        200,
        text="Iterations of distribution matching before trajectories are matched; 0 begins with noise, as paper A does.",
        unit="iterations",
        minimum=0,
        maximum=100_000,
        source="ours, measured: docs/results.md",
    )
    warm_rate: float = option(
        1.0,
        text="Step size of the images during the warm start.",
        minimum=1e-6,
        maximum=1e4,
        expert=True,
    )
    warm_batch: int = option(
        64,
        text="Real images per class and step of the warm start.",
        minimum=1,
        maximum=4096,
        expert=True,
    )
    memory: str = option(
        "auto",
        text="How the exact gradient is found: keep every student step's graph (fastest), replay them (least memory), or "
        "whatever fits.",
        choices=("auto", "stored", "replay"),
        expert=True,
    )
    micro_batch: int = option(
        0,
        text="Synthetic images per pass inside a student step; 0 takes all. Less needs less memory; the result is the same.",
        minimum=0,
        maximum=4096,
        expert=True,
    )

    def check(self) -> Iterator[str]:
        """What only shows when several options are seen together."""
        if self.rate_low > self.rate_high:
            yield (
                f"options.rate_low ({self.rate_low:g}) is larger than options.rate_high ({self.rate_high:g})."
            )
        elif self.student_rate and not self.rate_low <= self.student_rate <= self.rate_high:
            yield (
                f"options.student_rate is {self.student_rate:g}; it must lie between options.rate_low "
                f"({self.rate_low:g}) and options.rate_high ({self.rate_high:g})."
            )


@dataclass(frozen=True, kw_only=True)
class RecommendedOptions(TrajectoryOptions):
    """Our own combination: DM first, then trajectories of smoothed experts, and students trained as the run trains its own."""

    inner_steps: int = option(
        0,
        text="Student steps per iteration (J); 0 takes 20, and fewer, down to 10, from five images of each class on.",
        minimum=0,
        maximum=400,
        source="ours, measured: docs/results.md",
    )
    image_rate: float = option(
        300.0,
        text="Step size of the synthetic images where there is one of each class; it grows with the root of their number. "
        "0 lets the run find it.",
        minimum=0.0,
        maximum=1e7,
        source="ours, measured: docs/results.md",
    )
    expert_rate: float = option(
        0.03,
        text="Step size of the experts' SGD; 0 takes experts.learning_rate.",
        minimum=0.0,
        maximum=1.0,
        source="ours, measured: docs/results.md",
        expert=True,
    )
    expert_mean: float = option(
        0.5,
        text="Share of an epoch's last steps over which the experts' parameters are averaged, to be kept and gone on "
        "with; 0 takes the last step's.",
        minimum=0.0,
        maximum=1.0,
        source="ours, measured: docs/results.md",
        expert=True,
    )
    student_steps: int = option(
        200,
        text="Training steps of a student on the result; 0 takes evaluation.steps.",
        minimum=0,
        maximum=100_000,
        source="ours, measured: docs/results.md",
        expert=True,
    )
    student_momentum: float = option(
        0.0,
        text="Momentum of a student's training on the result; 0 trains it exactly as the run's own students are trained.",
        minimum=0.0,
        maximum=0.99,
        source="ours, measured: docs/results.md",
        expert=True,
    )


@dataclass(frozen=True, kw_only=True)
class PrunedOptions(TrajectoryOptions):
    """Trajectory matching without the parameters that are hard to match (paper B, arXiv 2209.14609)."""

    rule: str = option(
        "ratio",
        text="Which parameters count. Paper B's formula is not public: ratio is our reading, the others are there to compare.",
        choices=("ratio", "quotient", "layer_cosine", "self_paced", "top_fraction"),
    )
    sigma: float = option(
        0.1,
        text="Parameters that are less alike than this are left out (ratio, quotient, layer_cosine).",
        minimum=-1.0,
        maximum=1.0,
        source="0.1, paper B",
    )
    share: float = option(
        0.1,
        text="Share of the parameters that is left out (top_fraction).",
        minimum=0.0,
        maximum=0.99,
        expert=True,
    )
    pace_base: float = option(
        1e-10,
        text="Squared difference below which a parameter counts from then on (self_paced).",
        minimum=0.0,
        maximum=1.0,
        source="1e-10, HoP-TM's public code for COVID-19 radiographs",
        expert=True,
    )
    pace_growth: float = option(
        1.3,
        text="Factor on that bound every 500 iterations (self_paced).",
        minimum=1.0,
        maximum=100.0,
        source="1.3, HoP-TM's public code",
        expert=True,
    )


@dataclass(frozen=True, kw_only=True)
class ProgressiveOptions(TrajectoryOptions):
    """Early segments first, and images that repeat each other begin anew (the idea of paper C, arXiv 2403.13469)."""

    first_window: int = option(
        1, text="Segments start before this expert epoch at first.", minimum=1, maximum=150
    )
    advance_below: float = option(
        0.7,
        text="The window grows by an epoch when the running mean of the loss is below this.",
        minimum=0.0,
        maximum=10.0,
        source="ours; paper C's schedule is not public",
    )
    stage: int = option(
        60,
        text="The window grows after so many iterations in any case.",
        unit="iterations",
        minimum=1,
        maximum=100_000,
        source="ours",
    )
    overlap_every: int = option(
        100,
        text="Look for images that repeat each other every so often; 0 never does. Needs two images per class or more.",
        unit="iterations",
        minimum=0,
        maximum=100_000,
        source="ours; paper C's rule is not public",
    )
    overlap_share: float = option(
        0.99,
        text="Two images repeat each other when they are more alike than this share of the pairs of real images of their class.",
        minimum=0.0,
        maximum=1.0,
        source="ours; looked at on radiographs: docs/results.md",
        expert=True,
    )
    overlap_blend: float = option(
        0.5,
        text="Share of noise in an image that begins anew.",
        minimum=0.0,
        maximum=1.0,
        source="ours",
        expert=True,
    )
    overlap_retrain: int = option(
        30,
        text="Iterations in which only those images are trained.",
        unit="iterations",
        minimum=1,
        maximum=100_000,
        source="ours",
        expert=True,
    )

    @override
    def check(self) -> Iterator[str]:
        """What only shows when several options are seen together."""
        yield from super().check()
        if self.first_window > self.max_start:
            yield (
                f"options.first_window is {self.first_window}, but segments start before epoch {self.max_start} at last "
                "(options.max_start)."
            )
