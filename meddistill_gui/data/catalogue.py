"""The catalogue, as everyone reads it: what the source folder holds, by image. Sorting and searching happen in SQL.

Written to by `recording` only. Imports no pydicom: the window opens it too.
"""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from meddistill_gui.core.real_images import ROLES
from meddistill_gui.data.schema import connect, explained
from meddistill_gui.data.search import IMAGES, Search, find

_CHUNK: Final = 500  # SQLite allows at least 999 parameters a statement

RISK: Final = "risk"
"""Stage of an issue that keeps no image from being used: its pixels may show text."""

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
    stamp: tuple[int, int] = (0, 0)


@dataclass(frozen=True, kw_only=True)
class IssueRow:
    """A file or folder that could not be used, or one whose pixels may show text.

    Attributes:
        path: Which.
        cause: Stable short name, for counting and filtering ("no pixel data").
        reason: What is wrong with it.
        remedy: What the user can do.
        risk: Whether it is used all the same, and only its pixels should be looked at.
    """

    path: Path
    cause: str
    reason: str
    remedy: str
    risk: bool = False


@dataclass(frozen=True, kw_only=True)
class ClassCount:
    """How much there is of a class.

    Attributes:
        name: The class.
        images: Its images.
        patients: Its patients, or None where the source does not name every image's patient.
    """

    name: str
    images: int
    patients: int | None


@dataclass(frozen=True, kw_only=True)
class RoleCount:
    """How much there is in one part of the split.

    Attributes:
        role: "train", "validation", "test" or "holdout".
        images: Its images.
        patients: Its patients, or None where they are not all known.
        per_class: Images of each class.
    """

    role: str
    images: int
    patients: int | None
    per_class: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class CatalogueSummary:
    """The catalogue in numbers.

    Attributes:
        source: Folder that was scanned, or None before the first scan.
        files: Files seen in it.
        images: Images in them.
        patients: Patients, or None where the source does not name every image's patient.
        unlabelled: Images without a class.
        issues: Files that could not be used.
        risks: Files whose pixels may show text that identifies a person.
        classes: By name.
        roles: In the order of `ROLES`; empty before the split.
        modality: The DICOM modality of most of the first thousand images; "" for picture files, and before the first scan.
    """

    source: Path | None
    files: int
    images: int
    patients: int | None
    unlabelled: int
    issues: int
    risks: int
    classes: tuple[ClassCount, ...]
    roles: tuple[RoleCount, ...]
    modality: str = ""


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
        known = self.connection.execute(
            "SELECT count(*), count(patient), count(DISTINCT patient) FROM image"
        ).fetchone()
        images = known[0]
        return CatalogueSummary(
            source=self.source,
            files=self.value("SELECT count(*) FROM file"),
            images=images,
            patients=_if_all_known(*known),
            unlabelled=images - self.value("SELECT count(*) FROM label"),
            issues=self.value("SELECT count(*) FROM issue WHERE stage != ?", (RISK,)),
            risks=self.value("SELECT count(*) FROM issue WHERE stage = ?", (RISK,)),
            classes=self._classes(),
            roles=self._roles(),
            modality=self._modality(),
        )

    def _modality(self) -> str:
        row = self.connection.execute(
            "SELECT modality FROM (SELECT modality FROM image ORDER BY id LIMIT 1000) "
            "GROUP BY modality ORDER BY count(*) DESC, modality LIMIT 1"
        ).fetchone()
        return str(row[0]) if row else ""

    def image_ids(self, search: Search | None = None) -> npt.NDArray[np.int64]:
        """Ids of the images that fit, in order, int64 `[N]`; without a search all by path."""
        return find(self.connection, search or Search())

    def images(self, ids: Sequence[int] | npt.NDArray[np.int64]) -> list[ImageRow]:
        """The images with these ids, in their order; ids that are gone are left out."""
        found: dict[int, ImageRow] = {}
        source = self.source or Path()
        wanted = [int(one) for one in ids]
        for start in range(0, len(wanted), _CHUNK):
            part = wanted[start : start + _CHUNK]
            rows = self.connection.execute(
                "SELECT image.id, file.path, image.frame, class.name, patient.identity, role.role, image.modality, "
                f"image.width, image.height, file.size, file.modified {IMAGES} WHERE image.id IN ({','.join('?' * len(part))})",
                part,
            )
            found.update((row[0], _image_row(source, row)) for row in rows)
        return [found[one] for one in wanted if one in found]

    def frames(self, image: int) -> npt.NDArray[np.int64]:
        """Ids of all images of the file that this one lies in, by frame, int64 `[F]`."""
        rows = self.connection.execute(
            "SELECT id FROM image WHERE file = (SELECT file FROM image WHERE id = ?) ORDER BY frame",
            (image,),
        )
        return np.fromiter((row[0] for row in rows), dtype=np.int64)

    def issues(self) -> list[IssueRow]:
        """Every file that could not be used, by cause and path."""
        source = self.source or Path()
        rows = self.connection.execute(
            "SELECT path, cause, reason, remedy, stage = ? FROM issue ORDER BY stage = ?, cause, path",
            (RISK, RISK),
        )
        return [
            IssueRow(path=source / path, cause=cause, reason=reason, remedy=remedy, risk=bool(risk))
            for path, cause, reason, remedy, risk in rows
        ]

    def _classes(self) -> tuple[ClassCount, ...]:
        rows = self.connection.execute(
            "SELECT class.name, count(*), count(image.patient), count(DISTINCT image.patient) FROM label "
            "JOIN class ON class.id = label.class JOIN image ON image.id = label.image GROUP BY class.id ORDER BY class.name"
        )
        return tuple(
            ClassCount(name=name, images=images, patients=_if_all_known(images, known, patients))
            for name, images, known, patients in rows
        )

    def _roles(self) -> tuple[RoleCount, ...]:
        patients = {
            role: _if_all_known(*counts)
            for role, *counts in self.connection.execute(
                "SELECT role.role, count(*), count(image.patient), count(DISTINCT image.patient) FROM role "
                "JOIN image ON image.id = role.image GROUP BY role.role"
            )
        }
        per_class: dict[str, dict[str, int]] = {role: {} for role in patients}
        for role, name, images in self.connection.execute(
            "SELECT role.role, class.name, count(*) FROM role JOIN label ON label.image = role.image "
            "JOIN class ON class.id = label.class GROUP BY role.role, class.id ORDER BY class.name"
        ):
            per_class[role][name] = images
        return tuple(
            RoleCount(
                role=role,
                images=sum(per_class[role].values()),
                patients=patients[role],
                per_class=per_class[role],
            )
            for role in ROLES
            if per_class.get(role)
        )


def open_catalogue(path: Path) -> Catalogue:
    """Open a project's catalogue; a new one is empty.

    Raises:
        ProjectError: The file is no catalogue, is damaged, or was made by a newer version.
        TargetError: Its folder is missing or cannot be written to.
    """
    return Catalogue(path)


def _if_all_known(images: int, known: int, patients: int) -> int | None:
    """Number of patients, or None unless every image's patient is known."""
    return patients if images == known else None


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
    )
