"""Doing one operation as a part of another: its events go on, its summary comes back."""

from collections.abc import Generator, Iterator, Mapping
from typing import Any

from meddistill_gui.core.events import Event, Finished, Started


def followed(steps: Iterator[Event]) -> Generator[Event, None, Mapping[str, Any]]:
    """Pass on what happens inside an operation, without its beginning and end.

    Returns:
        The operation's summary.
    """
    summary: Mapping[str, Any] = {}
    for event in steps:
        if isinstance(event, Finished):
            summary = event.summary
        elif not isinstance(event, Started):
            yield event
    return summary
