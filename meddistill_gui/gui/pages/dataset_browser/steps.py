"""What comes next with a project, and where a new one is proposed: decisions without a window."""

import enum
from pathlib import Path
from typing import Protocol

from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.data.catalogue import open_catalogue


class Step(enum.Enum):
    """The page's one primary action."""

    OPEN = "open"
    CLASSES = "classes"
    SPLIT = "split"
    DISTIL = "distil"


class Holdings(Protocol):
    """What a project has so far; an open `Catalogue` tells it at once, however large it is."""

    @property
    def has_images(self) -> bool:
        """Whether there is any image."""
        ...

    @property
    def has_classes(self) -> bool:
        """Whether any image has a class."""
        ...

    @property
    def has_split(self) -> bool:
        """Whether the patients are divided."""
        ...


def next_step(holdings: Holdings | None) -> Step:
    """What is still missing before images can be distilled."""
    if holdings is None or not holdings.has_images:
        return Step.OPEN
    if not holdings.has_classes:
        return Step.CLASSES
    return Step.DISTIL if holdings.has_split else Step.SPLIT


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
