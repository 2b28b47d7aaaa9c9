"""What the drawing of regions asks of the catalogue and the files; runs on pool threads, each with a catalogue of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from meddistill_gui.core.configs.patches import PatchesConfig
from meddistill_gui.core.control import Control
from meddistill_gui.data.catalogue import ImageRow, open_catalogue
from meddistill_gui.data.patches import patch_plan
from meddistill_gui.data.patches.patch_plan import PatchCounts
from meddistill_gui.data.patches.regions import Region, regions_of, replace_regions


@dataclass(frozen=True, kw_only=True)
class Opened:
    """One image, ready to be drawn on.

    Attributes:
        row: From the catalogue.
        regions: Drawn on it before.
        pixels: uint8 `[H, W]` or `[H, W, 3]`.
    """

    row: ImageRow
    regions: tuple[Region, ...]
    pixels: npt.NDArray[np.uint8]


def open_image(catalogue: Path, image: int) -> Opened | None:
    """Read an image and its regions; None if it is gone.

    Raises:
        SourceError: It cannot be decoded.
    """
    from meddistill_gui.data.formats.reading import read_image

    with open_catalogue(catalogue) as opened:
        rows = opened.images([image])
        regions = regions_of(opened, image)
    if not rows:
        return None
    values = read_image(rows[0].path, rows[0].frame)
    return Opened(row=rows[0], regions=regions, pixels=np.rint(values * 255).astype(np.uint8))


def save_regions(catalogue: Path, image: int, regions: Sequence[Region]) -> None:
    """Write down what is drawn.

    Raises:
        LabelError, BusyError, TargetError: As `replace_regions`; what was kept before is kept.
    """
    with open_catalogue(catalogue) as opened:
        replace_regions(opened, {image: regions})


def stored_options(catalogue: Path) -> tuple[PatchesConfig, tuple[str, ...]]:
    """The division that the project keeps, or the usual one, and the classes there are."""
    with open_catalogue(catalogue) as opened:
        names = tuple(count.name for count in opened.summary().classes)
        kept = patch_plan.stored_plan(opened)
    return kept or PatchesConfig(
        project=catalogue.parent, positive=names[-1] if names else ""
    ), names


def count_places(catalogue: Path, config: PatchesConfig, control: Control) -> PatchCounts:
    """Count the patches of all images.

    Raises:
        InputError: As `patch_plan.count_patches`.
    """
    with open_catalogue(catalogue) as opened:
        steps = patch_plan.count_patches(opened, config, control)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                counts: PatchCounts = end.value
                return counts


def keep_options(catalogue: Path, config: PatchesConfig, control: Control) -> PatchCounts:
    """Count, and keep the division for the runs to come.

    Raises:
        InputError: As `count_places`; what was kept before is kept.
    """
    counts = count_places(catalogue, config, control)
    with open_catalogue(catalogue) as opened:
        patch_plan.store_plan(opened, config)
    return counts
