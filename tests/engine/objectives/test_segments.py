import pytest
import torch

from meddistill_gui.engine.objectives.segments import segment_match
from meddistill_gui.engine.seeding import generator


def points() -> list[torch.Tensor]:
    random = generator(0, "points")
    return [torch.randn(50, generator=random, dtype=torch.float64) for _ in range(3)]


def test_a_student_that_stays_has_loss_one_and_one_that_arrives_none() -> None:
    _, start, target = points()
    every = torch.ones(50, dtype=torch.float64)
    assert segment_match(start, start, target, every).loss == pytest.approx(1.0)
    assert segment_match(target, start, target, every).loss == 0.0


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_the_cotangent_is_the_gradient(share: float) -> None:
    student, start, target = points()
    weights = (torch.rand(50, generator=generator(1, "w")) < share).double()
    leaf = student.clone().requires_grad_()
    way = (weights * (start - target) ** 2).sum()
    loss = (weights * (leaf - target) ** 2).sum() / way
    found = segment_match(student, start, target, weights)
    assert found.loss == pytest.approx(float(loss.detach()))
    assert torch.allclose(found.cotangent, torch.autograd.grad(loss, leaf)[0], rtol=1e-12)
    assert found.kept == pytest.approx(float(weights.mean()))
    assert found.unmasked == pytest.approx(float((student - target).square().sum() / (start - target).square().sum()))  # fmt: skip


def test_nothing_to_match_is_said() -> None:
    student, start, target = points()
    assert segment_match(student, start, target, torch.zeros(50, dtype=torch.float64)) is None
    assert segment_match(student, start, start, torch.ones(50, dtype=torch.float64)) is None
    assert segment_match(student, start, target * float("nan"), torch.ones(50)) is None
