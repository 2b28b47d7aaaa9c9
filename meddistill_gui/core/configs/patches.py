"""Options of `patches`: how large images are cut into pieces, and which pieces belong to which class."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from meddistill_gui.core.config import option


@dataclass(frozen=True, kw_only=True)
class PatchesConfig:
    """Lay a sliding window over large images and count its places by class. Kept in the project; nothing is cut before a run."""

    project: Path = option(text="Project folder.")
    positive: str = option(
        "",
        text="Class of images whose pieces inside a region are positive; all other classes are negative.",
    )
    size: int = option(
        299,
        text="Side of the window.",
        unit="pixels",
        minimum=4,
        maximum=4096,
        source="299, paper D",
    )
    stride: int = option(
        50,
        text="Pixels from one place of the window to the next.",
        unit="pixels",
        minimum=1,
        maximum=4096,
        source="50, paper D",
    )
    outside: float = option(
        0.01,
        text="A piece is outside if less than this share of it lies in a region.",
        minimum=0.0,
        maximum=0.5,
        source="0.01, paper D",
        expert=True,
    )
    inside: float = option(
        0.85,
        text="A piece is inside if more than this share of it lies in a region; what is neither is not trained on.",
        minimum=0.5,
        maximum=1.0,
        source="0.85, paper D",
        expert=True,
    )
    forget: bool = option(
        default=False, text="Forget the stored division instead: runs then use whole images again."
    )

    def check(self) -> Iterator[str]:
        """What only shows when several options are seen together."""
        if not self.forget and not self.positive.strip():
            yield "positive is not set; name the class of images that is to be found, the other classes are negative."
        if self.outside >= self.inside:
            yield f"outside is {self.outside:g}; it must be below inside ({self.inside:g})."
