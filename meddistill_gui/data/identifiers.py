"""What names a patient, a study or a file in a catalogue: the words that must not stand in anything that leaves."""

from pathlib import PurePosixPath
from typing import Final

from meddistill_gui.data.catalogue import Catalogue

_SHORTEST: Final = 5
_QUERIES: Final = (
    "SELECT identity FROM patient",
    "SELECT issuer FROM patient",
    "SELECT uid FROM study",
    "SELECT accession FROM study",
    "SELECT uid FROM series",
    "SELECT description FROM series",
)
_ORDINARY: Final = frozenset(
    [
        "audit",
        "bundle",
        "cases",
        "chest",
        "class",
        "classes",
        "covid",
        "data",
        "dataset",
        "datasets",
        "dicom",
        "export",
        "exports",
        "files",
        "folder",
        "healthy",
        "holdout",
        "hospital",
        "image",
        "images",
        "infiltrate",
        "labels",
        "media",
        "negative",
        "normal",
        "opacity",
        "patient",
        "patients",
        "pneumonia",
        "positive",
        "project",
        "radiograph",
        "radiographs",
        "scans",
        "series",
        "source",
        "studies",
        "study",
        "train",
        "training",
        "users",
        "valid",
        "validation",
        "viral",
        "xrays",
    ]
)
"""Folder names that name nobody, and that a report may use as words."""


def identifiers(catalogue: Catalogue) -> set[str]:
    """Identities, UIDs, accession numbers, series descriptions, and every part of every path, of five characters or more.

    Args:
        catalogue: The project's catalogue; the words stay in memory.
    """
    found = {str(word) for query in _QUERIES for (word,) in catalogue.connection.execute(query)}
    for (path,) in catalogue.connection.execute("SELECT path FROM file"):
        found |= _parts(str(path))
    if catalogue.source is not None:
        found |= {str(catalogue.source), *catalogue.source.parts}
    return {word for word in found if len(word) >= _SHORTEST and word.casefold() not in _ORDINARY}


def _parts(path: str) -> set[str]:
    """Folders and the file's name without its ending."""
    parts = PurePosixPath(path)
    return {*parts.parent.parts, parts.stem}
