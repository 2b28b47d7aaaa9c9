"""Labelling: every image gets its class, all at once or not at all; and what that would look like, before it is done."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import LabelError
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.labels.class_names import questions_about
from meddistill_gui.data.labels.hand_labels import refuse_if_used
from meddistill_gui.data.labels.layers import derived_classes, hand_set, record_given
from meddistill_gui.data.labels.rules import Assigned, assign
from meddistill_gui.data.recording import (
    LabelledImage,
    forget_split,
    labelled_images,
    patient_identities,
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
        by_hand: Images whose class a person had set; they keep it.
        unmatched_rows: Rows of the table that name no image of the catalogue, as their key.
        questions: Class names that look like a person's data, one sentence each.
        split_dropped: Whether a stored split was dropped because the classes changed.
    """

    classes: dict[str, int]
    unlabelled: int
    ignored: int = 0
    by_hand: int = 0
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
        unmatched_count: How many rows of the table name no image.
        unmatched_rows: Some of them.
        unmatched_images: Paths of some images that would have no class.
        questions: Class names that look like a person's data, one sentence each.
    """

    rows: tuple[tuple[str, str | None], ...]
    classes: dict[str, int]
    unlabelled: int
    unmatched_count: int
    unmatched_rows: tuple[str, ...]
    unmatched_images: tuple[str, ...]
    questions: tuple[str, ...]


def label(config: LabelConfig, catalogue: Catalogue, control: Control) -> LabelReport:
    """Set the class of every image. What a rule set before is replaced, all at once or not at all; what a person set by hand stays.

    A split that no run has used is dropped when the classes change, because it was balanced for other classes.

    Raises:
        LabelError: No image, or only one class; the table or the tag does not fit; two rows contradict each other; a run has used
            the classes that would change.
        Stopped: On request; nothing is changed.
    """
    images, assigned, classes = _assigned(config, catalogue, control)
    _check_classes(config, classes)
    dropped = _record(config, catalogue, images, assigned, classes)
    return LabelReport(
        classes=_counted(classes),
        unlabelled=len(images) - len(classes),
        ignored=_ignored(assigned),
        by_hand=0 if config.forget_hand else sum(image.by_hand is not None for image in images),
        unmatched_rows=assigned.unmatched_rows,
        questions=_questions(catalogue, classes),
        split_dropped=dropped,
    )


def preview_labels(config: LabelConfig, catalogue: Catalogue, control: Control) -> LabelPreview:
    """What `label` would do with these options. Nothing is changed.

    Raises:
        LabelError: As `label`, but for rules under which no image or only one class is found: these are shown.
        Stopped: On request.
    """
    images, assigned, classes = _assigned(config, catalogue, control)
    missing = [image.path for image in images if image.id not in classes]
    return LabelPreview(
        rows=_varied(images, classes),
        classes=_counted(classes),
        unlabelled=len(missing),
        unmatched_count=len(assigned.unmatched_rows),
        unmatched_rows=assigned.unmatched_rows[:PREVIEWED],
        unmatched_images=tuple(missing[:PREVIEWED]),
        questions=_questions(catalogue, classes),
    )


def _assigned(
    config: LabelConfig, catalogue: Catalogue, control: Control
) -> tuple[list[LabelledImage], Assigned, dict[int, str]]:
    """All images, what the rule gives them, and the classes that come out of it together with what was set by hand."""
    images = list(labelled_images(catalogue))
    if not images:
        raise LabelError("There are no images yet.", "Scan a folder first.")
    assigned = assign(config, catalogue, images, control)
    by_hand = {} if config.forget_hand else hand_set(catalogue)
    return images, assigned, derived_classes(assigned.given, assigned.fates, by_hand)


def _ignored(assigned: Assigned) -> int:
    return sum(assigned.fates.get(name) == "" for name in assigned.given.values())


def _counted(classes: Mapping[int, str]) -> dict[str, int]:
    return dict(sorted(Counter(classes.values()).items()))


def _questions(catalogue: Catalogue, classes: Mapping[int, str]) -> tuple[str, ...]:
    return questions_about(sorted(set(classes.values())), patient_identities(catalogue))


def _varied(
    images: Sequence[LabelledImage], classes: Mapping[int, str]
) -> tuple[tuple[str, str | None], ...]:
    """A few images of each class in turn, rather than the first folder only."""
    by_class: dict[str | None, list[str]] = {}
    for image in images:
        by_class.setdefault(classes.get(image.id), []).append(image.path)
    turns = itertools.zip_longest(
        *([(path, name) for path in paths[:PREVIEWED]] for name, paths in by_class.items())
    )
    rows = (row for turn in turns for row in turn if row is not None)
    return tuple(sorted(itertools.islice(rows, PREVIEWED), key=lambda row: (row[1] or "", row[0])))


def _check_classes(config: LabelConfig, found: Mapping[int, str]) -> None:
    names = sorted(set(found.values()))
    if not names:
        raise LabelError(
            f"No image got a class by the rule '{config.rule}'.",
            {
                "folder": "Put the images of each class into a folder of its own, or choose another folder level.",
                "table": "Check which column names the image and which one the class.",
                "keep": "Choose a rule first: folder, table or tag.",
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
    assigned: Assigned,
    classes: Mapping[int, str],
) -> bool:
    """Write the layers down; where the classes differ by that, a stored split has to go. Says whether one had to."""
    before = {image.id: image.class_name for image in images if image.class_name is not None}
    drop = before != classes and catalogue.has_split
    if drop:
        refuse_if_used(config.project)
    record_given(catalogue, assigned.given, assigned.fates, forget_hand=config.forget_hand)
    if drop:
        forget_split(catalogue)
    return drop
