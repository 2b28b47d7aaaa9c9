"""The lines that the program and its child process exchange: one JSON object a line, UTF-8.

to the child      {"operation": "scan", "config": {...}}     once, first; with "passphrases" where the user has typed some
                  {"wish": "stop" | "pause" | "resume"}      any time after; end of input is a stop
from the child    {"event": "progress", ...}                 see `core.events`
                  {"error": "SourceError", "message": "...", "remedy": "..."}    last, instead of "finished"
"""

import json
from typing import Final

from meddistill_gui.bundle import passphrases
from meddistill_gui.core import events
from meddistill_gui.core.config import from_mapping, to_mapping, validate
from meddistill_gui.core.errors import MedDistillError, rebuild
from meddistill_gui.core.specs import OPERATIONS

WISHES: Final = ("stop", "pause", "resume")


def request_line(name: str, config: object) -> bytes:
    """The child's first line: what to do, and the passphrases that are held for it."""
    request: dict[str, object] = {"operation": name, "config": to_mapping(config)}
    if held := passphrases.held():
        request["passphrases"] = held
    return _line(request)


def read_request(line: bytes) -> tuple[str, object]:
    """The operation's name and its checked config; its passphrases are held from now on.

    Raises:
        ConfigError: The config has a wrong value.
        ValueError: The line is no request.
    """
    record = json.loads(line)
    if not isinstance(record, dict) or record.get("operation") not in OPERATIONS:
        raise ValueError(f"not a request: {line[:80]!r}")
    passphrases.hold(record.get("passphrases", {}))
    name: str = record["operation"]
    return name, validate(from_mapping(OPERATIONS[name].config, record["config"]))


def wish_line(wish: str) -> bytes:
    """One wish for the child."""
    if wish not in WISHES:
        raise ValueError(wish)
    return _line({"wish": wish})


def read_wish(line: bytes) -> str:
    """The wish of a line; "" where there is none that this version knows."""
    try:
        record = json.loads(line)
    except ValueError:
        return ""
    wish = record.get("wish") if isinstance(record, dict) else None
    return wish if wish in WISHES else ""


def event_line(event: events.Event) -> bytes:
    """One event of the child."""
    return events.to_json(event).encode() + b"\n"


def error_line(error: MedDistillError) -> bytes:
    """The child's last line when the work did not finish."""
    return _line({"error": type(error).__name__, "message": error.message, "remedy": error.remedy})


def read_report(line: bytes) -> events.Event | MedDistillError:
    """An event or the final error of the child.

    Raises:
        ValueError: The line is neither.
    """
    record = json.loads(line)
    if isinstance(record, dict) and "error" in record:
        return rebuild(
            str(record["error"]), str(record.get("message")), str(record.get("remedy", ""))
        )
    return events.from_json(line.decode())


def _line(record: dict[str, object]) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"
