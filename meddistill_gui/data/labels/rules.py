"""Where a class may come from: the folder that holds the image, a table, a DICOM tag, or the last time."""

import difflib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import pydicom
from pydicom.datadict import keyword_dict, tag_for_keyword

from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import LabelError
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.labels.table import TableLabels, read_label_table
from meddistill_gui.data.recording import LabelledImage

Rule = Callable[[LabelledImage], str | None]


@dataclass(frozen=True, kw_only=True)
class Assigned:
    """What the rules make of the images, before anything is written down.

    Attributes:
        given: Class by image id as the rule names it; images that get none are missing.
        fates: What becomes of a class by that name; "" leaves it out.
        unmatched_rows: Rows of the table that name no image, as their key.
    """

    given: Mapping[int, str]
    fates: Mapping[str, str]
    unmatched_rows: tuple[str, ...]


def assign(
    config: LabelConfig, catalogue: Catalogue, images: Sequence[LabelledImage], control: Control
) -> Assigned:
    """Apply the rule, and say what becomes of the classes that it gives.

    Raises:
        LabelError: The table or the tag does not fit, or two rows contradict each other.
        Stopped: On request.
    """
    rule, table = _rule(config, catalogue, images)
    given: dict[int, str] = {}
    for image in images:
        control.safe_point()
        if name := (rule(image) or "").strip():
            given[image.id] = name
    names = {*given.values(), *(image.by_hand for image in images if image.by_hand)}
    rows = table.unmatched_rows if table else ()
    return Assigned(given=given, fates=_fates(config, names), unmatched_rows=rows)


def _fates(config: LabelConfig, names: Collection[str]) -> dict[str, str]:
    """What becomes of each class that is renamed or left out; upper and lower case are one."""
    cut = [pair.rpartition("=") for pair in config.rename]  # `LabelConfig.check` saw to the "="
    renamed = {old.strip().casefold(): new.strip() for old, _, new in cut}
    ignored = {name.strip().casefold() for name in config.ignore}
    fates: dict[str, str] = {}
    for name in sorted(names):
        becomes = renamed.get(name.casefold(), name)
        becomes = "" if becomes.casefold() in ignored else becomes
        if becomes != name:
            fates[name] = becomes
    return fates


def _rule(
    config: LabelConfig, catalogue: Catalogue, images: Sequence[LabelledImage]
) -> tuple[Rule, TableLabels | None]:
    if config.rule == "table":
        table = read_label_table(config, images)
        return (lambda image: table.classes.get(image.id)), table
    if config.rule == "keep":
        return (lambda image: image.given), None
    if config.rule == "tag":
        return _tag_rule(config.tag, catalogue), None
    return (lambda image: _folder(image.path, config.folder_level)), None


def _folder(path: str, level: int) -> str | None:
    parts = path.split("/")[:-1]  # an empty part is an image of a set without a class
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
