import pytest
import torch

from meddistill_gui.engine.objectives.overlap import (
    class_cosines,
    mean_overlap,
    real_bounds,
    to_restart,
)

LABELS = torch.tensor([0, 0, 0, 1, 1])
FEATURES = torch.tensor([[2.0, 0.0], [3.0, 0.0], [1.0, 1.0], [0.0, 5.0], [0.0, -1.0]])
CENTRES = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
ABOVE = torch.full((5,), 0.9)


def test_worked_by_hand() -> None:
    cosines = class_cosines(FEATURES, CENTRES, LABELS)
    assert float(cosines[0, 1]) == pytest.approx(1.0)
    assert float(cosines[0, 2]) == pytest.approx(0.0)
    assert float(cosines[3, 4]) == pytest.approx(-1.0)
    assert torch.equal(cosines.diagonal(), torch.zeros(5))
    assert torch.equal(cosines[:3, 3:], torch.zeros(3, 2))


def test_the_weaker_of_a_pair_leaves_and_no_other() -> None:
    cosines = class_cosines(FEATURES, CENTRES, LABELS)
    assert to_restart(cosines, torch.tensor([2.0, 1.0, 0.0, 0.0, 0.0]), ABOVE).tolist() == [False, True, False, False, False]  # fmt: skip
    assert to_restart(cosines, torch.tensor([1.0, 2.0, 0.0, 0.0, 0.0]), ABOVE).tolist() == [True, False, False, False, False]  # fmt: skip
    assert not to_restart(cosines, torch.ones(5), torch.full((5,), 1.1)).any()


def test_one_of_three_alike_always_stays() -> None:
    alike = class_cosines(torch.ones(3, 2), torch.zeros(1, 2), torch.zeros(3, dtype=torch.int64))
    leaving = to_restart(alike, torch.tensor([1.0, 2.0, 3.0]), ABOVE[:3])
    assert not bool(leaving[2])
    assert bool(leaving.any())


def test_mean_overlap_of_lonely_images_is_nought() -> None:
    assert mean_overlap(class_cosines(FEATURES[2:4], CENTRES, LABELS[2:4])) == 0.0


def test_each_class_has_its_own_bound() -> None:
    alike = class_cosines(FEATURES, torch.tensor([[0.0, 0.0], [0.0, 9.0]]), LABELS)
    everywhere = to_restart(alike, torch.ones(5), torch.tensor([1.1, 1.1, 1.1, 0.9, 0.9]))
    assert everywhere.tolist()[:3] == [False] * 3
    assert sum(everywhere.tolist()[3:]) == 1


def test_the_bound_is_what_real_images_of_the_class_stay_below() -> None:
    real = torch.randn(2, 30, 8, generator=torch.Generator().manual_seed(0))
    real[1] = real[1] * torch.tensor(
        [5.0, *[0.1] * 7]
    )  # a class whose images differ in one way only
    bounds = real_bounds(real, 0.9)
    for one, bound in zip(real, bounds.tolist(), strict=True):
        around = torch.zeros(30, dtype=torch.int64)
        cosines = class_cosines(one, one.mean(dim=0, keepdim=True), around)
        pairs = cosines[tuple(torch.triu_indices(30, 30, offset=1))]
        assert float((pairs <= bound).float().mean()) == pytest.approx(0.9, abs=0.005)
    assert bounds[1] > bounds[0]


def test_an_image_that_was_drawn_twice_is_no_pair() -> None:
    real = torch.randn(1, 12, 8, generator=torch.Generator().manual_seed(0))
    twice = torch.cat([real, real], dim=1)
    assert float(real_bounds(twice, 1.0)) == pytest.approx(float(real_bounds(real, 1.0)))
    assert float(real_bounds(real[:, :1].expand(1, 5, 8), 0.5)) == 1.0
