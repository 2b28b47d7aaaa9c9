"""Patients of images whose header does not name them: by a pattern of file names, or from a table. A header is never overruled.

What was said is kept in the catalogue and holds for files that a later scan finds, too.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from meddistill_gui.core.configs.patients import PatientsConfig
from meddistill_gui.core.errors import ConfigError, LabelError
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.labels.hand_labels import refuse_if_used
from meddistill_gui.data.labels.table import joined, match_table
from meddistill_gui.data.recording import labelled_images

PREVIEWED: Final = 20
_PATTERN: Final = "patients.pattern"

_NAMELESS: Final = (
    "SELECT DISTINCT file.id, file.path FROM image JOIN file ON file.id = image.file "
    "WHERE image.patient IS NULL OR image.named ORDER BY file.path"
)


@dataclass(frozen=True, kw_only=True)
class PatientsPreview:
    """What naming the patients did, or would do.

    Attributes:
        rows: Path below the source and patient (None: unknown) of some files.
        files: Files whose header names no patient.
        named: How many of these would get one.
        patients: Different patients among them.
        unmatched_count: How many rows of the table name no image.
        unmatched_rows: Some of them.
        unmatched_files: Some files that would stay without a patient.
        split_dropped: Whether a stored split, which no run has used, was dropped because the patients changed.
    """

    rows: tuple[tuple[str, str | None], ...]
    files: int
    named: int
    patients: int
    unmatched_count: int = 0
    unmatched_rows: tuple[str, ...] = ()
    unmatched_files: tuple[str, ...] = ()
    split_dropped: bool = False


@dataclass(frozen=True, kw_only=True)
class _Said:
    """What pattern and table say, before it is written down."""

    pattern: str = ""
    persons: Mapping[str, str]
    unmatched: tuple[str, ...] = ()

    def patient_of(self, path: str) -> str:
        if path in self.persons:
            return self.persons[path]
        found = re.search(self.pattern, path) if self.pattern else None
        return (found.group(1) or "").strip() if found else ""


def name_patients(config: PatientsConfig, catalogue: Catalogue) -> PatientsPreview:
    """Name the patients of files whose header does not, all at once or not at all.

    Raises:
        ConfigError: The pattern is no regular expression with a group.
        LabelError: No file gets a patient, the table does not fit, or a run has used the patients that would change.
    """
    said = _said(config, catalogue)
    preview = _preview(catalogue, said)
    if config.rule != "none" and not preview.named:
        raise LabelError(
            f"None of the {preview.files:,} files whose header names no patient gets one.",
            "Look at the preview: the pattern or the table's key column fits no path.",
        )
    changed = _changes(catalogue, said)
    drop = bool(changed) and catalogue.has_split
    if drop:
        refuse_if_used(config.project)
    _record(catalogue, said, changed, drop=drop)
    return PatientsPreview(**{**vars(preview), "split_dropped": drop})


def preview_patients(config: PatientsConfig, catalogue: Catalogue) -> PatientsPreview:
    """What `name_patients` would do. Nothing is changed.

    Raises:
        ConfigError: The pattern is no regular expression with a group.
        LabelError: The table does not fit.
    """
    return _preview(catalogue, _said(config, catalogue))


def check_pattern(text: str) -> None:
    """Raise unless this is a regular expression with a group.

    Raises:
        ConfigError: It is not.
    """
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise ConfigError(
            [f"patient_pattern {text!r} is no regular expression: {error}."]
        ) from error
    if pattern.groups < 1:
        raise ConfigError([f"patient_pattern {text!r} has no group; put the patient in ( )."])


def apply_stored(catalogue: Catalogue, pattern: str = "") -> None:
    """After a scan: name the patients of new files as was said before, or by a new pattern."""
    rows = catalogue.connection.execute("SELECT path, identity FROM person")
    stored = catalogue.value("SELECT value FROM about WHERE name = ?", (_PATTERN,))
    said = _Said(pattern=pattern or stored or "", persons=dict(rows.fetchall()))
    if said.pattern or said.persons:
        _record(catalogue, said, _changes(catalogue, said), drop=False)


def _said(config: PatientsConfig, catalogue: Catalogue) -> _Said:
    if config.rule == "none":
        return _Said(persons={})
    if config.rule == "pattern":
        check_pattern(config.pattern)
        return _Said(pattern=config.pattern, persons={})
    if config.table is None:
        raise LabelError("No table was given.", "Name a CSV or XLSX file.")
    images = list(labelled_images(catalogue))
    found = match_table(config.table, config.key_column, config.patient_column, images)
    patients = joined(found)
    files = {image.id: image.path for image in images if image.id in patients}
    persons = {files[image]: patient for image, patient in patients.items()}
    return _Said(persons=persons, unmatched=found.unmatched())


def _preview(catalogue: Catalogue, said: _Said) -> PatientsPreview:
    paths = [path for _, path in catalogue.connection.execute(_NAMELESS)]
    named = {path: patient for path in paths if (patient := said.patient_of(path))}
    missing = [path for path in paths if path not in named]
    rows = [(path, named[path]) for path in list(named)[:PREVIEWED]]
    kept = PREVIEWED // 4 if missing else 0
    rows = rows[: PREVIEWED - kept]
    return PatientsPreview(
        rows=(*rows, *((path, None) for path in missing[: PREVIEWED - len(rows)])),
        files=len(paths),
        named=len(named),
        patients=len(set(named.values())),
        unmatched_count=len(said.unmatched),
        unmatched_rows=said.unmatched[:PREVIEWED],
        unmatched_files=tuple(missing[:PREVIEWED]),
    )


def _changes(catalogue: Catalogue, said: _Said) -> list[tuple[int, str]]:
    """Files whose patient would change, with the new one ("" for unknown)."""
    before = dict(
        catalogue.connection.execute(
            "SELECT image.file, patient.identity FROM image JOIN patient ON patient.id = image.patient WHERE image.named"
        ).fetchall()
    )
    after = [
        (file, said.patient_of(path)) for file, path in catalogue.connection.execute(_NAMELESS)
    ]
    return [(file, patient) for file, patient in after if before.get(file, "") != patient]


def _record(
    catalogue: Catalogue, said: _Said, changed: list[tuple[int, str]], *, drop: bool
) -> None:
    with catalogue.transaction() as connection:
        connection.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (_PATTERN, said.pattern))
        connection.execute("DELETE FROM person")
        connection.executemany(
            "INSERT INTO person VALUES (CAST(? AS TEXT), ?)",
            [(os.fsencode(path), patient) for path, patient in said.persons.items()],
        )
        for file, patient in changed:
            clean = patient.encode("utf-8", "replace").decode("utf-8")
            if clean:
                connection.execute(
                    "INSERT OR IGNORE INTO patient (identity, issuer) VALUES (?, '')", (clean,)
                )
            connection.execute(
                "UPDATE image SET named = ?, patient = (SELECT id FROM patient WHERE identity = ? AND issuer = '') "
                "WHERE file = ? AND (patient IS NULL OR named)",
                (bool(clean), clean, file),
            )
        if drop:
            connection.execute("DELETE FROM role")
