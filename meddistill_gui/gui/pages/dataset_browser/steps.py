"""What comes next with a project, and where a new one is proposed: decisions without a window."""

import enum
from pathlib import Path

from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.data.catalogue import CatalogueSummary, open_catalogue


class Step(enum.Enum):
    """The page's one primary action."""

    OPEN = "open"
    CLASSES = "classes"
    SPLIT = "split"
    DISTIL = "distil"


def next_step(summary: CatalogueSummary | None) -> Step:
    """What is still missing before images can be distilled."""
    if summary is None or not summary.images:
        return Step.OPEN
    if not summary.classes:
        return Step.CLASSES
    return Step.DISTIL if summary.roles else Step.SPLIT


def proposed_project(source: Path, folder: Path) -> Path:
    """A project folder for the images in `source`: the one that has them already, or a free name.

    Args:
        source: Folder of images.
        folder: Where projects are kept.
    """
    name = source.resolve().name or "images"
    number = 1
    while True:
        candidate = folder / (name if number == 1 else f"{name}-{number}")
        if not candidate.exists() or _source_of(candidate) == source.resolve():
            return candidate
        number += 1


def is_divided(source: Path) -> bool:
    """Whether the folders of the source already say who trains and who tests."""
    try:
        names = {child.name.lower() for child in source.iterdir() if child.is_dir()}
    except OSError:  # an unplugged share: the question is only what to propose
        return False
    return {"train", "test"} <= names


def _source_of(project: Path) -> Path | None:
    catalogue = project / "catalogue.sqlite"
    if not catalogue.is_file():
        return None
    try:
        with open_catalogue(catalogue) as opened:
            return opened.source
    except MedDistillError:
        return None
