"""Labelling: every image gets its class, all at once or not at all; and what that would look like, before it is done."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import LabelError
from meddistill_gui.core.project import Project
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.class_names import questions_about
from meddistill_gui.data.label_rules import Assigned, assign
from meddistill_gui.data.recording import (
    LabelledImage,
    forget_split,
    labelled_images,
    patient_identities,
    record_labels,
)

PREVIEWED: Final = 20
"""Rows and unmatched entries that a preview shows."""


@dataclass(frozen=True, kw_only=True)
class LabelReport:
    """What labelling did.

    Attributes:
        classes: Images of each class.
        unlabelled: Images without a class.
        ignored: Images of classes that were to be left out (part of `unlabelled`).
        unmatched_rows: Rows of the table that name no image of the catalogue, as their key.
        questions: Class names that look like a person's data, one sentence each.
        split_dropped: Whether a stored split was dropped because the classes changed.
    """

    classes: dict[str, int]
    unlabelled: int
    ignored: int = 0
    unmatched_rows: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    split_dropped: bool = False


@dataclass(frozen=True, kw_only=True)
class LabelPreview:
    """What labelling would do.

    Attributes:
        rows: Path below the source and class (None: none) of some images, of every class and of those without one.
        classes: Images of each class.
        unlabelled: Images that would have no class.
        unmatched_rows: Some rows of the table that name no image.
        unmatched_images: Paths of some images that would have no class.
        questions: Class names that look like a person's data, one sentence each.
    """

    rows: tuple[tuple[str, str | None], ...]
    classes: dict[str, int]
    unlabelled: int
    unmatched_rows: tuple[str, ...]
    unmatched_images: tuple[str, ...]
    questions: tuple[str, ...]


def label(config: LabelConfig, catalogue: Catalogue, control: Control) -> LabelReport:
    """Set the class of every image. What was set before is replaced, all at once or not at all.

    A split that no run has used is dropped when the classes change, because it was balanced for other classes.

    Raises:
        LabelError: No image, or only one class; the table or the tag does not fit; two rows contradict each other; a run has used
            the classes that would change.
        Stopped: On request; nothing is changed.
    """
    images, assigned = _assigned(config, catalogue, control)
    _check_classes(config, assigned.classes)
    dropped = _record(config, catalogue, images, assigned.classes)
    return LabelReport(
        classes=_counted(assigned),
        unlabelled=len(images) - len(assigned.classes),
        ignored=assigned.ignored,
        unmatched_rows=assigned.unmatched_rows,
        questions=_questions(catalogue, assigned),
        split_dropped=dropped,
    )


def preview_labels(config: LabelConfig, catalogue: Catalogue, control: Control) -> LabelPreview:
    """What `label` would do with these options. Nothing is changed.

    Raises:
        LabelError: As `label`, but for rules under which no image or only one class is found: these are shown.
        Stopped: On request.
    """
    images, assigned = _assigned(config, catalogue, control)
    missing = [image.path for image in images if image.id not in assigned.classes]
    return LabelPreview(
        rows=_varied(images, assigned.classes),
        classes=_counted(assigned),
        unlabelled=len(missing),
        unmatched_rows=assigned.unmatched_rows[:PREVIEWED],
        unmatched_images=tuple(missing[:PREVIEWED]),
        questions=_questions(catalogue, assigned),
    )


def _assigned(
    config: LabelConfig, catalogue: Catalogue, control: Control
) -> tuple[list[LabelledImage], Assigned]:
    images = list(labelled_images(catalogue))
    if not images:
        raise LabelError("There are no images yet.", "Scan a folder first.")
    return images, assign(config, catalogue, images, control)


def _counted(assigned: Assigned) -> dict[str, int]:
    return dict(sorted(Counter(assigned.classes.values()).items()))


def _questions(catalogue: Catalogue, assigned: Assigned) -> tuple[str, ...]:
    return questions_about(sorted(set(assigned.classes.values())), patient_identities(catalogue))


def _varied(
    images: Sequence[LabelledImage], classes: Mapping[int, str]
) -> tuple[tuple[str, str | None], ...]:
    """A few images of each class in turn, rather than the first folder only."""
    by_class: dict[str | None, list[str]] = {}
    for image in images:
        by_class.setdefault(classes.get(image.id), []).append(image.path)
    share = max(1, PREVIEWED // len(by_class))
    rows = [(path, name) for name, paths in by_class.items() for path in paths[:share]]
    return tuple(rows[:PREVIEWED])


def _check_classes(config: LabelConfig, found: Mapping[int, str]) -> None:
    names = sorted(set(found.values()))
    if not names:
        raise LabelError(
            f"No image got a class by the rule '{config.rule}'.",
            {
                "folder": "Put the images of each class into a folder of its own, or choose another folder level.",
                "table": "Check which column names the image and which one the class.",
                "tag": f"Choose a tag that the files have; {config.tag} is empty in all of them.",
            }[config.rule],
        )
    if len(names) == 1:
        raise LabelError(
            f"All images are of one class, {names[0]!r}.",
            "A model needs at least two classes: choose another rule, or add images of another class.",
        )


def _record(
    config: LabelConfig,
    catalogue: Catalogue,
    images: Sequence[LabelledImage],
    found: Mapping[int, str],
) -> bool:
    """Write the classes down if they differ; says whether a split had to go."""
    before = {image.id: image.class_name for image in images if image.class_name is not None}
    if before == found:
        return False
    split = catalogue.has_split
    if split and (runs := Project(config.project).run_names()):
        raise LabelError(
            f"The classes of this project are in use by {len(runs)} runs, {runs[0]} among them, and would change.",
            "Scan the source into a new project to label it in another way.",
        )
    record_labels(catalogue, iter(found.items()))
    if split:
        forget_split(catalogue)
    return split
