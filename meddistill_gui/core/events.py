"""What long work says while it runs: an operation yields these, and nothing else.

Order: one `Started`, then any of the middle kinds, then one `Finished`. Errors are raised, not yielded.
The command line prints events, a worker on a QThread turns them into signals, a child process writes them as JSON lines.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final


@dataclass(frozen=True, kw_only=True)
class Started:
    """Work begins.

    Attributes:
        operation: Name in `core.specs.OPERATIONS`.
        phases: Names of the phases to come, in order; each `Progress` names one of them.
    """

    operation: str
    phases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A phase went on.

    Attributes:
        phase: Which phase, a few words for a user ("training experts").
        done: Units done.
        total: Units in all, or None while it is not known.
        unit: What is counted ("files", "iterations").
    """

    phase: str
    done: int
    total: int | None = None
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One number of a curve.

    Attributes:
        name: Which curve ("loss", "validation balanced accuracy").
        step: Position on the horizontal axis (iteration, epoch).
        value: Finite or NaN.
    """

    name: str
    step: int
    value: float


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A snapshot of the synthetic images was written.

    Attributes:
        step: Iteration of the snapshot.
        path: File relative to the run folder (uint8 npy, `[N, H, W]` or `[N, H, W, 3]`).
    """

    step: int
    path: str


@dataclass(frozen=True, kw_only=True)
class Warned:
    """Something the user should know; work goes on.

    Attributes:
        code: Stable short name, for filters and tests ("unreadable-file").
        message: What is wrong.
        remedy: What to do.
    """

    code: str
    message: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class Finished:
    """Work is complete.

    Attributes:
        summary: JSON-able result, the same mapping that `--json` prints.
    """

    summary: Mapping[str, Any] = field(default_factory=dict)


Event = Started | Progress | Metric | Frame | Warned | Finished

_KINDS: Final[Mapping[str, type[Event]]] = {
    kind.__name__.lower(): kind for kind in (Started, Progress, Metric, Frame, Warned, Finished)
}


def to_json(event: Event) -> str:
    """Write an event as one JSON line without the line break."""
    return json.dumps({"event": type(event).__name__.lower(), **asdict(event)}, ensure_ascii=False)


def from_json(line: str) -> Event:
    """Read an event from one JSON line; fields of a newer version are ignored.

    Raises:
        ValueError: The line is no event.
    """
    record = json.loads(line)
    if not isinstance(record, dict) or record.get("event") not in _KINDS:
        raise ValueError(f"not an event: {line[:80]}")
    kind = _KINDS[record.pop("event")]
    known = {f.name for f in fields(kind)}
    values = {name: value for name, value in record.items() if name in known}
    if "phases" in values:
        values["phases"] = tuple(values["phases"])
    try:
        return kind(**values)
    except TypeError as error:
        raise ValueError(f"not a whole event: {line[:80]}") from error
