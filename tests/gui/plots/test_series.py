import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meddistill_gui.gui.plots.series import Series, decimated


def test_points_survive_the_growth_of_the_buffers():
    series = Series(capacity=2)
    series.extend(range(1000), [step / 7 for step in range(1000)])
    assert np.array_equal(series.steps, np.arange(1000.0))
    assert np.array_equal(series.values, np.arange(1000) / 7)
    assert series.steps.dtype == np.float64


def test_a_resumed_run_says_steps_again_and_the_new_values_stand():
    series = Series()
    series.extend([1, 2, 3, 4, 5], [0.5, 0.4, 0.3, 0.2, 0.1])
    series.extend([3, 4], [9.0, 8.0])
    assert series.steps.tolist() == [1, 2, 3, 4]
    assert series.values.tolist() == [0.5, 0.4, 9.0, 8.0]


def test_the_newest_finite_point_is_the_last():
    series = Series()
    assert series.last() is None
    series.extend([1, 2, 3], [0.5, 0.25, float("nan")])
    assert series.last() == (2.0, 0.25)


@pytest.mark.parametrize(
    ("values", "trend"),
    [
        (np.linspace(1, 0, 100), -1),
        (np.linspace(0, 1, 100), 1),
        (np.ones(100), 0),
        (np.array([1.0, 0.5]), 0),
    ],
)
def test_trend(values, trend):
    series = Series()
    series.extend(range(len(values)), values)
    assert series.trend() == trend


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=3000),
    st.integers(2, 60).map(lambda half: 2 * half),
)
def test_decimation_keeps_ends_extremes_order_and_limit(values, limit):
    steps, values = np.arange(len(values), dtype=float), np.asarray(values)
    chosen_steps, chosen = decimated(steps, values, limit)
    assert len(chosen) <= max(limit, 1)
    assert chosen.max() == values.max()
    assert chosen.min() == values.min()
    assert (np.diff(chosen_steps) > 0).all()
    assert (chosen_steps[0], chosen_steps[-1]) == (steps[0], steps[-1])
    assert np.array_equal(chosen, values[chosen_steps.astype(int)])


def test_decimation_stands_holes():
    values = np.full(5000, np.nan)
    values[1234] = 7.0
    _, chosen = decimated(np.arange(5000.0), values, 100)
    assert np.nanmax(chosen) == 7.0
