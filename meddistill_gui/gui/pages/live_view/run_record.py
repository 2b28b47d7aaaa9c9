"""What a run folder says about its run, gathered from its event log. No Qt."""

import enum
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from meddistill_gui.core.events import Event, Finished, Frame, Metric, Progress, Started, Warned
from meddistill_gui.core.pace import Pace

JUDGED_BY: Final = "validation balanced accuracy"
"""The curve whose highest point names the best iteration."""


class RunState(enum.Enum):
    """How a run stands."""

    NEW = "new"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    FINISHED = "finished"


@dataclass
class RunRecord:
    """Everything the log has said so far.

    Attributes:
        operation: The last operation that began.
        phases: Its phases.
        progress: The newest progress.
        latest: Newest point of each curve.
        best: Point of the highest value of `JUDGED_BY`.
        frames: Snapshots in order of their steps.
        warnings: What the user should know.
        failure: Why it failed, if it did.
        summary: Of the end.
        stretches: Phases that count iterations, in their order, with how many they take.
        ending: "", "finished", "stopped" or "failed": how the last operation ended, as far as the log says.
    """

    operation: str = ""
    phases: tuple[str, ...] = ()
    progress: Progress | None = None
    latest: dict[str, Metric] = field(default_factory=dict)
    best: Metric | None = None
    frames: list[Frame] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)
    failure: Warned | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)
    ending: str = ""
    stretches: dict[str, int] = field(default_factory=dict)
    pace: Pace = field(default_factory=Pace)

    def take(self, events: Iterable[Event], now: float, *, paused: bool = False) -> None:
        """Take in events, read at `now` (seconds on a steady clock); the time of a pause is not time of the work."""
        for event in events:
            self._take_one(event)
        if not paused:
            self.pace.go_on(now)
        if self.progress is not None:
            self.pace.update(self.progress.phase, self.progress.done, now)
        if paused:
            self.pace.rest(now)

    def warm_up(self) -> int:
        """Iterations of the phases before the last one: the curves' axis counts them, too."""
        return sum(list(self.stretches.values())[:-1])

    def state(self, *, alive: bool, wish: str) -> RunState:
        """How the run stands.

        Args:
            alive: Whether a process holds the run folder.
            wish: What was asked of the run.
        """
        if alive:
            return RunState.PAUSED if wish == "pause" else RunState.RUNNING
        if not self.operation:
            return RunState.NEW
        return RunState(self.ending) if self.ending else RunState.INTERRUPTED

    def _take_one(self, event: Event) -> None:
        match event:
            case Started():
                self.operation, self.phases = event.operation, event.phases
                self.ending, self.failure, self.progress = "", None, None
            case Progress():
                self.progress = event
                if event.unit == "iterations" and event.total:
                    self.stretches[event.phase] = event.total
            case Metric():
                self._take_metric(event)
            case Frame():
                self.frames = [one for one in self.frames if one.step < event.step]
                self.frames.append(event)
            case Warned():
                self._take_warning(event)
            case Finished():
                self.summary, self.ending = event.summary, "finished"

    def _take_metric(self, metric: Metric) -> None:
        self.latest[metric.name] = metric
        if metric.name != JUDGED_BY or math.isnan(metric.value):
            return
        if self.best is None or self.best.step >= metric.step or metric.value > self.best.value:
            self.best = metric

    def _take_warning(self, warned: Warned) -> None:
        if warned.code == "stopped":
            self.ending = "stopped"
        elif warned.code == "failed":
            self.ending, self.failure = "failed", warned
        else:
            self.warnings.append(warned)
