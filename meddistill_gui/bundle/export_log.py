"""What was sent, where to and when: a log that stays in the house, one JSON line per export, only ever appended to."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from meddistill_gui.core.files import writing_to


@dataclass(frozen=True, kw_only=True)
class Export:
    """One export.

    Attributes:
        when: ISO 8601, UTC.
        path: The file as it was written.
        drive: Name or file system of the place, e.g. "USBSTICK" or "cifs"; "" where unknown.
        sha256: Of the file.
        size: Bytes.
        title: Title of the bundle.
        verdict: What the audit said, or "" without one.
        signed_by: Fingerprint of the key, or "".
        encrypted: To what: "passphrase", "keys", or "" for not at all.
        recipients: Public keys that it was encrypted to.
    """

    when: str
    path: str
    drive: str
    sha256: str
    size: int
    title: str
    verdict: str
    signed_by: str = ""
    encrypted: str = ""
    recipients: tuple[str, ...] = ()


def now() -> str:
    """This moment as the log writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def append(log: Path, export: Export) -> None:
    """Write one line; it survives a power cut.

    Raises:
        TargetError: The disk is full or the folder may not be written to.
    """
    # a line break first, so that a half line that a crash left does not swallow this one
    line = "\n" + json.dumps(asdict(export), ensure_ascii=False) + "\n"
    with writing_to(log.parent), log.open("ab") as stream:
        stream.write(line.encode())
        stream.flush()
        os.fsync(stream.fileno())


def read(log: Path) -> Sequence[Export]:
    """All exports, oldest first; a line that a crash cut off is left out."""
    if not log.is_file():
        return ()
    known = {field.name for field in fields(Export)}
    found = []
    for line in log.read_bytes().splitlines():
        try:
            record = json.loads(line)
            values = {name: value for name, value in record.items() if name in known}
            values["recipients"] = tuple(values.get("recipients", ()))
            found.append(Export(**values))
        except (ValueError, TypeError, AttributeError):
            continue
    return found
