"""Arithmetic of drawn lines: what is near, what may be left out, what stays inside the image. No Qt."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

Point = tuple[float, float]

_TOLERANCE: Final = 0.5


def clamped(point: Point, width: int, height: int) -> Point:
    """The nearest point of the image."""
    return min(max(point[0], 0.0), float(width)), min(max(point[1], 0.0), float(height))


def nearest(points: Sequence[Point], to: Point, reach: float) -> int | None:
    """Number of the nearest of these points, or None where none is within reach."""
    if not points:
        return None
    away = [math.dist(point, to) for point in points]
    best = int(np.argmin(away))
    return best if away[best] <= reach else None


def simplified(points: Sequence[Point], tolerance: float = _TOLERANCE) -> list[Point]:
    """A line through fewer of its points that stays within `tolerance` of all of them (Douglas & Peucker 1973)."""
    kept = {0, len(points) - 1}
    waiting = [(0, len(points) - 1)]
    line = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        away = _distances(line[first + 1 : last], line[first], line[last])
        furthest = int(np.argmax(away))
        if away[furthest] > tolerance:
            middle = first + 1 + furthest
            kept.add(middle)
            waiting += [(first, middle), (middle, last)]
    return [points[index] for index in sorted(kept)] if points else []


def _distances(
    points: "np.ndarray[tuple[int, int], np.dtype[np.float64]]",
    begin: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    end: "np.ndarray[tuple[int], np.dtype[np.float64]]",
) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Of each point from the straight line between two; from the point itself where they are one."""
    along = end - begin
    length = float(np.hypot(*along))
    offset = points - begin
    if length == 0:
        return np.asarray(np.hypot(offset[:, 0], offset[:, 1]))
    return np.asarray(np.abs(along[0] * offset[:, 1] - along[1] * offset[:, 0]) / length)


def with_corner(points: Sequence[Point], after: int) -> list[Point]:
    """One corner more, in the middle of the edge that follows a corner."""
    here, there = points[after], points[(after + 1) % len(points)]
    middle = ((here[0] + there[0]) / 2, (here[1] + there[1]) / 2)
    return [*points[: after + 1], middle, *points[after + 1 :]]
