"""The ledger of a run: which patients' images went into it, and which image each synthetic one was started from.

The audit asks it (initialisation recovery, hold-out used before, images of another source). It holds catalogue numbers and one digest
of all images together, none of a single one: that would tell whoever holds a file that it was used. It stays in the run folder and never
travels.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from meddistill_gui.core.errors import ProjectError
from meddistill_gui.core.files import write_whole
from meddistill_gui.core.real_images import RealImages

LEDGER_FORMAT: Final = 1
_CHUNK: Final = 1024


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What a run was made from, as image ids of the catalogue.

    Attributes:
        started_from: For each synthetic image the real image that it was started from, None for noise.
        training: The training images.
        validation: The images that chose which iteration's set was kept.
        pixels: `pixels_of` the training images; empty in a ledger of an older version.
    """

    started_from: tuple[int | None, ...]
    training: tuple[int, ...]
    validation: tuple[int, ...]
    pixels: str = ""


def pixels_of(images: RealImages) -> str:
    """Names the pixels and classes of all these images together: hex SHA-256."""
    found = hashlib.sha256(np.ascontiguousarray(images.labels).tobytes())
    for start in range(0, len(images), _CHUNK):
        found.update(np.ascontiguousarray(images.images[start : start + _CHUNK]).tobytes())
    return found.hexdigest()


def save(path: Path, ledger: Ledger) -> None:
    """Write the ledger, whole or not at all."""
    write_whole(path, json.dumps({"format": LEDGER_FORMAT, **asdict(ledger)}).encode())


def load(path: Path) -> Ledger | None:
    """Read the ledger; None where a run has none, because an older version made it.

    Raises:
        ProjectError: It is damaged.
    """
    if not path.is_file():
        return None
    try:
        return _understood(json.loads(path.read_bytes()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProjectError(
            f"{path} is damaged, so nobody can say what the images were started from.",
            "Restore it from a copy of the project, or begin the run anew.",
        ) from error


def _understood(record: dict[str, Any]) -> Ledger:
    if record["format"] != LEDGER_FORMAT:
        raise ValueError(f"format {record['format']!r}")
    return Ledger(
        started_from=tuple(None if one is None else int(one) for one in record["started_from"]),
        training=tuple(map(int, record["training"])),
        validation=tuple(map(int, record["validation"])),
        pixels=str(record.get("pixels", "")),
    )
