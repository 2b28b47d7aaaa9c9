"""The catalogue's writing side: what scanning, labelling, splitting and the pixel cache put down."""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from meddistill_gui.data.catalogue import INNER_PATH, Catalogue
from meddistill_gui.data.facts import READING, FileFacts, Header, Problem
from meddistill_gui.data.issues import RISK

_FORGET_ORPHANS: Final = (
    "DELETE FROM patient WHERE id NOT IN (SELECT patient FROM image WHERE patient IS NOT NULL)",
    "DELETE FROM study WHERE id NOT IN (SELECT study FROM image WHERE study IS NOT NULL)",
    "DELETE FROM series WHERE id NOT IN (SELECT series FROM image WHERE series IS NOT NULL)",
)

_IDENTIFY: Final = {
    "patient": (
        "INSERT OR IGNORE INTO patient (identity, issuer) VALUES (:key, :other)",
        "SELECT id FROM patient WHERE identity = :key AND issuer = :other",
    ),
    "study": (
        "INSERT OR IGNORE INTO study (uid, accession) VALUES (:key, :other)",
        "SELECT id FROM study WHERE uid = :key",
    ),
    "series": (
        "INSERT OR IGNORE INTO series (uid, description) VALUES (:key, :other)",
        "SELECT id FROM series WHERE uid = :key",
    ),
}
"""How a row of each table is made where it is new, and found. What else it says is the first file's word."""


@dataclass(frozen=True, kw_only=True)
class SeenFile:
    """A file as the walk through the source saw it.

    Attributes:
        path: Relative to the source, with "/".
        size: Bytes.
        modified: Time of the last change, nanoseconds.
    """

    path: str
    size: int
    modified: int


@dataclass(frozen=True, kw_only=True)
class LabelledImage:
    """What labelling looks at.

    Attributes:
        id: Catalogue id.
        path: Relative to the source, with "/"; inside a set it goes on with part, class and number.
        kind: Kind of file.
        patient: Identity in the source, or "".
        accession: Accession number, or "".
        class_name: Its class until now, or None.
        given: What the last rule gave it, before renaming, or None.
        by_hand: What a person set, "" for no class, or None.
    """

    id: int
    path: str
    kind: str
    patient: str
    accession: str
    class_name: str | None
    given: str | None = None
    by_hand: str | None = None


def labelled_images(catalogue: Catalogue) -> Iterator[LabelledImage]:
    """Every image, in the order of paths and frames."""
    rows = catalogue.connection.execute(
        f"SELECT image.id, {INNER_PATH}, file.kind, ifnull(patient.identity, ''), ifnull(study.accession, ''), class.name, "  # noqa: S608 - a constant of ours
        "given.name, hand.name FROM image JOIN file ON file.id = image.file "
        "LEFT JOIN patient ON patient.id = image.patient "
        "LEFT JOIN study ON study.id = image.study LEFT JOIN label ON label.image = image.id "
        "LEFT JOIN class ON class.id = label.class LEFT JOIN given ON given.image = image.id "
        "LEFT JOIN hand ON hand.path = file.path AND hand.frame = image.frame AND hand.fingerprint = image.fingerprint "
        "ORDER BY file.path, image.frame"
    )
    for image, path, kind, patient, accession, name, given, by_hand in rows:
        yield LabelledImage(
            id=image,
            path=path,
            kind=kind,
            patient=patient,
            accession=accession,
            class_name=name,
            given=given,
            by_hand=by_hand,
        )


def patient_identities(catalogue: Catalogue) -> frozenset[str]:
    """Every patient's identity in the source."""
    rows = catalogue.connection.execute("SELECT identity FROM patient")
    return frozenset(identity for (identity,) in rows)


def set_about(catalogue: Catalogue, name: str, value: str) -> None:
    """Write down one fact about the whole catalogue."""
    with catalogue.transaction() as connection:
        connection.execute(
            "INSERT INTO about VALUES (?, CAST(? AS TEXT)) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, os.fsencode(value)),
        )


def record_files(catalogue: Catalogue, batch: Iterable[tuple[SeenFile, FileFacts]]) -> None:
    """Write down what reading some files brought, in one transaction; what was known of them before is replaced."""
    with catalogue.transaction() as connection:
        for seen, facts in batch:
            _record_file(connection, seen, facts)


def forget_files(catalogue: Catalogue, paths: Sequence[str]) -> None:
    """Remove files, their images, labels and roles."""
    with catalogue.transaction() as connection:
        connection.executemany(
            "DELETE FROM file WHERE path = CAST(? AS TEXT)",
            [(os.fsencode(path),) for path in paths],
        )


def forget_orphans(catalogue: Catalogue) -> None:
    """Remove patients, studies, series and classes that no image has any more."""
    with catalogue.transaction() as connection:
        for statement in _FORGET_ORPHANS:
            connection.execute(statement)
        connection.execute("DELETE FROM class WHERE id NOT IN (SELECT class FROM label)")


