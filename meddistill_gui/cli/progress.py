"""Events as a person at a terminal wants to see them: bars, counts, time left; plain lines in a log."""

import math
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn
from typing_extensions import override

from meddistill_gui.core import events
from meddistill_gui.core.events import Event
from meddistill_gui.core.pace import Pace, in_words

_LINE_SECONDS: Final = 10.0


class Display(Protocol):
    """Shows events while work runs."""

    def __enter__(self) -> Self:
        """Begin to show."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""
        ...

    def show(self, event: Event) -> None:
        """Show one event."""
        ...

    def say(self, sentence: str) -> None:
        """Print a sentence above what moves."""
        ...


class Silent:
    """Shows nothing: for `--json`."""

    def __enter__(self) -> Self:
        """Nothing to begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to leave."""

    def show(self, event: Event) -> None:
        """See `Display.show`."""

    def say(self, sentence: str) -> None:
        """See `Display.say`."""


class EventLines(Silent):
    """Every event as one JSON line.

    Args:
        console: Where to.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    @override
    def show(self, event: Event) -> None:
        self._console.file.write(events.to_json(event) + "\n")
        self._console.file.flush()


class Lines(Silent):
    """Plain lines for logs and pipes: each phase's begin and end, and every ten seconds between.

    Args:
        console: Where to.
        clock: Seconds on a steady clock.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._pace = Pace()
        self._phase = ""
        self._printed = -math.inf

    @override
    def show(self, event: Event) -> None:
        if isinstance(event, events.Progress):
            self._progress(event)
        elif isinstance(event, events.Warned):
            self.say(warning_text(event))

    @override
    def say(self, sentence: str) -> None:
        self._console.print(sentence, markup=False, highlight=False, soft_wrap=True)

    def _progress(self, event: events.Progress) -> None:
        now = self._clock()
        self._pace.update(event.phase, event.done, now)
        complete = event.total is not None and event.done >= event.total
        if event.phase == self._phase and not complete and now - self._printed < _LINE_SECONDS:
            return
        self._phase, self._printed = event.phase, now
        left = "" if complete else left_text(self._pace, event)
        self.say(f"{event.phase}: {count_text(event)}{left}")


class Bars:
    """One bar per phase, with count, time left and the latest figures.

    Args:
        console: A terminal.
        clock: Seconds on a steady clock.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pace = Pace()
        self._figures: dict[str, float] = {}
        self._task: TaskID | None = None
        self._phase = ""
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description:<22}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[count]}", style="cyan"),
            TextColumn("{task.fields[left]}", style="dim"),
            console=console,
        )

    def __enter__(self) -> Self:
        """See `Display.__enter__`."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """See `Display.__exit__`."""
        if kind is None:
            self._end_phase()
        self._progress.stop()

    def show(self, event: Event) -> None:
        """See `Display.show`."""
        match event:
            case events.Progress():
                self._advance(event)
            case events.Metric():
                self._figures[event.name] = event.value
            case events.Warned():
                self.say(warning_text(event))
            case _:
                pass

    def say(self, sentence: str) -> None:
        """See `Display.say`."""
        self._progress.console.print(sentence, markup=False, highlight=False)

    def _advance(self, event: events.Progress) -> None:
        if event.phase != self._phase or self._task is None:
            self._end_phase()
            self._phase = event.phase
            self._figures.clear()
            self._task = self._progress.add_task(event.phase, total=None, count="", left="")
        self._pace.update(event.phase, event.done, self._clock())
        self._progress.update(
            self._task,
            completed=event.done,
            total=event.total,
            count=count_text(event),
            left=f"{left_text(self._pace, event)} {figures_text(self._figures)}".strip(" ,"),
        )

    def _end_phase(self) -> None:
        """Fill the bar of a phase that is over, also where its length was never known."""
        if self._task is None:
            return
        task = self._progress.tasks[self._progress.task_ids.index(self._task)]
        self._progress.update(
            self._task,
            total=task.total or max(1.0, task.completed),
            completed=task.total or max(1.0, task.completed),
            left=figures_text(self._figures),
        )


def count_text(event: events.Progress) -> str:
    """How far a phase is, e.g. "120 of 600 files"."""
    of = f" of {event.total:,}" if event.total is not None else ""
    return f"{event.done:,}{of} {event.unit}".strip()


def left_text(pace: Pace, event: events.Progress) -> str:
    """Time left, e.g. ", about 3 min left"; "" where it cannot be told."""
    words = in_words(pace.seconds_left(event.total))
    return f", {words} left" if words else ""


def figures_text(figures: dict[str, float]) -> str:
    """The latest value of each curve."""
    return "  ".join(f"{name} {value:.3g}" for name, value in figures.items())


def warning_text(event: events.Warned) -> str:
    """A warning and its remedy as one line."""
    return f"Note: {event.message} {event.remedy}".strip()
