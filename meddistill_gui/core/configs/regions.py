"""Options of `regions`: which masks to take over."""

from dataclasses import dataclass
from pathlib import Path

from meddistill_gui.core.config import option


@dataclass(frozen=True, kw_only=True)
class RegionsConfig:
    """Take over regions that were drawn elsewhere. They are written into the project; images and masks are only read."""

    masks: Path = option(
        text="A mask of its image's size and name (PNG; NIfTI for a volume), a DICOM segmentation, or a folder of such files.",
        positional=True,
    )
    project: Path = option(text="Project folder.")
    author: str = option(
        "", text="Who drew them; empty: the name under which this computer knows you."
    )
    replace: bool = option(
        default=False,
        text="Remove what was drawn on these images before; otherwise the masks are added to it.",
    )
