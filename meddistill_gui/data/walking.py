"""One walk through the source folder; its listing waits in the catalogue's temporary tables, so memory stays flat."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from meddistill_gui.core.control import Control
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.facts import READING, Problem
from meddistill_gui.data.recording import SeenFile

_BATCH: Final = 1000


@dataclass(frozen=True, kw_only=True)
class UnreadFolder:
    """A folder that could not be looked into.

    Attributes:
        path: Relative to the source, "" for the source itself.
        problem: Why.
    """

    path: str
    problem: Problem


def walk(source: Path, control: Control) -> Iterator[SeenFile | UnreadFolder]:
    """Every file below `source`, folder by folder, in the order of names. Links are followed, loops are not."""
    waiting = [""]
    visited: set[tuple[int, int]] = set()
    while waiting:
        control.safe_point()
        folder = waiting.pop()
        try:
            if _seen_before(source / folder, visited):
                continue
            entries = sorted(os.scandir(source / folder), key=lambda entry: entry.name)
        except OSError as error:
            yield UnreadFolder(path=folder, problem=_unreadable(error))
            continue
        inner = []
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if _is_folder(entry):
                inner.append(path)
            elif (seen := _seen_file(entry, path)) is not None:
                yield seen
        waiting += reversed(inner)


class Listing:
    """The files of one walk beside what the catalogue knows; lives in temporary tables of its connection.

    Args:
        catalogue: Whose connection holds the tables.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._connection = catalogue.connection
        self._connection.execute("PRAGMA temp_store = FILE")
        for table in ("listing", "todo"):
            self._connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
        self._connection.execute(
            "CREATE TEMP TABLE listing (path TEXT PRIMARY KEY, size INTEGER, modified INTEGER) WITHOUT ROWID"
        )
        self._waiting: list[tuple[bytes, int, int]] = []
        self.files = 0

    def add(self, seen: SeenFile) -> None:
        """Take in one file of the walk."""
        self.files += 1
        self._waiting.append((os.fsencode(seen.path), seen.size, seen.modified))
        if len(self._waiting) >= _BATCH:
            self._flush()

    def compare(self) -> tuple[int, int]:
        """Set against the catalogue what the walk has seen.

        Returns:
            Number of files to read (new or changed), and how many of these were known before (changed).
        """
        self._flush()
        self._connection.execute(
            "CREATE TEMP TABLE todo AS SELECT listing.path, listing.size, listing.modified, file.id IS NOT NULL AS known "
            "FROM listing LEFT JOIN file ON file.path = listing.path "
            "WHERE file.id IS NULL OR file.size != listing.size OR file.modified != listing.modified "
            "OR (file.kind = 'dicom' AND file.looked < ?) ORDER BY listing.path",
            (READING,),
        )
        todo, changed = self._connection.execute(
            "SELECT count(*), ifnull(sum(known), 0) FROM todo"
        ).fetchone()
        return todo, changed

    def todo(self) -> Iterator[SeenFile]:
        """The files to read, in the order of paths."""
        last = 0
        while rows := self._connection.execute(
            "SELECT rowid, path, size, modified FROM todo WHERE rowid > ? ORDER BY rowid LIMIT ?",
            (last, _BATCH),
        ).fetchall():
            last = rows[-1][0]
            for _, path, size, modified in rows:
                yield SeenFile(path=path, size=size, modified=modified)

    def vanished(self, unread: Sequence[str]) -> list[str]:
        """Files that the catalogue knows and the walk did not see, but for those below folders it could not look into."""
        rows = self._connection.execute(
            "SELECT file.path FROM file LEFT JOIN listing ON listing.path = file.path WHERE listing.path IS NULL"
        )
        hidden = tuple(f"{folder}/" for folder in unread)
        return [path for (path,) in rows if "" not in unread and not path.startswith(hidden)]

    def _flush(self) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO temp.listing VALUES (CAST(? AS TEXT), ?, ?)", self._waiting
        )
        self._waiting.clear()


def _seen_before(folder: Path, visited: set[tuple[int, int]]) -> bool:
    """Whether this very folder was walked already, under this or another name (a link that leads back)."""
    status = folder.stat()
    identity = (status.st_dev, status.st_ino)
    if identity in visited:
        return True
    visited.add(identity)
    return False


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads round in a circle
        return False


def _seen_file(entry: "os.DirEntry[str]", path: str) -> SeenFile | None:
    """The file, or None for a pipe, a socket or a link to nowhere."""
    try:
        if not entry.is_file():
            return None
        status = entry.stat()
    except OSError:
        return SeenFile(path=path, size=-1, modified=-1)  # reading it will say why
    return SeenFile(path=path, size=status.st_size, modified=status.st_mtime_ns)


def _unreadable(error: OSError) -> Problem:
    return Problem(
        cause="unreadable folder",
        reason=f"The system refused to look into it: {error.strerror or error}.",
        remedy="Check the rights to the folder and that the disk or share is connected, then scan again.",
    )