def record_issues(
    catalogue: Catalogue, stage: str, problems: Iterable[tuple[str, Problem]]
) -> None:
    """Replace the issues of one stage ("folder", "pixels") by these, each with the path it is about."""
    with catalogue.transaction() as connection:
        connection.execute("DELETE FROM issue WHERE stage = ?", (stage,))
        for path, problem in problems:
            _record_issue(connection, None, path, stage, problem)


def record_roles(
    catalogue: Catalogue, roles: Iterable[tuple[int, str, int]], about: Mapping[str, str]
) -> None:
    """Replace the split by these triples of image id, role and cluster, and write down how it was drawn."""
    with catalogue.transaction() as connection:
        connection.execute("DELETE FROM role")
        connection.executemany("INSERT INTO role VALUES (?, ?, ?)", roles)
        connection.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", list(about.items()))


def forget_split(catalogue: Catalogue) -> None:
    """Remove the stored split."""
    record_roles(catalogue, (), {})


def record_pixels(catalogue: Catalogue, digests: Iterable[tuple[int, bytes]]) -> None:
    """Write down the digest of every decoded pixel, by image id."""
    with catalogue.transaction() as connection:
        connection.executemany(
            "UPDATE image SET pixels = ? WHERE id = ?",
            [(digest, image) for image, digest in digests],
        )


def record_copies(catalogue: Catalogue, pairs: Iterable[tuple[int, int, float]]) -> None:
    """Replace the list of copies by these triples of image id, other id and similarity."""
    with catalogue.transaction() as connection:
        connection.execute("DELETE FROM copy")
        connection.executemany("INSERT OR REPLACE INTO copy VALUES (?, ?, ?)", pairs)


def _record_file(connection: sqlite3.Connection, seen: SeenFile, facts: FileFacts) -> None:
    path = os.fsencode(seen.path)
    if facts.header is not None and _refreshed(connection, seen, facts.header):
        return
    connection.execute("DELETE FROM file WHERE path = CAST(? AS TEXT)", (path,))
    cursor = connection.execute(
        "INSERT INTO file (path, size, modified, kind, looked) VALUES (CAST(? AS TEXT), ?, ?, ?, ?)",
        (path, seen.size, seen.modified, facts.kind, READING),
    )
    file = cursor.lastrowid
    if facts.problem is not None:
        _record_issue(connection, file, seen.path, "scan", facts.problem)
    if facts.header is not None and file is not None:
        _record_images(connection, file, facts.header)
        if facts.header.text_risk:
            _record_issue(connection, file, seen.path, RISK, _risk(facts.header.text_risk))


def _refreshed(connection: sqlite3.Connection, seen: SeenFile, header: Header) -> bool:
    """Whether this very file was known: its images keep their ids, classes and parts, and what an older reading did not look for is put down."""
    known = connection.execute(
        "SELECT file.id FROM file JOIN image ON image.file = file.id WHERE file.path = CAST(? AS TEXT) AND size = ? AND modified = ? "
        "GROUP BY file.id HAVING count(*) = ? AND min(fingerprint) = ?5 AND max(fingerprint) = ?5",
        (os.fsencode(seen.path), seen.size, seen.modified, header.frames, header.fingerprint),
    ).fetchone()
    if known is None:
        return False
    connection.execute("UPDATE file SET looked = ? WHERE id = ?", (READING, known[0]))
    connection.execute("DELETE FROM issue WHERE file = ? AND stage = ?", (known[0], RISK))
    if header.text_risk:
        _record_issue(connection, known[0], seen.path, RISK, _risk(header.text_risk))
    return True


def _risk(reason: str) -> Problem:
    return Problem(
        cause="text in the pixels?",
        reason=reason,
        remedy="Look at it: a name that is part of the picture would be learned with it. Leave the image out, or crop it.",
    )


def _record_issue(
    connection: sqlite3.Connection, file: int | None, path: str, stage: str, problem: Problem
) -> None:
    connection.execute(
        "INSERT INTO issue (file, path, stage, cause, reason, remedy) VALUES (?, CAST(? AS TEXT), ?, ?, ?, ?)",
        (file, os.fsencode(path), stage, problem.cause, problem.reason, problem.remedy),
    )


def _record_images(connection: sqlite3.Connection, file: int, header: Header) -> None:
    patient = _id_of(connection, "patient", header.patient, header.issuer)
    study = _id_of(connection, "study", header.study, header.accession)
    series = _id_of(connection, "series", header.series, header.series_description)
    connection.executemany(
        "INSERT INTO image (file, frame, modality, width, height, patient, study, series, fingerprint, inner) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (file, frame, header.modality, header.width, header.height, patient, study, series, header.fingerprint,
             header.inner[frame] if header.inner else "")
            for frame in range(header.frames)
        ],
    )  # fmt: skip


def _id_of(connection: sqlite3.Connection, table: str, key: str, other: str) -> int | None:
    """Id of the row with these values, made if it is new; None where the key is empty."""
    if not key:
        return None
    insert, select = _IDENTIFY[table]
    values = {"key": _clean(key), "other": _clean(other)}
    connection.execute(insert, values)
    found: int = connection.execute(select, values).fetchone()[0]
    return found


def _clean(value: str) -> str:
    """Header text that SQLite can hold."""
    return value.encode("utf-8", "replace").decode("utf-8")
