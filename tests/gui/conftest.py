"""A dressed application; after each test no thread, timer or window may be left over, and Qt must not have complained."""

import gc
import threading
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QThread, QThreadPool, QTimer
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from meddistill_gui.core.events import Event
from meddistill_gui.gui.theme.style import Theme

_OFFSCREEN_LIMITS = ("propagateSizeHints",)


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    return Theme(qapp, "light")


@pytest.fixture(autouse=True)
def nothing_left_over(
    qapp: QApplication, theme: Theme, qtlog: pytest.FixtureRequest
) -> Iterator[None]:
    """Fails a test that leaves a running QThread, an active QTimer, a top-level widget or a Qt warning behind."""
    if theme.text_percent != 100 or theme.wanted != "light":
        theme.set_text_percent(100)
        theme.set_scheme("light")
    before = set(map(id, qapp.topLevelWidgets()))
    gc.freeze()  # what is older than the test is neither searched nor collected: with torch loaded that takes a second
    yield
    _destroy_what_is_to_be_deleted()
    gc.collect()
    ours = [o for o in gc.get_objects() if issubclass(type(o), QThread | QTimer) and isValid(o)]
    threads = [
        o for o in ours if isinstance(o, QThread) and o is not qapp.thread() and o.isRunning()
    ]
    timers = [o for o in ours if isinstance(o, QTimer) and o.isActive()]
    windows = [
        w for w in qapp.topLevelWidgets() if id(w) not in before and isValid(w) and w.isVisible()
    ]
    complaints = [
        record.message
        for record in qtlog.records
        if record.type.name in ("QtWarningMsg", "QtCriticalMsg", "WARNING", "CRITICAL")
        and not any(known in record.message for known in _OFFSCREEN_LIMITS)
    ]
    assert not threads, f"QThreads left running: {threads}"
    assert not timers, f"QTimers left active: {[(t, t.parent()) for t in timers]}"
    assert not windows, f"windows left open: {windows}"
    assert not complaints, f"Qt complained: {complaints}"


@pytest.fixture
def start_fake() -> "FakeStart":
    return FakeStart()


class FakeJob:
    """A `Job` that yields what a test wrote down; a callable in the list is called with the job instead."""

    def __init__(self, script: list[Event | Exception | Callable[["FakeJob"], None]]) -> None:
        self.script = script
        self.wishes: list[str] = []
        self.wished = threading.Event()

    def events(self) -> Iterator[Event]:
        for step in self.script:
            if isinstance(step, Exception):
                raise step
            if callable(step):
                step(self)
            else:
                yield step

    def _wish(self, name: str) -> None:
        self.wishes.append(name)
        self.wished.set()

    def stop(self) -> None:
        self._wish("stop")

    def pause(self) -> None:
        self._wish("pause")

    def resume(self) -> None:
        self._wish("resume")

    def kill(self) -> None:
        self._wish("kill")


class FakeStart:
    """A `StartJob` with a script for each operation; remembers what was asked for."""

    def __init__(self) -> None:
        self.scripts: dict[str, list[Event | Exception | Callable[[FakeJob], None]]] = {}
        self.asked: list[tuple[str, object]] = []
        self.jobs: list[FakeJob] = []

    def __call__(self, name: str, config: object) -> FakeJob:
        self.asked.append((name, config))
        job = FakeJob(self.scripts.get(name, []))
        self.jobs.append(job)
        return job


def _destroy_what_is_to_be_deleted() -> None:
    QThreadPool.globalInstance().waitForDone(2000)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
