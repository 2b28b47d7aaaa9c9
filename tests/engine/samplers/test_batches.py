from collections import Counter

import pytest
import torch

from meddistill_gui.engine.samplers.batches import student_steps


def plan(count: int, batch: int, steps: int, iteration: int = 0, rates: int = 1):
    return student_steps(seed=1, iteration=iteration, count=count, batch=batch, steps=steps, preset="radiograph", size=8, device=torch.device("cpu"), rates=rates)  # fmt: skip


@pytest.mark.parametrize("batch", [0, 6, 99])
def test_without_batches_every_step_sees_all_images(batch: int) -> None:
    for step in plan(6, batch, 3):
        assert sorted(step.images.tolist()) == list(range(6))
        assert len(step.draw) == 6


def test_batches_go_through_all_images_before_any_comes_again() -> None:
    steps = plan(7, 3, 6)
    assert [len(step.images) for step in steps] == [3, 3, 1, 3, 3, 1]
    for first in (0, 3):
        seen = Counter(torch.cat([step.images for step in steps[first : first + 3]]).tolist())
        assert seen == Counter(range(7))


def test_iterations_differ_and_repeat_exactly() -> None:
    same, again, other = plan(7, 3, 4), plan(7, 3, 4), plan(7, 3, 4, iteration=1)
    assert all(torch.equal(a.images, b.images) and torch.equal(a.draw.affine, b.draw.affine) for a, b in zip(same, again, strict=True))  # fmt: skip
    assert any(not torch.equal(a.draw.affine, b.draw.affine) for a, b in zip(same, other, strict=True))  # fmt: skip


def test_rates_are_shared_or_one_per_step() -> None:
    assert [step.rate for step in plan(2, 0, 3)] == [0, 0, 0]
    assert [step.rate for step in plan(2, 0, 3, rates=3)] == [0, 1, 2]
