"""A run never ends in NaN."""

import math

import pytest
import torch

from meddistill_gui.engine import gates
from meddistill_gui.engine.checkpoint import Best, Checkpoint
from meddistill_gui.engine.method import Learned, StepReport


def at(**state: torch.Tensor) -> Checkpoint:
    state = state or {"images": torch.ones(2), "images.velocity": torch.ones(2)}
    return Checkpoint(digest="d", iteration=3, state=state)


def test_a_finite_step_is_taken_and_forgives_setbacks() -> None:
    moved = {"images": torch.zeros(2), "images.velocity": torch.ones(2)}
    after = gates.advanced(gates.replace(at(), setbacks=3), StepReport(state=moved, loss=0.5))
    assert after.state is moved
    assert (after.iteration, after.setbacks) == (4, 0)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_step_that_leaves_the_finite_numbers_is_not_taken(bad: float) -> None:
    broken = {"images": torch.tensor([0.0, bad]), "images.velocity": torch.zeros(2)}
    for report in (StepReport(state=broken, loss=0.5), StepReport(state=at().state, loss=bad)):
        after = gates.advanced(at(), report)
        assert gates.finite(after.state)
        assert torch.equal(after.state["images"], torch.ones(2))
        assert torch.equal(after.state["images.velocity"], torch.zeros(2))
        assert (after.iteration, after.setbacks) == (4, 1)


def test_a_skipped_step_is_no_setback() -> None:
    after = gates.advanced(at(), StepReport(state=at().state, loss=math.nan, skipped="too high"))
    assert (after.iteration, after.setbacks, after.skipped) == (4, 0, 1)
    told = [warning.code for warning in gates.warnings_of(at(), after, "too high")]
    assert told == ["skipped-iteration"]
    again = gates.advanced(after, StepReport(state=at().state, loss=math.nan, skipped="too high"))
    assert list(gates.warnings_of(after, again, "too high")) == []


def test_recovers_a_few_times_and_then_gives_up() -> None:
    stuck = gates.replace(at(), setbacks=gates.SETBACKS_BEFORE_RECOVERY)
    assert gates.must_recover(stuck)
    assert not gates.exhausted(stuck)
    assert gates.exhausted(gates.replace(stuck, recoveries=gates.RECOVERIES))


def test_recovery_goes_back_to_the_best_set() -> None:
    class Fresh:
        def restarted(self, setting, state, images):
            return {"images": images, "images.velocity": torch.zeros_like(images)}  # fmt: skip

    learned = Learned(images=torch.full((2,), 9.0), labels=torch.eye(2), rates=torch.ones(1))
    stuck = gates.replace(at(), setbacks=5, best=Best(learned=learned, score=0.5, iteration=1))
    after = gates.recovered(Fresh(), None, stuck)
    assert torch.equal(after.state["images"], learned.images)
    assert after.state.keys() == stuck.state.keys()
    assert (after.setbacks, after.recoveries) == (0, 1)
    assert [warning.code for warning in gates.warnings_of(stuck, after, "")] == ["went-back"]
