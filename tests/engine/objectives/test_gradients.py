import pytest
import torch

from meddistill_gui.engine.objectives.gradients import gradient_distance

SHAPES = ((2, 2), (2,))


def test_worked_by_hand() -> None:
    real = torch.tensor([1.0, 0.0, 0.0, 3.0, 9.0, 9.0])
    same = torch.tensor([5.0, 0.0, 0.0, 1.0, -1.0, 2.0])  # other lengths, other bias
    apart = torch.tensor([0.0, 1.0, 0.0, -1.0, 0.0, 0.0])
    assert float(gradient_distance(real, same, SHAPES)) == pytest.approx(0.0, abs=1e-6)
    assert float(gradient_distance(real, apart, SHAPES)) == pytest.approx(1.0 + 2.0)


def test_only_the_synthetic_gradient_is_moved() -> None:
    real = torch.rand(6, requires_grad=True)
    synthetic = torch.rand(6, requires_grad=True)
    gradient_distance(real, synthetic, SHAPES).backward()
    assert real.grad is None
    assert synthetic.grad[:4].any()
    assert not synthetic.grad[4:].any()
