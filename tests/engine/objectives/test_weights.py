import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from meddistill_gui.engine.objectives.weights import (
    LayerCosine,
    Quotient,
    Ratio,
    SelfPaced,
    TopFraction,
    everything,
)

STUDENT = torch.tensor([1.0, -1.0, 0.05, 2.0, 0.0, 0.0, -3.0])
TARGET = torch.tensor([1.0, 1.0, 1.0, 0.1, 0.0, 1.0, -3.3])


def weights(rule, student=STUDENT, target=TARGET, before=None, iteration=0) -> list[float]:
    before = torch.zeros_like(target) if before is None else before
    return rule(student, target, before=before, iteration=iteration).tolist()


def test_worked_by_hand() -> None:
    assert weights(Ratio(0.1)) == [1, 0, 0, 0, 1, 0, 1]
    assert weights(Quotient(0.1)) == [1, 0, 0, 1, 1, 0, 1]
    assert weights(TopFraction(3 / 7)) == [1, 0, 1, 0, 1, 0, 1]
    assert weights(everything) == [1] * 7


def test_sigma_nought_is_paper_a_up_to_signs_and_above_one_is_nothing() -> None:
    assert weights(Ratio(0.0)) == [1] * 7
    assert sum(weights(Ratio(1.01))) == 0
    assert weights(TopFraction(0.0)) == [1] * 7


def test_tensors_are_kept_or_left_out_whole() -> None:
    student = torch.tensor([1.0, 0.0, 1.0, -1.0, 0.5])
    target = torch.tensor([1.0, 0.1, -1.0, 1.0, 0.5])
    assert weights(LayerCosine(0.1, (2, 2, 1)), student, target) == [1, 1, 0, 0, 1]


def test_a_parameter_that_was_met_once_counts_from_then_on() -> None:
    rule = SelfPaced(base=0.01, growth=2.0, every=10)
    near = torch.tensor([0.05, 0.11, 1.0])
    first = weights(rule, near, torch.zeros(3))
    assert first == [1, 0, 0]
    assert weights(rule, near * 9, torch.zeros(3), before=torch.tensor(first), iteration=1) == [1, 0, 0]  # fmt: skip
    assert weights(rule, near, torch.zeros(3), iteration=10) == [1, 1, 0]


@pytest.mark.parametrize("rule", [Ratio(0.3), Quotient(0.3), TopFraction(0.3), LayerCosine(0.2, (3, 2)), SelfPaced(0.1, 1.3), everything], ids=repr)  # fmt: skip
@given(numbers=st.lists(st.floats(-10, 10, width=32), min_size=10, max_size=10))
def test_weights_are_nought_or_one_and_constants(rule, numbers: list[float]) -> None:
    student = torch.tensor(numbers[:5], requires_grad=True)
    found = rule(student, torch.tensor(numbers[5:]), before=torch.zeros(5), iteration=3)
    assert found.shape == (5,)
    assert set(found.tolist()) <= {0.0, 1.0}
    assert not found.requires_grad
