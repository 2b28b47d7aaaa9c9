import numpy as np
import pytest
import torch

from meddistill_gui.audit.closeness import Pull, closeness, index_of, pull
from meddistill_gui.core.control import Control


@pytest.mark.parametrize("share", [0.5, 0.8, 0.9])
def test_an_innocent_set_scores_one_half_whatever_the_sizes(share):
    """Two hundred images whose nearest patients are drawn blindly from a thousand."""
    random = np.random.default_rng(int(share * 10))
    training = int(1000 * share)
    nearest = random.integers(1000, size=200)
    found = Pull(towards=(nearest < training).astype(float), nearest=nearest)
    result = closeness(found, training, 1000 - training, seed=0)
    assert result.index.low <= 0.5 <= result.index.high
    assert result.p > 0.01


def test_copies_score_one():
    found = Pull(towards=np.ones(60), nearest=np.arange(60))
    result = closeness(found, 500, 500, seed=0)
    assert result.index.value == 1.0
    assert result.p == pytest.approx(1 / 10000)


def test_the_index_is_zero_half_and_one_where_it_should_be():
    assert index_of(np.array([0.0, 0.7, 1.0]), 0.7).tolist() == [0.0, 0.5, 1.0]


def test_sixty_images_of_one_patient_are_one_witness():
    """All images nearest to the same patient: his label decides everything, so nothing is proven."""
    found = Pull(towards=np.ones(60), nearest=np.zeros(60, dtype=np.int64))
    assert closeness(found, 500, 500, seed=0).p > 0.4


def test_an_image_on_both_sides_counts_one_half_whatever_the_order(train, holdout):
    training = torch.from_numpy(train.images[:50]).float() / 255
    other = torch.cat([torch.from_numpy(holdout.images[:49]).float() / 255, training[7:8]])
    numbers = np.arange(50)
    for order in (np.arange(50), np.random.default_rng(0).permutation(50)):
        rows = torch.from_numpy(order)
        found = pull(training[7:8], (training[rows], numbers), (other[rows], numbers), Control())
        assert found.towards.tolist() == [0.5]


def test_a_training_image_is_pulled_to_its_own_patient(train, holdout):
    training = torch.from_numpy(train.images[:50]).float() / 255
    other = torch.from_numpy(holdout.images[:50]).float() / 255
    numbers = np.arange(50)
    found = pull(training[:5], (training, numbers), (other, numbers), Control())
    assert found.towards.tolist() == [1.0] * 5
    assert found.nearest.tolist() == [0, 1, 2, 3, 4]
