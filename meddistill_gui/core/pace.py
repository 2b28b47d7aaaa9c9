"""Time left, from how fast the work went lately."""

import math
from typing import Final

_MEMORY_SECONDS: Final = 20.0


class Pace:
    """Rate of one phase, weighted towards the last 20 seconds.

    The clock is given in, so that the same code serves a live terminal and a log that is read again.
    """

    def __init__(self) -> None:
        self._phase = ""
        self._done = 0
        self._at = 0.0
        self._rate = math.nan
        self._resting: float | None = None

    def rest(self, now: float) -> None:
        """The work is paused, as of `now`: time does not count until `go_on`."""
        if self._resting is None:
            self._resting = now

    def go_on(self, now: float) -> None:
        """The work goes on at `now`; without a rest before nothing changes."""
        if self._resting is not None:
            self._at += now - self._resting
            self._resting = None

    def update(self, phase: str, done: int, now: float) -> None:
        """Take in that `done` units of `phase` were complete at `now` (seconds on any steady clock)."""
        if phase != self._phase or done < self._done:
            self._phase, self._done, self._at, self._rate = phase, done, now, math.nan
            self._resting = None
            return
        elapsed = now - self._at
        if elapsed <= 0 or done == self._done:
            return
        rate = (done - self._done) / elapsed
        weight = 1.0 if math.isnan(self._rate) else 1.0 - math.exp(-elapsed / _MEMORY_SECONDS)
        self._rate = rate if math.isnan(self._rate) else self._rate + weight * (rate - self._rate)
        self._done, self._at = done, now
        if self._resting is not None:  # work that was begun before the pause
            self._resting = now

    @property
    def rate(self) -> float:
        """Units a second; NaN until two updates have come."""
        return self._rate

    def seconds_left(self, total: int | None) -> float:
        """Seconds until `total`; NaN where it cannot be told."""
        if total is None or not self._rate > 0:
            return math.nan
        return max(0.0, (total - self._done) / self._rate)


def in_words(seconds: float) -> str:
    """A duration as a person says it: "about 3 min"; "" for NaN."""
    if math.isnan(seconds):
        return ""
    if seconds < 10:
        return "a few seconds"
    if seconds < 90:
        return f"about {round(seconds / 5) * 5} s"
    if seconds < 90 * 60:
        return f"about {round(seconds / 60)} min"
    return f"about {seconds / 3600:.1f} h"
