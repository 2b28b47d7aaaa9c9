"""Reads a run folder four times a second on its own thread; the window gets what is new, and of pictures only the newest."""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QThread, QTimer, Signal

from meddistill_gui.core.events import Event, Frame
from meddistill_gui.core.project import in_use
from meddistill_gui.core.run_folder import RunFolder, asked, read_events

POLL_MS: Final = 250


@dataclass
class RunNews:
    """What was read since the window looked last.

    Attributes:
        root: The run folder it is about.
        events: New events, in order.
        alive: Whether a process holds the run folder.
        wish: What was asked of the run.
        has_result: Whether there is a distilled set.
        frame: The snapshot shown, or None.
        pixels: Its images, uint8 `[N, H, W]` or `[N, H, W, 3]`; None if they are the same as before.
        read_at: Seconds on a steady clock.
    """

    root: Path
    events: list[Event] = field(default_factory=list)
    alive: bool = False
    wish: str = ""
    has_result: bool = False
    frame: Frame | None = None
    pixels: npt.NDArray[np.uint8] | None = None
    read_at: float = 0.0


class RunWatcher(QObject):
    """Watches one run folder at a time.

    `arrived` says that `take` has something. It reads between `begin` and `close`, while somebody looks.

    Args:
        parent: Owner, in the window's thread.
    """

    arrived = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = QThread(self)
        self._reader = _Reader()
        self._reader.moveToThread(self._thread)
        self._thread.started.connect(self._reader.begin)
        self._thread.finished.connect(self._reader.end)
        self._reader.filled.connect(self._pass_on)

    def watch(self, root: Path | None) -> None:
        """Watch this run folder from the beginning of its log; None watches nothing."""
        self._reader.aim(root)

    def begin(self) -> None:
        """Read four times a second from now on."""
        if not self._thread.isRunning():
            self._thread.start()

    def show_frame(self, frame: Frame | None) -> None:
        """Read this snapshot; None follows the newest."""
        self._reader.show_frame(frame)

    def take(self) -> RunNews | None:
        """What is new since the last call."""
        return self._reader.take()

    def close(self) -> None:
        """Read no more; the thread ends. `begin` goes on where it was."""
        if self._thread.isRunning():
            self._thread.quit()
            self._thread.wait()

    def _pass_on(self) -> None:
        self.arrived.emit()


class _Reader(QObject):
    """Lives in the watcher's thread; `aim`, `show_frame` and `take` may be called from the window."""

    filled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._news: RunNews | None = None
        self._root: Path | None = None
        self._offset = 0
        self._newest: Frame | None = None
        self._wanted: Frame | None = None
        self._shown: Frame | None = None
        self._timer: QTimer | None = None

    def begin(self) -> None:
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self.poll)
        self._timer.start()
        self.poll()

    def end(self) -> None:
        if self._timer is not None:
            self._timer.stop()

    def aim(self, root: Path | None) -> None:
        with self._lock:
            self._root, self._offset, self._news = root, 0, None
            self._newest = self._wanted = self._shown = None

    def show_frame(self, frame: Frame | None) -> None:
        with self._lock:
            self._wanted, self._shown = frame, None

    def take(self) -> RunNews | None:
        with self._lock:
            news, self._news = self._news, None
            return news

    def poll(self) -> None:
        with self._lock:
            root = self._root
        if root is None:
            return
        run = RunFolder(root)
        alive, wish = in_use(run.root), asked(run)
        events, offset = read_events(run.events, self._offset)
        frames = [event for event in events if isinstance(event, Frame)]
        with self._lock:
            if self._root != root:
                return
            self._offset = offset
            self._newest = frames[-1] if frames else self._newest
            frame = self._wanted or self._newest
            known = frame == self._shown
        pixels = None if known or frame is None else _read_frame(run, frame)
        news = RunNews(
            root=root,
            events=events,
            alive=alive,
            wish=wish,
            has_result=run.result.is_file(),
            frame=frame,
            pixels=pixels,
            read_at=time.monotonic(),
        )
        self._put(news)

    def _put(self, news: RunNews) -> None:
        with self._lock:
            if self._root != news.root:
                return
            before = self._news
            if before is not None:
                news.events = before.events + news.events
                news.pixels = before.pixels if news.pixels is None else news.pixels
            if news.pixels is not None:
                self._shown = news.frame
            self._news = news
        if before is None:
            self.filled.emit()


def _read_frame(run: RunFolder, frame: Frame) -> npt.NDArray[np.uint8] | None:
    """The snapshot, or None while it cannot be read: it may have been replaced or the disk may be gone; the next poll tries again."""
    try:
        pixels: npt.NDArray[np.uint8] = np.load(run.root / frame.path, allow_pickle=False)
    except (OSError, ValueError):
        return None
    return pixels
