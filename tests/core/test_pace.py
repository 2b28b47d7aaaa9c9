import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meddistill_gui.core.pace import Pace, in_words


@given(rate=st.floats(0.01, 1000), steps=st.integers(2, 50))
def test_steady_work_is_foretold_exactly(rate, steps):
    pace = Pace()
    for step in range(steps):
        pace.update("x", step, step / rate)
    assert pace.rate == pytest.approx(rate)
    assert pace.seconds_left(steps + 99) == pytest.approx(100 / rate)


def test_a_new_phase_starts_over():
    pace = Pace()
    pace.update("a", 0, 0.0)
    pace.update("a", 10, 1.0)
    pace.update("b", 0, 1.0)
    assert math.isnan(pace.rate)


def test_a_pause_does_not_count():
    paused, steady = Pace(), Pace()
    for step in range(6):
        paused.update("x", step, float(step))
        steady.update("x", step, float(step))
    for now in (5.5, 60.0, 500.0):
        paused.rest(now)
    paused.go_on(505.5)
    for step in range(6, 9):
        paused.update("x", step, step + 500.0)
        steady.update("x", step, float(step))
    assert paused.rate == pytest.approx(steady.rate)


def test_work_that_ends_after_the_wish_to_pause_counts():
    pace = Pace()
    pace.update("x", 0, 0.0)
    pace.rest(0.5)
    pace.update("x", 1, 1.0)
    pace.rest(1.0)
    pace.go_on(101.0)
    pace.update("x", 2, 102.0)
    assert pace.rate == pytest.approx(1.0)


def test_lately_counts_more():
    pace = Pace()
    for second in range(100):
        pace.update("x", second * 10, float(second))
    for second in range(100):
        pace.update("x", 990 + second, 99.0 + second)
    assert pace.rate == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("total", [None, 10])
def test_nothing_is_foretold_from_one_point(total):
    pace = Pace()
    pace.update("x", 3, 0.0)
    assert math.isnan(pace.seconds_left(total))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (math.nan, ""),
        (3, "a few seconds"),
        (42, "about 40 s"),
        (200, "about 3 min"),
        (7000, "about 1.9 h"),
    ],
)
def test_words(seconds, words):
    assert in_words(seconds) == words
