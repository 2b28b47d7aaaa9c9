"""Patients, their studies, their series: each level is asked for when it is opened. For the screen only: patients are named here."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.data.kept import PATIENTS, kept

UNKNOWN: Final = 0
"""In `Branches.ids`: images whose patient the source does not name."""


@dataclass(frozen=True, kw_only=True)
class Branches:
    """The patients, by identity, as two arrays: there may be a hundred thousand.

    Attributes:
        ids: Database ids, int64 `[N]`; `UNKNOWN` comes last.
        images: Number of their images, int64 `[N]`.
    """

    ids: npt.NDArray[np.int64]
    images: npt.NDArray[np.int64]


NOBODY: Final = Branches(ids=np.empty(0, np.int64), images=np.empty(0, np.int64))
"""No patient at all."""


@dataclass(frozen=True, kw_only=True)
class Branch:
    """A study or a series.

    Attributes:
        id: Database id; None for images that name none.
        name: Accession number or description, else the end of its UID; "" for none.
        modalities: What kinds of images are in it.
        images: How many.
    """

    id: int | None
    name: str
    modalities: str
    images: int


def patients(connection: sqlite3.Connection, text: str = "") -> Branches:
    """The patients whose identity contains `text`, by identity."""
    if text:
        return _found(connection, text)
    stored = kept(connection, PATIENTS, lambda: _packed(_found(connection, "")))
    ids, images = np.frombuffer(stored, dtype=np.int64).reshape(2, -1)
    return Branches(ids=ids, images=images)


def _packed(branches: Branches) -> bytes:
    return np.stack((branches.ids, branches.images)).tobytes()


def _found(connection: sqlite3.Connection, text: str) -> Branches:
    pattern = "%" + "".join(f"\\{c}" if c in "\\%_" else c for c in text) + "%"
    row = connection.execute(
        "SELECT group_concat(id), group_concat(number) FROM ("
        "SELECT ifnull(image.patient, 0) AS id, count(*) AS number FROM image "
        "LEFT JOIN patient ON patient.id = image.patient WHERE ? = '%%' OR patient.identity LIKE ? ESCAPE '\\' "
        "GROUP BY image.patient ORDER BY patient.identity IS NULL, patient.identity, patient.id)",
        (pattern, pattern),
    ).fetchone()
    return Branches(ids=_numbers(row[0]), images=_numbers(row[1]))


def patient_names(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, str]:
    """Identities of a few patients by id."""
    rows = connection.execute(
        "SELECT id, identity FROM patient WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps([int(one) for one in ids]),),
    )
    return dict(rows.fetchall())


def studies(connection: sqlite3.Connection, patient: int | None) -> list[Branch]:
    """The studies of a patient, or of the images without one."""
    rows = connection.execute(
        "SELECT study.id, study.accession, study.uid, group_concat(DISTINCT image.modality), count(*) FROM image "
        "LEFT JOIN study ON study.id = image.study WHERE image.patient IS ? "
        "GROUP BY image.study ORDER BY study.id IS NULL, study.accession, study.uid",
        (patient,),
    )
    return [_branch(row) for row in rows]


def series(connection: sqlite3.Connection, patient: int | None, study: int | None) -> list[Branch]:
    """The series of a study of a patient."""
    rows = connection.execute(
        "SELECT series.id, series.description, series.uid, group_concat(DISTINCT image.modality), count(*) FROM image "
        "LEFT JOIN series ON series.id = image.series WHERE image.patient IS ? AND image.study IS ? "
        "GROUP BY image.series ORDER BY series.id IS NULL, series.description, series.uid",
        (patient, study),
    )
    return [_branch(row) for row in rows]


def _branch(row: tuple[Any, ...]) -> Branch:
    identity, said, uid, modalities, images = row
    end = "" if uid is None else f"… {uid[-12:]}" if len(uid) > 16 else uid
    return Branch(id=identity, name=said or end, modalities=modalities or "", images=images)


def _numbers(text: str | None) -> npt.NDArray[np.int64]:
    return np.fromstring(text, dtype=np.int64, sep=",") if text else np.empty(0, np.int64)
