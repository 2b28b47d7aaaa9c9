"""How a user's wish to pause or stop reaches the work: by asking, never by killing."""

import threading
import time
from collections.abc import Callable
from typing import Final

from meddistill_gui.core.errors import Stopped

_POLL_SECONDS: Final = 0.1


class Control:
    """Pause and stop requests for one operation; may be used from any thread.

    Args:
        outside: Asked now and then for a wish from elsewhere ("pause", "stop" or ""), e.g. a file in the run folder.
    """

    def __init__(self, outside: Callable[[], str] = lambda: "") -> None:
        self._stop = threading.Event()
        self._pause = threading.Event()
        self._outside = outside
        self._asked = -1.0
        self._wish = ""

    def request_stop(self) -> None:
        """Ask the work to stop at its next safe point and keep what it has."""
        self._stop.set()

    def request_pause(self) -> None:
        """Ask the work to wait at its next safe point."""
        self._pause.set()

    def request_resume(self) -> None:
        """Let paused work go on."""
        self._pause.clear()

    @property
    def stop_requested(self) -> bool:
        """Whether the work should stop at its next safe point."""
        return self._stop.is_set() or self._wish_outside() == "stop"

    @property
    def paused(self) -> bool:
        """Whether the work should wait."""
        return self._pause.is_set() or self._wish_outside() == "pause"

    def watching(self, outside: Callable[[], str]) -> "Control":
        """The same requests, and those that `outside` reports as well."""
        before = self

        def either() -> str:
            if before.stop_requested:
                return "stop"
            return "pause" if before.paused else outside()

        return Control(either)

    def safe_point(self) -> None:
        """Call where stopping loses nothing: waits while paused.

        Raises:
            Stopped: A stop was requested.
        """
        while self.paused and not self.stop_requested:
            time.sleep(_POLL_SECONDS)
        if self.stop_requested:
            raise Stopped("Stopped as you asked.", "What was done is kept.")

    def _wish_outside(self) -> str:
        now = time.monotonic()
        if now - self._asked >= _POLL_SECONDS:
            self._asked = now
            self._wish = self._outside()
        return self._wish
