"""What the window and the command line know of running work: events come out, wishes go in."""

from collections.abc import Callable, Iterator
from typing import Protocol

from meddistill_gui.core.events import Event


class Job(Protocol):
    """One operation that runs or is about to.

    The wishes may come from any thread; `events` is consumed by one.
    """

    def events(self) -> Iterator[Event]:
        """What the work says, from `Started` to `Finished`; blocks between events.

        Raises:
            MedDistillError: The work failed, was stopped, or died.
        """
        ...

    def stop(self) -> None:
        """Ask the work to stop where nothing is lost; `events` then raises `Stopped`."""
        ...

    def pause(self) -> None:
        """Ask the work to wait where nothing is lost."""
        ...

    def resume(self) -> None:
        """Let paused work go on."""
        ...

    def kill(self) -> None:
        """End the work at once; only what it saved before is kept."""
        ...


StartJob = Callable[[str, object], Job]
"""Starts the operation of this name (`core.specs.OPERATIONS`) with this config."""
