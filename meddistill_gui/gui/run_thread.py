"""Runs a job's event generator on a QThread and hands its events to the window, a few times a second.

The worker never signals once per event: it puts events into a mailbox, where a newer one replaces an older one of the
same kind, and the window empties the mailbox at most 20 times a second. A page that needs every point of a curve
reads the run folder's event log.

Receivers of `RunThread`'s signals may be anything: they are emitted in the thread that the `RunThread` lives in.
Receivers of the worker's own signals are bound methods of QObjects of the window's thread (a lambda would run in the worker).
"""

import logging
import os
import sys
import threading
from typing import Final

from PySide6.QtCore import QObject, QThread, QTimer, Signal

from meddistill_gui.core.errors import MedDistillError, RunError
from meddistill_gui.core.events import Event, Finished, Frame, Metric, Progress, Started
from meddistill_gui.jobs.job import Job, StartJob

_EMPTY_EVERY_MS: Final = 50
_NICENESS: Final = 10
_log = logging.getLogger(__name__)


class RunThread(QObject):
    """One piece of long work at a time.

    Signals:
        started: `Started`.
        reported: Every `Progress`, `Metric`, `Frame` and `Warned`; of progress, metrics and frames the latest only.
        failed: `MedDistillError`; `Stopped` if a stop was asked for.
        finished: The summary, a dict.

    After `failed` or `finished` (exactly one of them comes, last) `running` is False and the thread has ended.

    Args:
        start_job: Starts an operation.
        parent: Owner.
    """

    started = Signal(object)
    reported = Signal(object)
    failed = Signal(object)
    finished = Signal(object)

    def __init__(self, start_job: StartJob, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._start_job = start_job
        self._thread: QThread | None = None
        self._worker: _Worker | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_EMPTY_EVERY_MS)
        self._timer.timeout.connect(self._empty_mailbox)
        self.name = ""

    @property
    def running(self) -> bool:
        """Whether work is under way."""
        return self._thread is not None

    def start(self, name: str, config: object) -> None:
        """Begin operation `name`.

        Raises:
            RuntimeError: Work is under way; pages ask `running` first.
        """
        if self.running:
            raise RuntimeError(f"{self.name} is still running")
        self.name = name
        self._worker = _Worker(self._start_job, name, config)
        self._thread = QThread(self)
        self._worker.moveToThread(self._thread)
        self._thread.started.connect(self._worker.run)
        self._worker.filled.connect(self._arm)
        self._thread.finished.connect(self._end)
        self._thread.start()

    def stop(self) -> None:
        """Ask the work to stop at its next safe point; what is done is kept."""
        if self._worker is not None:
            self._worker.ask("stop")

    def pause(self) -> None:
        """Ask the work to wait at its next safe point."""
        if self._worker is not None:
            self._worker.ask("pause")

    def resume(self) -> None:
        """Let paused work go on."""
        if self._worker is not None:
            self._worker.ask("resume")

    def kill(self) -> None:
        """End the work at once; it goes on from its last checkpoint another time."""
        if self._worker is not None:
            self._worker.ask("kill")

    def close(self, patience_ms: int = 5000) -> bool:
        """Stop and wait, then kill and wait; for the end of the program. The last signals are still delivered.

        Returns:
            Whether the work has ended.
        """
        if self._thread is None:
            return True
        self.stop()
        if not self._thread.wait(patience_ms):
            self.kill()
            self._thread.wait(patience_ms)
        self._end()
        return not self.running

    def _arm(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _empty_mailbox(self) -> None:
        if self._worker is None:
            return
        for event in self._worker.mailbox.take():
            (self.started if isinstance(event, Started) else self.reported).emit(event)

    def _end(self) -> None:
        """The thread has ended: tell the rest, then how it went. A late call for an earlier thread does nothing."""
        thread, worker = self._thread, self._worker
        if thread is None or worker is None or not worker.over.is_set():
            return
        thread.wait()
        self._timer.stop()
        self._empty_mailbox()
        self._thread = self._worker = None
        thread.deleteLater()
        if worker.error is not None:
            self.failed.emit(worker.error)
        else:
            self.finished.emit(worker.summary)


class Mailbox:
    """Events on their way to the window; a newer one replaces an older one of the same curve or phase."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: dict[object, Event] = {}
        self._count = 0

    def put(self, event: Event) -> bool:
        """Add an event; whether the mailbox was empty before."""
        with self._lock:
            was_empty = not self._events
            self._count += 1
            key = _kind_of(event) or self._count
            self._events.pop(key, None)
            self._events[key] = event
            return was_empty

    def take(self) -> list[Event]:
        """Everything in it, oldest first; it is empty afterwards."""
        with self._lock:
            events, self._events = self._events, {}
        return list(events.values())


def _kind_of(event: Event) -> tuple[str, str] | None:
    """Events of the same kind replace each other; None: keep every one."""
    if isinstance(event, Progress):
        return "progress", event.phase
    if isinstance(event, Metric):
        return "metric", event.name
    return ("frame", "") if isinstance(event, Frame) else None


class _Worker(QObject):
    """Lives in the QThread; `ask` alone is called from the window."""

    filled = Signal()

    def __init__(self, start_job: StartJob, name: str, config: object) -> None:
        super().__init__()
        self.mailbox = Mailbox()
        self.over = threading.Event()
        self.summary: dict[str, object] = {}
        self.error: MedDistillError | None = None
        self._start_job = start_job
        self._name = name
        self._config = config
        self._lock = threading.Lock()
        self._job: Job | None = None
        self._wish = ""

    def run(self) -> None:
        """Consume the job's events to their end."""
        try:
            self._consume()
        except MedDistillError as error:
            self.error = error
        # a bug in the work must reach the user, not vanish with the thread
        except Exception as error:  # noqa: BLE001
            _log.exception("%s failed", self._name)
            self.error = RunError(
                f"{self._name} failed unexpectedly ({type(error).__name__}: {error}).",
                "The log has the details; what was done before is kept.",
            )
        finally:
            self.over.set()
            QThread.currentThread().quit()

    def ask(self, wish: str) -> None:
        """Pass a wish to the job: "stop", "pause", "resume" or "kill"; one before it began is kept for it."""
        with self._lock:
            self._wish = wish
            if self._job is not None:
                getattr(self._job, wish)()

    def _consume(self) -> None:
        job = self._start_job(self._name, self._config)
        _step_back()  # only now: a child process decides for itself
        with self._lock:
            self._job = job
            if self._wish:
                getattr(job, self._wish)()
        for event in job.events():
            if isinstance(event, Finished):
                self.summary = dict(event.summary)
            elif self.mailbox.put(event):
                self.filled.emit()


def _step_back() -> None:
    """Let the window go first on a busy machine (Linux: per thread; its own threads inherit it)."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
