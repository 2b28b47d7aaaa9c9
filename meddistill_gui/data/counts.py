"""The catalogue in numbers: what there is of each class and in each part of the split."""

import dataclasses
import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meddistill_gui.core.real_images import ROLES
from meddistill_gui.data.facts import READING
from meddistill_gui.data.issues import RISK


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
        outdated: Files that an older version of the program looked into: a new scan finds out more about them.
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
    outdated: int = 0
    modality: str = ""


def counted(connection: sqlite3.Connection) -> CatalogueSummary:
    """Count anew; the source is left out."""
    known = connection.execute(
        "SELECT count(*), count(patient), count(DISTINCT patient) FROM image"
    ).fetchone()
    return CatalogueSummary(
        source=None,
        files=_number(connection, "SELECT count(*) FROM file"),
        images=known[0],
        patients=_if_all_known(*known),
        unlabelled=known[0] - _number(connection, "SELECT count(*) FROM label"),
        issues=_number(connection, "SELECT count(*) FROM issue WHERE stage != ?", RISK),
        risks=_number(connection, "SELECT count(*) FROM issue WHERE stage = ?", RISK),
        classes=_classes(connection),
        roles=_roles(connection),
        outdated=_number(
            connection, "SELECT count(*) FROM file WHERE kind = 'dicom' AND looked < ?", READING
        ),
        modality=_modality(connection),
    )


def packed(summary: CatalogueSummary) -> bytes:
    """As it is kept, without the source."""
    return json.dumps(dataclasses.asdict(dataclasses.replace(summary, source=None))).encode()


def unpacked(stored: bytes, source: Path | None) -> CatalogueSummary:
    """What `packed` made, and the source."""
    fields: dict[str, Any] = json.loads(stored)
    return CatalogueSummary(
        **{
            **fields,
            "source": source,
            "classes": tuple(ClassCount(**one) for one in fields["classes"]),
            "roles": tuple(RoleCount(**one) for one in fields["roles"]),
        }
    )


def _number(connection: sqlite3.Connection, sql: str, *parameters: object) -> int:
    found: int = connection.execute(sql, parameters).fetchone()[0]
    return found


def _modality(connection: sqlite3.Connection) -> str:
    row = connection.execute(
        "SELECT modality FROM (SELECT modality FROM image ORDER BY id LIMIT 1000) "
        "GROUP BY modality ORDER BY count(*) DESC, modality LIMIT 1"
    ).fetchone()
    return str(row[0]) if row else ""


def _classes(connection: sqlite3.Connection) -> tuple[ClassCount, ...]:
    rows = connection.execute(
        "SELECT class.name, count(*), count(image.patient), count(DISTINCT image.patient) FROM label "
        "JOIN class ON class.id = label.class JOIN image ON image.id = label.image GROUP BY class.id ORDER BY class.name"
    )
    return tuple(
        ClassCount(name=name, images=images, patients=_if_all_known(images, known, patients))
        for name, images, known, patients in rows
    )


def _roles(connection: sqlite3.Connection) -> tuple[RoleCount, ...]:
    patients = {
        role: _if_all_known(*counts)
        for role, *counts in connection.execute(
            "SELECT role.role, count(*), count(image.patient), count(DISTINCT image.patient) FROM role "
            "JOIN image ON image.id = role.image GROUP BY role.role"
        )
    }
    per_class: dict[str, dict[str, int]] = {role: {} for role in patients}
    for role, name, images in connection.execute(
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


def _if_all_known(images: int, known: int, patients: int) -> int | None:
    """Number of patients, or None unless every image's patient is known."""
    return patients if images == known else None
