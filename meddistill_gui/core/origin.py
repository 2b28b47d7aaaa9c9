"""Where a reworked run comes from: which set, which of its images begin again or were left out, who said so and why."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from meddistill_gui.core.errors import ProjectError
from meddistill_gui.core.files import write_whole

ORIGIN_FORMAT: Final = 1
ACTIONS: Final = ("restart", "drop")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a reworked run was made from. It stays in the run folder.

    Attributes:
        run: Name of the run that it was made from.
        content: SHA-256 of that run's set.
        action: "restart" or "drop".
        images: Indices of the images that were restarted or dropped, from 0, in that set.
        reviewer: Who decided.
        reason: Why, in the reviewer's words.
        time: When, ISO 8601 with zone.
        log: Digest of the last entry of that run's review log, which says the same.
    """

    run: str
    content: str
    action: str
    images: tuple[int, ...]
    reviewer: str
    reason: str
    time: str
    log: str


def save(path: Path, origin: Origin) -> None:
    """Write it, whole or not at all."""
    write_whole(path, json.dumps({"format": ORIGIN_FORMAT, **asdict(origin)}, indent=1).encode())


def load(path: Path) -> Origin | None:
    """Read it; None where the run was begun from nothing.

    Raises:
        ProjectError: It is damaged.
    """
    if not path.is_file():
        return None
    try:
        return _understood(json.loads(path.read_bytes()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProjectError(
            f"{path} is damaged, so nobody can say where the run comes from.",
            "Restore it from a copy of the project, or rework the images again.",
        ) from error


def _understood(record: dict[str, Any]) -> Origin:
    if record.pop("format") != ORIGIN_FORMAT:
        raise ValueError("unknown format")
    return Origin(**{**record, "images": tuple(int(one) for one in record["images"])})
