"""The catalogue, as everyone reads it: what the source folder holds, by image. Sorting and searching happen in SQL.

Written to by `recording` only; what was answered is kept (`kept`). Imports no pydicom: the window opens it too.
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from meddistill_gui.data import counts, tree
from meddistill_gui.data.counts import CatalogueSummary
from meddistill_gui.data.issues import IssueRow, find_issues, issue_rows
from meddistill_gui.data.kept import ORDER, SUMMARY, kept
from meddistill_gui.data.schema import connect, explained
from meddistill_gui.data.search import IMAGES, Search, find

_MAY_SHOW_TEXT: Final = (
    "EXISTS (SELECT 1 FROM issue WHERE issue.file = image.file AND issue.stage = 'risk')"
)

_WITH_IDS: Final = "WHERE image.id IN (SELECT value FROM json_each(?))"

INNER_PATH: Final = "CASE image.inner WHEN '' THEN file.path ELSE file.path || '/' || image.inner || '/' || image.frame END"
"""Path of an image below the source; inside a set it goes on with part, class and number, like folders."""


@dataclass(frozen=True, kw_only=True)
class ImageRow:
    """One image (one frame of one file).

    Attributes:
        id: Never given to another image, also after this one is gone.
        path: The source file.
        frame: Frame in it, from 0.
        class_name: Its class, or None.
        patient: As the source names the patient; shown on the screen and nowhere else.
        role: "train", "validation", "test", "holdout" or None.
        modality: DICOM modality; "" for a picture file.
        width: Columns.
        height: Rows.
        text_risk: Whether its pixels may show text, and with it a name.
        stamp: Size and time of change of the file when it was scanned: another stamp is another content.
    """

    id: int
    path: Path
    frame: int
    class_name: str | None
    patient: str | None
    role: str | None
    modality: str
    width: int
    height: int
    text_risk: bool = False
    stamp: tuple[int, int] = (0, 0)


class Catalogue:
    """One open catalogue file. Use it in the thread that opened it; any number of processes may have one open.

    Args:
        path: The SQLite file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection: sqlite3.Connection = connect(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All changes inside happen, or none of them does.

        Raises:
            BusyError: Another program has been writing for longer than one waits.
            TargetError: The disk is full, read-only or gone.
            ProjectError: The file is damaged.
        """
        with explained(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:  # SQLite itself rolls back on a full disk
                    self.connection.execute("ROLLBACK")
                raise

    @property
    def source(self) -> Path | None:
        """Folder that was scanned, or None before the first scan."""
        found = self.value("SELECT value FROM about WHERE name = 'source'")
        return None if found is None else Path(found)

    @property
    def has_images(self) -> bool:
        """Whether there is any image."""
        return self.value("SELECT 1 FROM image LIMIT 1") is not None

    @property
    def has_classes(self) -> bool:
        """Whether any image has a class."""
        return self.value("SELECT 1 FROM label LIMIT 1") is not None

    @property
    def has_split(self) -> bool:
        """Whether a split is stored."""
        return self.value("SELECT 1 FROM role LIMIT 1") is not None

    def value(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        """First column of the first row, or None."""
        row = self.connection.execute(sql, parameters).fetchone()
        return None if row is None else row[0]

    def summary(self) -> CatalogueSummary:
        """The catalogue in numbers."""
        stored = kept(
            self.connection, SUMMARY, lambda: counts.packed(counts.counted(self.connection))
        )
        return counts.unpacked(stored, self.source)

    def prepare(self) -> None:
        """Answer now what is asked when the project is opened, so that it opens at once."""
        self.summary()
        self.image_ids()
        tree.patients(self.connection)

    def image_ids(self, search: Search | None = None) -> npt.NDArray[np.int64]:
        """Ids of the images that fit, in order, int64 `[N]`; without a search all by path."""
        wanted = search or Search()
        if wanted != Search():
            return find(self.connection, wanted)
        stored = kept(self.connection, ORDER, lambda: find(self.connection, wanted).tobytes())
        return np.frombuffer(stored, dtype=np.int64)

    def images(self, ids: Sequence[int] | npt.NDArray[np.int64]) -> list[ImageRow]:
        """The images with these ids, in their order; ids that are gone are left out."""
        source = self.source or Path()
        wanted = [int(one) for one in ids]
        rows = self.connection.execute(
            "SELECT image.id, file.path, image.frame, class.name, patient.identity, role.role, image.modality, "
            f"image.width, image.height, file.size, file.modified, {_MAY_SHOW_TEXT} {IMAGES} {_WITH_IDS}",
            (json.dumps(wanted),),
        )
        found = {row[0]: _image_row(source, row) for row in rows}
        return [found[one] for one in wanted if one in found]

    def frames(self, image: int) -> npt.NDArray[np.int64]:
        """Ids of all images of the file that this one lies in, by frame, int64 `[F]`."""
        rows = self.connection.execute(
            "SELECT id FROM image WHERE file = (SELECT file FROM image WHERE id = ?) ORDER BY frame",
            (image,),
        )
        return np.fromiter((row[0] for row in rows), dtype=np.int64)

    def issues(self) -> list[IssueRow]:
        """Every file that could not be used, then those to be looked at, by cause and path."""
        return issue_rows(self.connection, self.source or Path(), find_issues(self.connection))


def open_catalogue(path: Path) -> Catalogue:
    """Open a project's catalogue; a new one is empty.

    Raises:
        ProjectError: The file is no catalogue, is damaged, or was made by a newer version.
        TargetError: Its folder is missing or cannot be written to.
    """
    return Catalogue(path)


def _image_row(source: Path, row: tuple[Any, ...]) -> ImageRow:
    return ImageRow(
        id=row[0],
        path=source / row[1],
        frame=row[2],
        class_name=row[3],
        patient=row[4],
        role=row[5],
        modality=row[6],
        width=row[7],
        height=row[8],
        stamp=(row[9], row[10]),
        text_risk=bool(row[11]),
    )
