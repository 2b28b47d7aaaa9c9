"""Events as a person at a terminal wants to see them: bars, counts, time left; plain lines in a log."""

import collections
import math
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.table import Column
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
        self._paces: dict[str, Pace] = collections.defaultdict(Pace)
        self._printed: dict[tuple[str, bool], float] = {}

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
        pace = self._paces[event.phase]
        pace.update(event.phase, event.done, now)
        # phases take turns (a run evaluates now and then): what matters is when this one was last heard of
        before = [self._printed.get((event.phase, end), -math.inf) for end in (False, True)]
        last = before[True] if is_complete(event) else max(before)
        if now - last < _LINE_SECONDS:
            return
        self._printed[event.phase, is_complete(event)] = now
        self.say(f"{event.phase}: {count_text(event)}{left_text(pace, event)}")


class Bars:
    """One bar per phase, with count, time left and the latest figures; a phase that comes again uses its bar again.

    Args:
        console: A terminal.
        clock: Seconds on a steady clock.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._paces: dict[str, Pace] = collections.defaultdict(Pace)
        self._bars: dict[str, TaskID] = {}
        self._figures: dict[str, dict[str, float]] = collections.defaultdict(dict)
        self._last: events.Progress | None = None
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description:<22}"),
            BarColumn(bar_width=24, complete_style="cyan", finished_style="green"),
            TextColumn("{task.fields[count]}", style="cyan"),
            # what is too long for the terminal is cut here, and nowhere else
            TextColumn(
                "{task.fields[left]}", style="dim", table_column=Column(ratio=1, no_wrap=True)
            ),
            console=console,
            expand=True,
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
        if kind is None and self._last is not None:
            self._fill(self._last)
        self._progress.stop()

    def show(self, event: Event) -> None:
        """See `Display.show`."""
        match event:
            case events.Progress():
                self._advance(event)
            case events.Metric():
                self._figures[self._last.phase if self._last else ""][event.name] = event.value
            case events.Warned():
                self.say(warning_text(event))
            case _:
                pass

    def say(self, sentence: str) -> None:
        """See `Display.say`."""
        self._progress.console.print(sentence, markup=False, highlight=False)

    def _advance(self, event: events.Progress) -> None:
        if self._last is not None and self._last.phase != event.phase:
            self._leave(self._last)
        if event.phase not in self._bars:
            self._bars[event.phase] = self._progress.add_task(event.phase, count="", left="")
        self._last = event
        pace = self._paces[event.phase]
        pace.update(event.phase, event.done, self._clock())
        left = left_text(pace, event).removeprefix(", ")
        self._progress.update(
            self._bars[event.phase],
            completed=event.done,
            total=event.total,
            count=count_text(event),
            left=f"{left}  {figures_text(self._figures[event.phase])}".strip(),
        )

    def _leave(self, event: events.Progress) -> None:
        """Another phase takes over: one of unknown length is over then, one that was not complete waits."""
        if event.total is None:
            self._fill(event)
        else:
            self._progress.update(self._bars[event.phase], left="")

    def _fill(self, event: events.Progress) -> None:
        full = max(1, event.done) if event.total is None else event.total
        self._progress.update(
            self._bars[event.phase],
            total=full,
            completed=full,
            left=figures_text(self._figures[event.phase]),
        )


def is_complete(event: events.Progress) -> bool:
    """Whether a phase says that it is through."""
    return event.total is not None and event.done >= event.total


def count_text(event: events.Progress) -> str:
    """How far a phase is, e.g. "120 of 600 files"."""
    of = f" of {event.total:,}" if event.total is not None else ""
    return f"{event.done:,}{of} {event.unit}".strip()


def left_text(pace: Pace, event: events.Progress) -> str:
    """Time left, e.g. ", about 3 min left"; "" where it cannot be told or nothing is left."""
    if is_complete(event):
        return ""
    words = in_words(pace.seconds_left(event.total))
    return f", {words} left" if words else ""


def figures_text(figures: dict[str, float]) -> str:
    """The latest value of each curve."""
    return "  ".join(f"{name} {value:.3g}" for name, value in figures.items())


def warning_text(event: events.Warned) -> str:
    """A warning and its remedy as one line."""
    return f"Note: {event.message} {event.remedy}".strip()
