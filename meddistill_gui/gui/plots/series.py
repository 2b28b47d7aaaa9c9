"""The points of one curve in buffers that only grow by doubling; drawn with few points however many there are."""

import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]
_TREND_SHARE: Final = 0.1
_TREND_TOLERANCE: Final = 0.01


class Series:
    """Steps and values of one curve, steps strictly rising.

    A run that was resumed says some steps again; from there on the new values stand, the old ones are forgotten.
    """

    def __init__(self, capacity: int = 1024) -> None:
        self._steps: Float64 = np.empty(capacity)
        self._values: Float64 = np.empty(capacity)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def steps(self) -> Float64:
        """float64 `[n]`: where on the horizontal axis. A view, not a copy."""
        return self._steps[: self._count]

    @property
    def values(self) -> Float64:
        """float64 `[n]`: may hold NaN. A view, not a copy."""
        return self._values[: self._count]

    def append(self, step: float, value: float) -> None:
        """Add one point."""
        if self._count and step <= self._steps[self._count - 1]:
            self._count = int(np.searchsorted(self.steps, step))
        if self._count == len(self._steps):
            self._steps = np.concatenate([self._steps, np.empty_like(self._steps)])
            self._values = np.concatenate([self._values, np.empty_like(self._values)])
        self._steps[self._count] = step
        self._values[self._count] = value
        self._count += 1

    def extend(self, steps: Sequence[float], values: Sequence[float]) -> None:
        """Add several points in order."""
        for step, value in zip(steps, values, strict=True):
            self.append(step, value)

    def clear(self) -> None:
        """Forget all points."""
        self._count = 0

    def last(self) -> tuple[float, float] | None:
        """The newest finite point as (step, value), or None."""
        finite = np.flatnonzero(np.isfinite(self.values))
        if not len(finite):
            return None
        return float(self.steps[finite[-1]]), float(self.values[finite[-1]])

    def trend(self) -> int:
        """Where the values go lately: 1 rising, -1 falling, 0 steady or too few points to tell."""
        finite = self.values[np.isfinite(self.values)]
        window = max(3, int(len(finite) * _TREND_SHARE))
        if len(finite) < 2 * window:
            return 0
        before, lately = finite[-2 * window : -window].mean(), finite[-window:].mean()
        if abs(lately - before) <= _TREND_TOLERANCE * max(abs(before), 1e-12):
            return 0
        return 1 if lately > before else -1


def decimated(steps: Float64, values: Float64, limit: int) -> tuple[Float64, Float64]:
    """At most `limit` points that draw the same outline: the lowest and the highest of each stretch, in their order.

    Args:
        steps: float64 `[n]`, rising.
        values: float64 `[n]`; NaN counts only where a stretch holds nothing else.
        limit: Even number, at least 4.
    """
    if len(steps) <= limit:
        return steps, values
    inner = (limit - 2) // 2
    bounds = np.linspace(1, len(steps) - 1, inner + 1).astype(np.int64)
    kept = [0]
    for start, stop in itertools.pairwise(bounds):
        kept += _extremes(values, int(start), int(stop))
    kept.append(len(steps) - 1)
    chosen = np.asarray(kept)
    return steps[chosen], values[chosen]


def _extremes(values: Float64, start: int, stop: int) -> list[int]:
    stretch = values[start:stop]
    if np.isnan(stretch).all():
        return [start]
    low, high = int(np.nanargmin(stretch)), int(np.nanargmax(stretch))
    return sorted({start + low, start + high})
