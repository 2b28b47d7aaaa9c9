"""The catalogue's tables. One SQLite file in WAL mode: readers never wait for the writer, a killed writer loses one batch."""

import contextlib
import sqlite3
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from meddistill_gui.core.errors import BusyError, ProjectError, TargetError
from meddistill_gui.core.files import writing_to

SCHEMA_VERSION: Final = 7
APPLICATION_ID: Final = 0x4D444331  # "MDC1": tells the file from any other SQLite file
_BUSY_SECONDS: Final = 20.0
_AGAIN_SECONDS: Final = 0.01

# `path` is relative to the source folder, with "/", in the bytes of the file system (they need not be valid UTF-8).
# `fingerprint` is of a sample of the stored pixel data (`scanning`), `pixels` of every decoded pixel (`pixels.py`).
TABLES: Final = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE file (
    id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,
    modified INTEGER NOT NULL, kind TEXT NOT NULL);
CREATE TABLE patient (
    id INTEGER PRIMARY KEY, identity TEXT NOT NULL, issuer TEXT NOT NULL, UNIQUE (identity, issuer));
CREATE TABLE study (id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, accession TEXT NOT NULL);
CREATE TABLE series (
    id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, description TEXT NOT NULL);
CREATE TABLE image (
    id INTEGER PRIMARY KEY AUTOINCREMENT, file INTEGER NOT NULL REFERENCES file ON DELETE CASCADE,
    frame INTEGER NOT NULL, modality TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    patient INTEGER REFERENCES patient, study INTEGER REFERENCES study, series INTEGER REFERENCES series,
    fingerprint BLOB NOT NULL, pixels BLOB, UNIQUE (file, frame));
