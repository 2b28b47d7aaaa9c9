"""Options of `demo`: the whole way on an invented hospital."""

from dataclasses import dataclass
from pathlib import Path

from meddistill_gui.core.config import option


@dataclass(frozen=True, kw_only=True)
class DemoConfig:
    """Make an invented hospital and take it the whole way, from a folder of files to a verified bundle and a student."""

    out: Path | None = option(
        None,
        text="Empty or new folder for everything the demo makes; empty: meddistill-demo, where you are.",
    )
    patients: int = option(250, text="Invented patients.", minimum=40, maximum=100_000)
    images_per_class: int = option(1, text="Synthetic images of each class.", minimum=1, maximum=50)
    iterations: int = option(150, text="Steps of the synthetic images.", minimum=1, maximum=100_000)
    patches: bool = option(
        default=False,
        text="Large invented radiographs with regions instead: cut into patches, taught by a few soft-label images.",
    )
    seed: int = option(
        0, text="Seed of the invented hospital and of the run.", minimum=0, maximum=2**31 - 1
    )
