"""Options of `audit`: how hard to look for real patients in a run's result."""

from dataclasses import dataclass
from pathlib import Path

from meddistill_gui.core.config import option


@dataclass(frozen=True, kw_only=True)
class AuditConfig:
    """Look for real patients in a run's result, with planted copies that must be found."""

    run: Path = option(text="Run folder.", positional=True)
    planted: int = option(
        59,
        text="Planted copies of each kind.",
        minimum=1,
        maximum=299,
        source="59 of 59 found: sensitivity of at least 95 % with 95 % confidence",
    )
    seed: int = option(
        0, text="Seed of the planted copies.", minimum=0, maximum=2**31 - 1, expert=True
    )
    reidentification: bool = option(
        default=False,
        text="Also look for training patients as they look on another day; needs 200 patients with several images.",
    )
    membership: bool = option(
        default=False,
        text="Also ask whether students trained on the set reveal who was among its patients; needs minutes on a CPU.",
    )
    deep: int = option(
        0,
        text="Runs of the same method on half of the patients each, for the deep membership test; 0 makes none. For a night.",
        minimum=0,
        maximum=64,
        expert=True,
        source="16 is a fair number, 8 the least that tells much (ours)",
    )
