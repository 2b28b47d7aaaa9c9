"""Short reading work (a header, an image, a thumbnail) on pool threads; answers arrive in the window's thread.

Nothing is signalled across threads: workers write into a plain mailbox that a timer empties while work is under way,
so a page may be closed at any moment.
"""

import logging
import threading
from collections.abc import Callable, Hashable
from typing import Any, Final

from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal

from meddistill_gui.core.errors import MedDistillError, RunError

_EMPTY_EVERY_MS: Final = 25
_log = logging.getLogger(__name__)

Task = tuple[Hashable, Callable[[], Any]]


class Background(QObject):
    """Works through the tasks that were asked for last; older ones that nobody waits for any more are dropped.

    Signals:
        done: Key and result.
        failed: Key and `MedDistillError`.

    Args:
        threads: Tasks worked on at a time.
        parent: Owner.
    """

    done = Signal(object, object)
    failed = Signal(object, object)
    emptied = Signal()

    def __init__(self, threads: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = _Desk()
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(threads)
        self._timer = QTimer(self)
        self._timer.setInterval(_EMPTY_EVERY_MS)
        self._timer.timeout.connect(self._empty)

    def ask(self, tasks: list[Task]) -> None:
        """Work on these, first one first; they replace all that still wait. What is being worked on is not begun twice."""
        waiting = self._desk.replace(tasks)
        for _ in range(min(waiting, self._pool.maxThreadCount() - self._desk.workers())):
            self._desk.enter()
            self._pool.start(self._desk.work)
        if self._desk.busy() and not self._timer.isActive():
            self._timer.start()

    def close(self) -> None:
        """Drop what waits and wait for what is being worked on."""
        self._desk.replace([])
        self._pool.waitForDone()
        self._timer.stop()

    def _empty(self) -> None:
        if not self._desk.busy():
            self._timer.stop()
        answers = self._desk.take()
        for key, result, error in answers:
            if error is None:
                self.done.emit(key, result)
            else:
                self.failed.emit(key, error)
        if answers:
            self.emptied.emit()


class _Desk:
    """What waits, what is being worked on, what is done; used from every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Task] = []
        self._now: set[Hashable] = set()
        self._done: list[tuple[Hashable, Any, MedDistillError | None]] = []
        self._workers = 0

    def replace(self, tasks: list[Task]) -> int:
        """New tasks instead of those that wait; how many wait now."""
        with self._lock:
            self._waiting = [task for task in tasks if task[0] not in self._now]
            self._waiting.reverse()
            return len(self._waiting)

    def workers(self) -> int:
        """Threads at work."""
        with self._lock:
            return self._workers

    def enter(self) -> None:
        """One more thread is about to work."""
        with self._lock:
            self._workers += 1

    def busy(self) -> bool:
        """Whether answers are still to come."""
        with self._lock:
            return bool(self._workers or self._waiting or self._done)

    def take(self) -> list[tuple[Hashable, Any, MedDistillError | None]]:
        """The answers since last time."""
        with self._lock:
            done, self._done = self._done, []
        return done

    def work(self) -> None:
        """Work until nothing waits any more."""
        while (task := self._next()) is not None:
            key, function = task
            result, error = _answer(function)
            with self._lock:
                self._now.discard(key)
                self._done.append((key, result, error))

    def _next(self) -> Task | None:
        with self._lock:
            if not self._waiting:
                self._workers -= 1
                return None
            task = self._waiting.pop()
            self._now.add(task[0])
            return task


def _answer(function: Callable[[], Any]) -> tuple[Any, MedDistillError | None]:
    try:
        return function(), None
    except MedDistillError as error:
        return None, error
    # a damaged file may break a decoder in any way; the user sees it at the image
    except Exception as error:  # noqa: BLE001
        _log.warning("reading failed", exc_info=True)
        return None, RunError(f"It cannot be shown ({type(error).__name__}: {error}).", "")
