"""The shape term: nothing between alike ways, its gradient by finite differences, still points."""

import math

import pytest
import torch

from meddistill_gui.engine.objectives.shape import shape_match
from meddistill_gui.engine.seeding import generator


def points(count: int, seed: int = 0) -> tuple[torch.Tensor, ...]:
    return tuple(torch.randn(count, 7, generator=generator(seed, "points"), dtype=torch.float64))


def test_ways_of_one_shape_do_not_differ_whatever_their_length() -> None:
    start, middle, end = points(3)
    longer = (start + 3 * (middle - start), start + 3 * (end - start))
    match = shape_match(start, longer, (middle, end))
    assert match.loss == pytest.approx(0.0, abs=1e-20)
    assert float(match.end.norm()) == pytest.approx(0.0, abs=1e-9)


def test_a_right_angle_beside_a_straight_way_is_as_computed_by_hand() -> None:
    start, east = torch.zeros(2, dtype=torch.float64), torch.tensor([1.0, 0.0]).double()
    corner, straight = torch.tensor([1.0, 1.0]).double(), 2 * east
    match = shape_match(start, (east, corner), (east, straight))
    half = math.sqrt(0.5)  # cosines 0.71, 0, 0.71 where the straight way has 1, 1, 1
    assert match.loss == pytest.approx((2 * (1 - half) ** 2 / 2 + 0.5) / 3)


def test_the_gradient_is_the_slope() -> None:
    start, middle, end, *expert = points(5, seed=1)
    match = shape_match(start, (middle, end), tuple(expert))
    direction, step = points(1, seed=2)[0], 1e-6
    for place, slope in enumerate((match.middle, match.end)):
        losses = []
        for sign in (1, -1):
            moved = [middle, end]
            moved[place] = moved[place] + sign * step * direction
            losses.append(shape_match(start, tuple(moved), tuple(expert)).loss)
        assert float(slope @ direction) == pytest.approx((losses[0] - losses[1]) / (2 * step), rel=1e-5)  # fmt: skip


def test_a_way_that_stands_still_has_a_finite_gradient() -> None:
    start, middle, end = points(3, seed=3)
    match = shape_match(start, (start, start), (middle, end))
    assert math.isfinite(match.loss)
    assert bool(match.middle.isfinite().all())
    assert bool(match.end.isfinite().all())
