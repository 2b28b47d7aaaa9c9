from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meddistill_gui.engine.samplers.segments import (
    Segment,
    begun_earlier,
    experts_of,
    growing_window,
    uniform,
)


@given(
    seed=st.integers(0, 10**6),
    iteration=st.integers(0, 10**5),
    experts=st.integers(1, 20),
    min_start=st.integers(0, 5),
    more=st.integers(1, 10),
    length=st.integers(1, 4),
)
def test_segments_lie_in_their_window(seed: int, iteration: int, experts: int, min_start: int, more: int, length: int) -> None:  # fmt: skip
    drawn = uniform(seed=seed, iteration=iteration, experts=experts, max_start=min_start + more, length=length, min_start=min_start)  # fmt: skip
    assert 0 <= drawn.expert < experts
    assert min_start <= drawn.start < min_start + more
    assert drawn.end == drawn.start + length
    assert drawn == uniform(seed=seed, iteration=iteration, experts=experts, max_start=min_start + more, length=length, min_start=min_start)  # fmt: skip


def test_experts_take_turns() -> None:
    drawn = [uniform(seed=1, iteration=n, experts=7, max_start=3, length=1) for n in range(70)]
    assert set(Counter(one.expert for one in drawn).values()) == {10}
    assert [one.expert for one in drawn[:7]] != [one.expert for one in drawn[7:14]]
    assert set(Counter(one.start for one in drawn)) == {0, 1, 2}


def test_the_window_grows_to_its_end_and_no_further() -> None:
    bounds = [growing_window(iteration=n, grown_at=100, first=2, max_start=8) for n in range(201)]
    assert bounds[0] == 2
    assert bounds == sorted(bounds)
    assert bounds[99] < 8
    assert set(bounds[100:]) == {8}
    assert growing_window(iteration=0, grown_at=0, first=2, max_start=8) == 8


def test_no_experts_is_said() -> None:
    with pytest.raises(ValueError, match="at least one expert"):
        experts_of(None)


@given(
    seed=st.integers(0, 10**6),
    iteration=st.integers(0, 10**5),
    start=st.integers(0, 5),
    length=st.integers(1, 5),
)
def test_a_segment_begins_less_than_an_epoch_earlier_and_is_as_long(seed: int, iteration: int, start: int, length: int) -> None:  # fmt: skip
    whole = Segment(expert=2, start=start, end=start + length)
    drawn = begun_earlier(whole, seed=seed, iteration=iteration)
    assert drawn == begun_earlier(whole, seed=seed, iteration=iteration)
    assert drawn.expert == 2
    assert max(0, start - 1) <= drawn.start <= start
    assert drawn.end - drawn.start == pytest.approx(length)
    assert drawn.end <= whole.end
    assert drawn.middle == pytest.approx(drawn.start + length // 2)


def test_starts_lie_evenly_between_two_epochs() -> None:
    whole = Segment(expert=0, start=3, end=5)
    starts = [begun_earlier(whole, seed=0, iteration=n).start for n in range(2000)]
    tenths = Counter(int(10 * (start - 2)) for start in starts)
    assert set(tenths) == set(range(10))
    assert max(tenths.values()) < 2 * min(tenths.values())


def test_the_middle_of_whole_epochs_is_a_whole_epoch() -> None:
    assert Segment(expert=0, start=1, end=4).middle == 2
    assert Segment(expert=0, start=2, end=4).middle == 3