CREATE INDEX image_patient ON image (patient);
CREATE INDEX image_study ON image (study);
CREATE INDEX image_series ON image (series);
CREATE INDEX image_pixels ON image (pixels) WHERE pixels IS NOT NULL;
CREATE TABLE class (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE label (
    image INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE, class INTEGER NOT NULL REFERENCES class);
CREATE INDEX label_class ON label (class);
CREATE TABLE role (
    image INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE, role TEXT NOT NULL, cluster INTEGER NOT NULL);
CREATE INDEX role_role ON role (role);
CREATE TABLE issue (
    id INTEGER PRIMARY KEY, file INTEGER REFERENCES file ON DELETE CASCADE, path TEXT NOT NULL,
    stage TEXT NOT NULL, cause TEXT NOT NULL, reason TEXT NOT NULL, remedy TEXT NOT NULL);
CREATE INDEX issue_file ON issue (file);
CREATE INDEX issue_cause ON issue (cause);
"""

COPIES: Final = """
CREATE TABLE copy (
    image INTEGER NOT NULL REFERENCES image ON DELETE CASCADE, other INTEGER NOT NULL REFERENCES image ON DELETE CASCADE,
    similarity REAL NOT NULL, PRIMARY KEY (image, other)) WITHOUT ROWID;
CREATE INDEX copy_other ON copy (other);
"""

INNER: Final = "ALTER TABLE image ADD COLUMN inner TEXT NOT NULL DEFAULT ''"
"""Part and class of an image inside a set, "train/3" (`medmnist`)."""

REGIONS: Final = """
CREATE TABLE region (
    id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL, frame INTEGER NOT NULL, fingerprint BLOB NOT NULL,
    kind TEXT NOT NULL, vertices TEXT NOT NULL, mask BLOB, author TEXT NOT NULL, time TEXT NOT NULL, origin TEXT NOT NULL);
CREATE INDEX region_image ON region (path, frame)
"""
"""Regions that a person drew or imported (`regions`). They name their image by path, frame and content instead of its id:
a drawing outlives a scan that reads a touched file anew, and does not show on another picture under the same name."""

LAYERS: Final = """
CREATE TABLE given (image INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE, name TEXT NOT NULL);
CREATE TABLE fate (name TEXT PRIMARY KEY, becomes TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE hand (
    path TEXT NOT NULL, frame INTEGER NOT NULL, fingerprint BLOB NOT NULL, name TEXT NOT NULL, PRIMARY KEY (path, frame)) WITHOUT ROWID;
CREATE TABLE edit (id INTEGER PRIMARY KEY AUTOINCREMENT, undone INTEGER NOT NULL DEFAULT 0);
CREATE TABLE edited (
    edit INTEGER NOT NULL REFERENCES edit ON DELETE CASCADE, path TEXT NOT NULL, frame INTEGER NOT NULL,
    fingerprint BLOB NOT NULL, before TEXT, after TEXT, PRIMARY KEY (edit, path, frame)) WITHOUT ROWID;
INSERT INTO given SELECT label.image, class.name FROM label JOIN class ON class.id = label.class;
CREATE TABLE person (path TEXT PRIMARY KEY, identity TEXT NOT NULL) WITHOUT ROWID;
ALTER TABLE image ADD COLUMN named INTEGER NOT NULL DEFAULT 0;
UPDATE image SET named = 1 WHERE patient IS NOT NULL AND file IN (SELECT id FROM file WHERE kind != 'dicom')
"""
"""The layers under an image's class (`label_layers`): what the rule gave, what becomes of each class, what a person set, and what may be taken
back. `person` holds patients from a table; `image.named` is 1 where a pattern or a table, not the header, names the patient (`patients`)."""

_CHANGES_ALL: Final = {
    "image": ("INSERT", "DELETE", "UPDATE OF file, frame, patient, modality"),
    "file": ("INSERT", "DELETE", "UPDATE OF path"),
    "patient": ("UPDATE OF identity",),
}
_CHANGES_COUNTS: Final = {
    "label": ("INSERT", "DELETE", "UPDATE"),
    "role": ("INSERT", "DELETE", "UPDATE"),
    "issue": ("INSERT", "DELETE", "UPDATE OF stage"),
    "class": ("UPDATE OF name",),
}


def _dropping(changes: Mapping[str, tuple[str, ...]], answers: str) -> Iterator[str]:
    """Triggers that drop kept answers in the transaction that changes what they depend on."""
    for table, events in changes.items():
        for event in events:
            name = f"{table}_{event.partition(' ')[0].lower()}"
            yield f"CREATE TRIGGER {name} AFTER {event} ON {table} BEGIN DELETE FROM {answers}; END"  # noqa: S608 - our own tables


KEPT: Final = ";".join(
    (
        "CREATE TABLE kept (name TEXT PRIMARY KEY, value BLOB NOT NULL)",
        *_dropping(_CHANGES_ALL, "kept"),
        *_dropping(_CHANGES_COUNTS, "kept WHERE name = 'summary'"),
    )
)
"""Answers that are kept until something they depend on changes (`kept`)."""

LOOKED: Final = """
ALTER TABLE file ADD COLUMN looked INTEGER NOT NULL DEFAULT 0;
CREATE INDEX file_looked ON file (looked) WHERE kind = 'dicom';
CREATE TRIGGER file_read AFTER UPDATE OF looked ON file BEGIN DELETE FROM kept WHERE name = 'summary'; END
"""
"""How much was found out when the file was looked into (`facts.READING`)."""

_STEPS: Final = (TABLES, COPIES, INNER, REGIONS, LAYERS, KEPT, LOOKED)

UPGRADES: Final = {version: ";".join(_STEPS[version:]) for version in range(len(_STEPS))}
"""What brings a catalogue of each format to the present one; 0 is a new file."""


def connect(path: Path) -> sqlite3.Connection:
    """Open a catalogue file, making its tables if it is new.

    Raises:
        ProjectError: The file is no catalogue, is damaged, or was made by a newer version.
        TargetError: Its folder is missing or cannot be written to.
        BusyError: Another program is making it at this moment, and takes too long.
    """
    with writing_to(path.parent):
        path.touch(exist_ok=True)
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    connection.text_factory = _text
    try:
        with explained(path):
            _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's complaints while writing into sentences.

    Raises:
        BusyError: Another program has been writing for longer than one waits.
        TargetError: The disk is full, read-only or gone.
        ProjectError: The file is damaged.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise BusyError(
                f"Another program is writing to {path.name}.",
                "Wait until it is done, then try again.",
            ) from error
        if code in {
            sqlite3.SQLITE_FULL,
            sqlite3.SQLITE_IOERR,
            sqlite3.SQLITE_READONLY,
            sqlite3.SQLITE_CANTOPEN,
        }:
            raise TargetError(
                f"{path.name} cannot be written to: {error}.",
                "Free some space, or check that the project's disk is connected and may be written to.",
            ) from error
        if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise ProjectError(
                f"The catalogue {path.name} is damaged: {error}.",
                "Restore it from a copy of the project, or scan the source into a new project.",
            ) from error
        raise


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    _keep_a_log(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    version = _version(connection)
    if version > SCHEMA_VERSION:
        raise ProjectError(
            f"The catalogue {path.name} has format {version}; this version reads up to {SCHEMA_VERSION}.",
            "Open the project with the version that made it, or a newer one.",
        )
    if version < SCHEMA_VERSION:
        _upgrade(connection)


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """Switch to WAL; while two programs make one file, SQLite refuses one of them at once, whatever its time to wait is."""
    last = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > last:
                raise
            time.sleep(_AGAIN_SECONDS)
        else:
            return


def _version(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found


def _upgrade(connection: sqlite3.Connection) -> None:
    """Make or extend the tables in one transaction; a program that does the same at this moment waits, then finds them."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if (version := _version(connection)) < SCHEMA_VERSION:
            for statement in _statements(UPGRADES[version]):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    """The statements of a script; a trigger holds others and is one."""
    statement = ""
    for piece in script.split(";"):
        statement += f"{piece};"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _text(stored: bytes) -> str:
    """Text as Python names files: bytes that are no UTF-8 survive the round trip."""
    return stored.decode("utf-8", "surrogateescape")
