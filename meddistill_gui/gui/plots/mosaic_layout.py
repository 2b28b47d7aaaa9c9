"""Where each synthetic image stands in the mosaic: pure arithmetic, no Qt."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_EMPTY_WEIGHT: Final = 2.0


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A class name beside its rows, or below its one image.

    Attributes:
        text: Name of the class.
        row: First tile row.
        column: Tile column; -1 for headings in the margin left of the rows.
        rows: Rows it stands beside.
    """

    text: str
    row: int
    column: int
    rows: int


@dataclass(frozen=True, kw_only=True)
class MosaicLayout:
    """The grid of tiles.

    Attributes:
        places: (row, column) of each image.
        rows: Rows in all.
        columns: Columns in all.
        headings: Class names and where they stand.
        captioned: Whether each tile carries its class below it (one image per class), else classes are rows.
    """

    places: tuple[tuple[int, int], ...]
    rows: int
    columns: int
    headings: tuple[Heading, ...]
    captioned: bool

    def index_at(self, row: int, column: int) -> int | None:
        """Image at a place of the grid, or None."""
        try:
            return self.places.index((row, column))
        except ValueError:
            return None


def arrange(labels: Sequence[int], class_names: Sequence[str], aspect: float = 1.6) -> MosaicLayout:
    """Lay the images out: rows per class, or a captioned grid where no class has more than one.

    Args:
        labels: Class of each image.
        class_names: Names of the classes.
        aspect: Width to height that the whole should come near to.
    """
    counts = [sum(label == k for label in labels) for k in range(len(class_names))]
    if max(counts, default=0) <= 1:
        return _captioned(labels, class_names, aspect)
    columns = _columns(counts, aspect)
    first_row = [0]
    for count in counts:
        first_row.append(first_row[-1] + math.ceil(count / columns))
    seen = [0] * len(class_names)
    places = []
    for label in labels:
        places.append((first_row[label] + seen[label] // columns, seen[label] % columns))
        seen[label] += 1
    headings = tuple(
        Heading(text=name, row=first_row[k], column=-1, rows=first_row[k + 1] - first_row[k])
        for k, name in enumerate(class_names)
        if counts[k]
    )
    return MosaicLayout(
        places=tuple(places),
        rows=first_row[-1],
        columns=columns,
        headings=headings,
        captioned=False,
    )


def _captioned(labels: Sequence[int], class_names: Sequence[str], aspect: float) -> MosaicLayout:
    columns = _columns([len(labels)], aspect)
    places = tuple(divmod(index, columns) for index in range(len(labels)))
    headings = tuple(
        Heading(text=class_names[label], row=row, column=column, rows=1)
        for label, (row, column) in zip(labels, places, strict=True)
    )
    return MosaicLayout(
        places=places,
        rows=math.ceil(len(labels) / columns),
        columns=columns,
        headings=headings,
        captioned=True,
    )


def _columns(counts: Sequence[int], aspect: float) -> int:
    """Columns that bring the whole near to the aspect without leaving many places empty."""

    def misfit(columns: int) -> float:
        rows = max(1, sum(math.ceil(count / columns) for count in counts))
        empty = 1 - sum(counts) / (rows * columns)
        return abs(math.log(columns / rows / aspect)) + _EMPTY_WEIGHT * empty

    return min(range(1, max([1, *counts]) + 1), key=misfit)
