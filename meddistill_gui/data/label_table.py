"""Classes from a CSV table: which of its rows names which image."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.errors import LabelError
from meddistill_gui.data.recording import LabelledImage

_ENCODINGS: Final = ("utf-8-sig", "cp1252")  # what spreadsheet programs write
_DELIMITERS: Final = ",;\t|"
_SHOWN: Final = 3


@dataclass(frozen=True, kw_only=True)
class TableLabels:
    """What a table says about the images.

    Attributes:
        classes: Class by image id.
        key: What its key column holds: "path", "file name", "patient" or "accession".
        unmatched_rows: Keys that name no image.
    """

    classes: Mapping[int, str]
    key: str
    unmatched_rows: tuple[str, ...]


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file; comma, semicolon, tab or bar between the columns.

    Raises:
        LabelError: It cannot be read, is no text, or has no rows.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LabelError(
            f"The table {path} cannot be read: {error.strerror}.", "Check the path and the rights."
        ) from error
    text = _decoded(path, content)
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    rows = list(csv.DictReader(text.splitlines(), delimiter=delimiter, restval=""))
    if not rows:
        raise LabelError(
            f"The table {path.name} has no rows.", "It needs a header line and one row per image."
        )
    return [{str(k).strip(): str(v).strip() for k, v in row.items()} for row in rows]


def read_label_table(config: LabelConfig, images: Sequence[LabelledImage]) -> TableLabels:
    """Match the rows of a table with the images.

    The key column may hold paths below the source folder, file names (with or without ending), patients or accession numbers;
    the kind that matches the most rows is taken.

    Raises:
        LabelError: A column is missing, no row matches, or two rows give one image two classes.
    """
    if config.table is None:
        raise LabelError("No table was given.", "Name a CSV file.")
    rows = read_table(config.table)
    for column in (config.key_column, config.class_column):
        if column not in rows[0]:
            raise LabelError(
                f"The table {config.table.name} has no column {column!r}.",
                f"Choose one of its columns: {', '.join(rows[0])}.",
            )
    pairs = [(_key(row[config.key_column]), row[config.class_column]) for row in rows]
    kind, index = _best_index(images, [key for key, _ in pairs])
    classes = _joined(pairs, index)
    unmatched = tuple(key for key, _ in pairs if key not in index)
    if not classes:
        raise LabelError(
            f"None of the {len(rows)} rows of {config.table.name} names an image of this project (first key: {pairs[0][0]!r}).",
            "Its key column must hold paths below the source folder, file names, patients or accession numbers.",
        )
    return TableLabels(classes=classes, key=kind, unmatched_rows=unmatched)


def _decoded(path: Path, content: bytes) -> str:
    for encoding in _ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise LabelError(f"{path.name} is no text table.", "Save it as CSV (UTF-8) and try again.")


def _key(text: str) -> str:
    return text.replace("\\", "/").removeprefix("./")


_KEYS: Final[Mapping[str, Callable[[LabelledImage], str]]] = {
    "path": lambda image: image.path,
    "file name": lambda image: PurePosixPath(image.path).name,
    "file name without ending": lambda image: PurePosixPath(image.path).stem,
    "patient": lambda image: image.patient,
    "accession": lambda image: image.accession,
}


def _best_index(
    images: Sequence[LabelledImage], keys: Sequence[str]
) -> tuple[str, Mapping[str, list[int]]]:
    """The reading of the key column that matches most rows, and the images under each key."""
    indices = {kind: _index(images, kind) for kind in _KEYS}
    best = max(indices, key=lambda kind: sum(key in indices[kind] for key in keys))
    return best, indices[best]


def _index(images: Iterable[LabelledImage], kind: str) -> Mapping[str, list[int]]:
    """Images by key; a file name that stands in several folders names none of them."""
    index: dict[str, list[int]] = defaultdict(list)
    paths: dict[str, str] = {}
    ambiguous: set[str] = set()
    for image in images:
        key = _KEYS[kind](image)
        if not key:
            continue
        if kind.startswith("file name") and paths.setdefault(key, image.path) != image.path:
            ambiguous.add(key)
        index[key].append(image.id)
    return {key: ids for key, ids in index.items() if key not in ambiguous}


def _joined(pairs: Iterable[tuple[str, str]], index: Mapping[str, Sequence[int]]) -> dict[int, str]:
    classes: dict[int, str] = {}
    contradictions: list[str] = []
    for key, name in pairs:
        for image in index.get(key, ()):
            if name and classes.setdefault(image, name) != name:
                contradictions.append(f"{key!r} is {classes[image]!r} and {name!r}")
                break
    if contradictions:
        raise LabelError(
            f"{len(contradictions)} rows of the table contradict earlier ones: {'; '.join(contradictions[:_SHOWN])}.",
            "Give each image one class.",
        )
    return classes
