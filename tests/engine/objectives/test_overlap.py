import pytest
import torch

from meddistill_gui.engine.objectives.overlap import class_cosines, mean_overlap, to_restart

LABELS = torch.tensor([0, 0, 0, 1, 1])
FEATURES = torch.tensor([[2.0, 0.0], [3.0, 0.0], [1.0, 1.0], [0.0, 5.0], [0.0, -1.0]])
CENTRES = torch.tensor([[1.0, 0.0], [0.0, 1.0]])


def test_worked_by_hand() -> None:
    cosines = class_cosines(FEATURES, CENTRES, LABELS)
    assert float(cosines[0, 1]) == pytest.approx(1.0)
    assert float(cosines[0, 2]) == pytest.approx(0.0)
    assert float(cosines[3, 4]) == pytest.approx(-1.0)
    assert torch.equal(cosines.diagonal(), torch.zeros(5))
    assert torch.equal(cosines[:3, 3:], torch.zeros(3, 2))


def test_the_weaker_of_a_pair_leaves_and_no_other() -> None:
    cosines = class_cosines(FEATURES, CENTRES, LABELS)
    assert to_restart(cosines, torch.tensor([2.0, 1.0, 0.0, 0.0, 0.0]), 0.9).tolist() == [False, True, False, False, False]  # fmt: skip
    assert to_restart(cosines, torch.tensor([1.0, 2.0, 0.0, 0.0, 0.0]), 0.9).tolist() == [True, False, False, False, False]  # fmt: skip
    assert not to_restart(cosines, torch.ones(5), 1.1).any()


def test_one_of_three_alike_always_stays() -> None:
    alike = class_cosines(torch.ones(3, 2), torch.zeros(1, 2), torch.zeros(3, dtype=torch.int64))
    leaving = to_restart(alike, torch.tensor([1.0, 2.0, 3.0]), 0.9)
    assert not bool(leaving[2])
    assert bool(leaving.any())


def test_mean_overlap_of_lonely_images_is_nought() -> None:
    assert mean_overlap(class_cosines(FEATURES[2:4], CENTRES, LABELS[2:4])) == 0.0
