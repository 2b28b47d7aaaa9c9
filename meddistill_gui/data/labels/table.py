"""Which rows of a table name which images."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.errors import LabelError
from meddistill_gui.data.formats.table_file import check_columns, read_table
from meddistill_gui.data.recording import LabelledImage

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


@dataclass(frozen=True, kw_only=True)
class Matched:
    """Which rows of a table name which images.

    Attributes:
        pairs: Key and value of every row.
        kind: What the keys are: "path", "file name", "patient" or "accession".
        index: Images by key.
    """

    pairs: Sequence[tuple[str, str]]
    kind: str
    index: Mapping[str, Sequence[int]]

    def unmatched(self) -> tuple[str, ...]:
        """Keys that name no image."""
        return tuple(key for key, _ in self.pairs if key not in self.index)


def match_table(
    table: Path, key_column: str, value_column: str, images: Sequence[LabelledImage]
) -> Matched:
    """Match the rows of a table with the images.

    The key column may hold paths below the source folder, file names (with or without ending), patients or accession numbers;
    the kind that matches the most rows is taken.

    Raises:
        LabelError: The table cannot be read, a column is missing, or no row matches.
    """
    rows = read_table(table)
    check_columns(table, rows, key_column, value_column)
    pairs = [(_key(row[key_column]), row[value_column]) for row in rows]
    kind, index = _best_index(images, [key for key, _ in pairs])
    if not any(key in index for key, _ in pairs):
        raise LabelError(
            f"None of the {len(rows)} rows of {table.name} names an image of this project (first key: {pairs[0][0]!r}).",
            "Its key column must hold paths below the source folder, file names, patients or accession numbers.",
        )
    return Matched(pairs=pairs, kind=kind, index=index)


def read_label_table(config: LabelConfig, images: Sequence[LabelledImage]) -> TableLabels:
    """The class of each image that a table names.

    Raises:
        LabelError: As `match_table`; or two rows give one image two classes.
    """
    if config.table is None:
        raise LabelError("No table was given.", "Name a CSV or XLSX file.")
    found = match_table(config.table, config.key_column, config.class_column, images)
    return TableLabels(classes=joined(found), key=found.kind, unmatched_rows=found.unmatched())


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


def joined(found: Matched) -> dict[int, str]:
    """The value of each image that a table names; empty cells say nothing.

    Raises:
        LabelError: Two rows give one image two values.
    """
    values: dict[int, str] = {}
    contradictions: list[str] = []
    for key, name in found.pairs:
        for image in found.index.get(key, ()):
            if name and values.setdefault(image, name) != name:
                contradictions.append(f"{key!r} is {values[image]!r} and {name!r}")
                break
    if contradictions:
        raise LabelError(
            f"{len(contradictions)} rows of the table contradict earlier ones: {'; '.join(contradictions[:_SHOWN])}.",
            "Give each image one value.",
        )
    return values
