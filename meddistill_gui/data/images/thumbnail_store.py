"""Thumbnails that were drawn before: one SQLite file in the project's cache folder, bounded, without a word of the source.

A picture is found by a digest of where its image lies, and of the size and time of change that the catalogue noted: an image that
changed is drawn anew, and a share that is not connected still shows what was seen of it. These are pictures of real patients:
they stay in the project folder, and `purge` deletes them.
"""

import hashlib
import io
import logging
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from meddistill_gui.core.files import writing_to

CAPACITY: Final = 1 << 30
"""Bytes on disk; beyond it the pictures that were drawn first are dropped."""

_FORMAT: Final = 1
_LOOK_EVERY: Final = 256
_log = logging.getLogger(__name__)

Picture = npt.NDArray[np.uint8]


def key_of(path: Path, frame: int, stamp: tuple[int, int], side: int) -> bytes:
    """What one thumbnail is kept under; no name can be read from it.

    Args:
        path: Source file.
        frame: Which of its images.
        stamp: Size and time of change of the file.
        side: Pixels of a side.
    """
    where = hashlib.blake2b(os.fsencode(path), digest_size=16)
    where.update(repr((_FORMAT, frame, stamp, side)).encode())
    return where.digest()


class ThumbnailStore:
    """May be used from any thread. A file that cannot be read or written is done without: the pictures are drawn each time.

    Args:
        cache: The project's cache folder.
        capacity: Bytes that the file may have.
    """

    def __init__(self, cache: Path, capacity: int = CAPACITY) -> None:
        self._path = _file_in(cache)
        self._capacity = capacity
        self._lock = threading.Lock()
        self._written = 0
        self._connection: sqlite3.Connection | None = None
        if cache.is_dir():
            self._connection = _opened(self._path)

    def picture(self, key: bytes, draw: Callable[[], Picture]) -> Picture:
        """The picture of a key, drawn if it is not there yet.

        Args:
            key: See `key_of`.
            draw: Makes it, uint8 `[S, S]` or `[S, S, 3]`; what it raises is passed on and nothing is kept.
        """
        kept = self._get(key)
        if kept is not None:
            return kept
        made = draw()
        self._put(key, made)
        return made

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _get(self, key: bytes) -> Picture | None:
        row = self._ask("SELECT picture FROM thumbnail WHERE key = ?", key)
        if not row:
            return None
        try:
            with Image.open(io.BytesIO(row[0][0]), formats=("PNG",)) as image:
                return np.asarray(image)
        except (OSError, SyntaxError, ValueError):  # a damaged picture is drawn again
            return None

    def _put(self, key: bytes, picture: Picture) -> None:
        stream = io.BytesIO()
        Image.fromarray(picture).save(stream, "PNG", compress_level=1)
        self._ask("INSERT OR REPLACE INTO thumbnail VALUES (?, ?)", key, stream.getvalue())
        self._written += 1
        if self._written % _LOOK_EVERY == 1:
            self._keep_small()

    def _keep_small(self) -> None:
        sizes = [
            self._ask(f"PRAGMA {name}") for name in ("page_count", "freelist_count", "page_size")
        ]
        if not all(sizes):
            return
        pages, unused, size = (rows[0][0] for rows in sizes)
        if (pages - unused) * size > self._capacity:
            self._ask(
                "DELETE FROM thumbnail WHERE rowid <= (SELECT rowid FROM thumbnail ORDER BY rowid "
                "LIMIT 1 OFFSET (SELECT count(*) FROM thumbnail) / 4)"
            )

    def _ask(self, sql: str, *values: bytes) -> list[tuple[Any, ...]]:
        """The answer; nothing where the file fails, which is then done without."""
        with self._lock:
            if self._connection is None:
                return []
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                _log.warning("thumbnails are not kept: %s", error)
                self._connection.close()
                self._connection = None
                return []


def purge(cache: Path) -> int:
    """Delete every kept thumbnail of a project.

    Returns:
        Bytes that were freed.

    Raises:
        TargetError: The cache cannot be written to.
    """
    freed = 0
    with writing_to(cache):
        for file in cache.glob(f"{_file_in(cache).name}*"):
            freed += file.stat().st_size
            file.unlink()
    return freed


def _file_in(cache: Path) -> Path:
    return cache / "thumbnails.sqlite"


def _opened(path: Path) -> sqlite3.Connection | None:
    """The file, made anew once if it is damaged; None where that fails too."""
    for attempt in range(2):
        connection = None
        try:
            path.touch(mode=0o600, exist_ok=True)
            connection = sqlite3.connect(
                path, timeout=1.0, isolation_level=None, check_same_thread=False
            )
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")  # a lost picture is drawn again
            connection.execute(
                "CREATE TABLE IF NOT EXISTS thumbnail (key BLOB PRIMARY KEY, picture BLOB NOT NULL)"
            )
        except (OSError, sqlite3.Error) as error:
            _log.warning("thumbnails cannot be kept: %s", error)
            if connection is not None:
                connection.close()
            if attempt or not isinstance(error, sqlite3.DatabaseError):
                return None
            _drop(path)
        else:
            return connection
    return None


def _drop(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        _log.warning("the damaged file of thumbnails stays: %s", error)
