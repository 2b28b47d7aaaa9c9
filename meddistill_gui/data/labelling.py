"""Labelling: every image gets its class from the folder that holds it, from a table, or from a DICOM tag."""

import difflib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

import pydicom
from pydicom.datadict import keyword_dict, tag_for_keyword

from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import LabelError
from meddistill_gui.core.project import Project
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.label_table import TableLabels, read_label_table
from meddistill_gui.data.recording import (
    LabelledImage,
    forget_split,
    labelled_images,
    record_labels,
)

Rule = Callable[[LabelledImage], str | None]


@dataclass(frozen=True, kw_only=True)
class LabelReport:
    """What labelling did.

    Attributes:
        classes: Images of each class.
        unlabelled: Images without a class.
        ignored: Images of classes that were to be left out (part of `unlabelled`).
        unmatched_rows: Rows of the table that name no image of the catalogue, as their key.
        split_dropped: Whether a stored split was dropped because the classes changed.
    """

    classes: dict[str, int]
    unlabelled: int
    ignored: int = 0
    unmatched_rows: tuple[str, ...] = ()
    split_dropped: bool = False


def label(config: LabelConfig, catalogue: Catalogue, control: Control) -> LabelReport:
    """Set the class of every image. What was set before is replaced, all at once or not at all.

    A split that no run has used is dropped when the classes change, because it was balanced for other classes.

    Raises:
        LabelError: No image, or only one class; the table or the tag does not fit; two rows contradict each other; a run has used
            the classes that would change.
        Stopped: On request; nothing is changed.
    """
    images = list(labelled_images(catalogue))
    if not images:
        raise LabelError("There are no images yet.", "Scan a folder first.")
    rule, table = _rule(config, catalogue, images)
    ignored = {name.strip().casefold() for name in config.ignore}
    found: dict[int, str] = {}
    left_out = 0
    for image in images:
        control.safe_point()
        name = (rule(image) or "").strip()
        if name.casefold() in ignored:
            left_out += 1
        elif name:
            found[image.id] = name
    _check_classes(config, found)
    dropped = _record(config, catalogue, images, found)
    return LabelReport(
        classes=dict(sorted(Counter(found.values()).items())),
        unlabelled=len(images) - len(found),
        ignored=left_out,
        unmatched_rows=table.unmatched_rows if table else (),
        split_dropped=dropped,
    )


def _rule(
    config: LabelConfig, catalogue: Catalogue, images: list[LabelledImage]
) -> tuple[Rule, TableLabels | None]:
    if config.rule == "table":
        table = read_label_table(config, images)
        return (lambda image: table.classes.get(image.id)), table
    if config.rule == "tag":
        return _tag_rule(config.tag, catalogue), None
    return (lambda image: _folder(image.path, config.folder_level)), None


def _folder(path: str, level: int) -> str | None:
    parts = PurePosixPath(path).parts[:-1]
    return parts[-level] if len(parts) >= level else None


def _tag_rule(keyword: str, catalogue: Catalogue) -> Rule:
    """Reads the tag again from each file: the catalogue does not keep every header."""
    if tag_for_keyword(keyword) is None:
        close = difflib.get_close_matches(keyword, keyword_dict, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise LabelError(
            f"{keyword!r} is no DICOM keyword.{hint}",
            "Give a keyword of the standard, e.g. StudyDescription or BodyPartExamined.",
        )
    source = catalogue.source
    last: dict[str, str | None] = {}

    def read(image: LabelledImage) -> str | None:
        if source is None or image.kind != "dicom":
            return None
        if image.path not in last:
            last.clear()  # the frames of a file follow each other
            last[image.path] = _tag_value(str(source / image.path), keyword)
        return last[image.path]

    return read


def _tag_value(path: str, keyword: str) -> str | None:
    try:
        dataset = pydicom.dcmread(
            path, stop_before_pixels=True, force=True, specific_tags=[keyword]
        )
        value = dataset.get(keyword)
    except Exception:  # noqa: BLE001 - parsers raise anything on damaged bytes; the image stays without a class and is counted
        return None
    return None if value is None else str(value)


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
    config: LabelConfig, catalogue: Catalogue, images: list[LabelledImage], found: Mapping[int, str]
) -> bool:
    before = {image.id: image.class_name for image in images if image.class_name is not None}
    if before == found:
        return False
    split = catalogue.has_split
    if split and (runs := Project(config.project).run_names()):
        raise LabelError(
            f"The classes of this project are in use by {len(runs)} runs, {runs[0]} among them, and would change.",
            "Scan the source into a new project to label it in another way.",
        )
    record_labels(catalogue, _pairs(found))
    if split:
        forget_split(catalogue)
    return split


def _pairs(found: Mapping[int, str]) -> Iterator[tuple[int, str]]:
    return iter(found.items())
