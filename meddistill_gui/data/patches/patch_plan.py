"""Which images are cut into patches and how: kept in the catalogue, counted before anything is read."""

import json
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

from meddistill_gui.core.config import from_mapping, to_mapping
from meddistill_gui.core.configs.patches import PatchesConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import ConfigError, LabelError, SplitError
from meddistill_gui.core.events import Event, Progress
from meddistill_gui.core.patch_set import PATCH_CLASSES, UNDECIDED
from meddistill_gui.data.catalogue import Catalogue, ImageRow
from meddistill_gui.data.division.leaks import check_leaks
from meddistill_gui.data.patches.patch_grid import Grid, lay_grid
from meddistill_gui.data.patches.regions import region_counts, regions_of
from meddistill_gui.data.recording import set_about

PHASE: Final = "counting patches"
NOT_DIVIDED: Final = "not divided"
DISCARDED: Final = "neither"
COLUMNS: Final = (*PATCH_CLASSES, DISCARDED)
_ABOUT: Final = "patches"


@dataclass(frozen=True, kw_only=True)
class PatchCounts:
    """How many patches there would be.

    Attributes:
        per_role: For each part of the split (or `NOT_DIVIDED`): places of each of `COLUMNS`.
        images: Images of each part.
        without_region: Images on which no region is drawn; they are voted over but teach nothing.
        too_small: Images that the window does not fit on; they are left out.
    """

    per_role: dict[str, dict[str, int]]
    images: dict[str, int]
    without_region: int
    too_small: int

    @property
    def places(self) -> int:
        """Places of the window in all."""
        return sum(sum(counts.values()) for counts in self.per_role.values())

    def of(self, name: str) -> int:
        """Places of one of `COLUMNS`, over all parts."""
        return sum(counts[name] for counts in self.per_role.values())


def stored_plan(catalogue: Catalogue) -> PatchesConfig | None:
    """The division into patches that the project keeps, or None."""
    text = catalogue.value("SELECT value FROM about WHERE name = ?", (_ABOUT,))
    if not text:
        return None
    return from_mapping(PatchesConfig, {**json.loads(text), "project": str(catalogue.path.parent)})


def store_plan(catalogue: Catalogue, config: PatchesConfig) -> None:
    """Keep a division into patches for the runs to come."""
    kept = to_mapping(config)
    kept.pop("project")
    set_about(catalogue, _ABOUT, json.dumps(kept))


def forget_plan(catalogue: Catalogue) -> None:
    """Use whole images again."""
    set_about(catalogue, _ABOUT, "")


def count_patches(
    catalogue: Catalogue, config: PatchesConfig, control: Control
) -> Generator[Event, None, PatchCounts]:
    """Count the places of the window on every image with a class, by part of the split and class of patch.

    Raises:
        ConfigError: The window or its stride is larger than every image, or the positive class is not one of the project's.
        LabelError: No image has a class, no image has a region, or no place lies inside or outside.
        SplitError: A patient stands in two parts of the split.
        Stopped: On request.
    """
    rows = labelled_rows(catalogue)
    check_plan(catalogue, config, rows)
    drawn = region_counts(catalogue)
    per_role: dict[str, dict[str, int]] = {}
    images: dict[str, int] = {}
    too_small = 0
    for done, row in enumerate(rows, start=1):
        control.safe_point()
        grid = grid_of(catalogue, config, row)
        role = row.role or NOT_DIVIDED
        if len(grid):
            images[role] = images.get(role, 0) + 1
            _add(per_role.setdefault(role, dict.fromkeys(COLUMNS, 0)), grid)
        too_small += not len(grid)
        yield Progress(phase=PHASE, done=done, total=len(rows), unit="images")
    counts = PatchCounts(
        per_role=per_role,
        images=images,
        without_region=sum(row.id not in drawn for row in rows),
        too_small=too_small,
    )
    _check_counts(counts)
    return counts


def labelled_rows(catalogue: Catalogue) -> tuple[ImageRow, ...]:
    """Every image with a class."""
    ids = [row[0] for row in catalogue.connection.execute("SELECT image FROM label ORDER BY image")]
    return tuple(catalogue.images(ids))


def grid_of(catalogue: Catalogue, config: PatchesConfig, row: ImageRow) -> Grid:
    """The places on one image of the catalogue."""
    return lay_grid(
        config,
        row.width,
        row.height,
        regions_of(catalogue, row.id),
        positive=row.class_name == config.positive,
    )


def check_plan(catalogue: Catalogue, config: PatchesConfig, rows: tuple[ImageRow, ...]) -> None:
    """See whether these images can be cut like this.

    Raises:
        ConfigError, LabelError, SplitError: As `count_patches`.
    """
    if not rows:
        raise LabelError("No image has a class.", "Label the images first.")
    names = sorted({row.class_name or "" for row in rows})
    if config.positive not in names:
        raise ConfigError(
            [f"positive is {config.positive!r}, but the classes are {', '.join(names)}."],
            "Name one of them.",
        )
    if len(names) < 2:
        raise LabelError(
            f"All images are of the class {names[0]!r}.", "Patches need negative images as well."
        )
    _check_window(config, rows)
    if torn := torn_patients(catalogue):
        raise SplitError(
            f"{torn} patients stand in more than one part of the split: their patches would be trained on and tested on.",
            "Split again by patient, without keeping the folders of the source.",
        )


def torn_patients(catalogue: Catalogue) -> int:
    """Patients, as the source names them or as copies of their images tell, with images in two parts of the split."""
    clusters: int = catalogue.value(
        "SELECT count(*) FROM (SELECT 1 FROM role WHERE cluster >= 0 GROUP BY cluster HAVING count(DISTINCT role) > 1)"
    )
    return max(check_leaks(catalogue).patients, clusters)


def _check_window(config: PatchesConfig, rows: tuple[ImageRow, ...]) -> None:
    widest = max(rows, key=lambda row: min(row.width, row.height))
    side = min(widest.width, widest.height)
    about = f"the largest image has {widest.width} x {widest.height} pixels"
    problems = [
        f"{name} is {value} pixels, but {about}."
        for name, value in (("size", config.size), ("stride", config.stride))
        if value > side
    ]
    if problems:
        raise ConfigError(problems, "Choose a smaller window or larger images.")


def _add(counts: dict[str, int], grid: Grid) -> None:
    for number, name in enumerate(PATCH_CLASSES):
        counts[name] += int((grid.classes == number).sum())
    counts[DISCARDED] += int((grid.classes == UNDECIDED).sum())


def _check_counts(counts: PatchCounts) -> None:
    if counts.without_region == sum(counts.images.values()) + counts.too_small:
        raise LabelError(
            "No image has a region.",
            "Draw regions in the dataset browser, or import masks.",
        )
    for name in PATCH_CLASSES:
        if not counts.of(name):
            raise LabelError(
                f"No place of the window is {name}.",
                "Choose a smaller window, or draw regions on images of both classes that neither fill them nor are "
                "smaller than the window.",
            )


def described(counts: PatchCounts) -> str:
    """The counts as sentences."""
    said = [f"{counts.places:,} places of the window on {sum(counts.images.values()):,} images: "]
    said.append(", ".join(f"{name} {counts.of(name):,}" for name in COLUMNS) + ".")
    if counts.without_region:
        said.append(f" {counts.without_region:,} images have no region: they teach nothing.")
    if counts.too_small:
        said.append(f" {counts.too_small:,} images are smaller than the window and are left out.")
    return "".join(said)
