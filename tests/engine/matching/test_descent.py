import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from meddistill_gui.engine.matching import descent


def test_momentum_adds_up_the_past() -> None:
    """With a constant gradient of 1 the velocity after n steps is 2 (1 - 2^-n), for momentum 1/2."""
    value, velocity = torch.zeros(4), torch.zeros(4)
    for _ in range(5):
        value, velocity = descent.with_momentum(
            value, velocity, torch.ones(4), rate=0.3, momentum=0.5
        )
    assert torch.allclose(velocity, torch.full((4,), 2 * (1 - 2.0**-5)))
    assert torch.allclose(
        value, torch.full((4,), -0.3 * sum(2 * (1 - 2.0**-n) for n in range(1, 6)))
    )


@given(rate=st.floats(1e-7, 10.0))
def test_raw_and_rate_undo_each_other(rate: float) -> None:
    raw = torch.tensor([descent.raw_of_rate(rate)], dtype=torch.float64)
    assert float(descent.rate_of_raw(raw)) == pytest.approx(rate, rel=1e-6)


@given(slopes=st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=1, max_size=60))
def test_no_gradient_makes_the_rate_leave_its_bounds(slopes: list[float]) -> None:
    raw, velocity = torch.tensor([descent.raw_of_rate(0.05)]), torch.zeros(1)
    for slope in slopes:
        before = descent.rate_of_raw(raw)
        raw, velocity = descent.moved_rate(raw, velocity, torch.tensor([slope]), rate=1.0, momentum=0.5, low=0.01, high=0.2)  # fmt: skip
        after = descent.rate_of_raw(raw)
        assert 0.0099 <= float(after) <= 0.2001
        assert 0.89 < float(after / before) < 1.12


@pytest.mark.parametrize(("slope", "bound"), [(1e30, 0.01), (1.0, 0.01), (-1.0, 0.2), (-1e30, 0.2)])
def test_a_rate_that_is_pushed_on_and_on_stops_at_its_bound(slope: float, bound: float) -> None:
    raw, velocity = torch.tensor([descent.raw_of_rate(0.05)]), torch.zeros(1)
    for _ in range(100):
        raw, velocity = descent.moved_rate(raw, velocity, torch.tensor([slope]), rate=10.0, momentum=0.5, low=0.01, high=0.2)  # fmt: skip
    assert float(descent.rate_of_raw(raw)) == pytest.approx(bound, rel=1e-4)


def test_the_raw_rate_follows_the_chain_rule() -> None:
    raw = torch.tensor([descent.raw_of_rate(0.05)], requires_grad=True)
    (slope,) = torch.autograd.grad(3.0 * descent.rate_of_raw(raw), raw)
    moved, _ = descent.moved_rate(raw.detach(), torch.zeros(1), torch.tensor([3.0]), rate=0.1, momentum=0.0, low=1e-3, high=1.0)  # fmt: skip
    assert torch.allclose(moved, raw.detach() - 0.1 * slope)


def test_long_gradients_are_shortened_and_short_ones_left() -> None:
    assert float(descent.clipped(torch.full((4,), 5.0), 1.0).norm()) == pytest.approx(1.0, rel=1e-5)
    assert torch.allclose(descent.clipped(torch.full((4,), 0.1), 1.0), torch.full((4,), 0.1))
    assert torch.equal(descent.clipped(torch.full((4,), 5.0), 0.0), torch.full((4,), 5.0))
