import pytest
import torch

from meddistill_gui.engine.objectives.features import mean_feature_match, one_hot, share_by_class


def test_is_the_squared_distance_of_the_class_means() -> None:
    real = torch.tensor([[[1.0, 0.0], [3.0, 0.0]], [[0.0, 0.0], [0.0, 2.0]]])
    synthetic = torch.tensor([[[0.0, 0.0]], [[0.0, 1.0]]])
    assert float(mean_feature_match(real, synthetic)) == pytest.approx(4.0)


def test_only_the_synthetic_images_are_moved() -> None:
    real = torch.ones(2, 3, 4, requires_grad=True)
    synthetic = torch.zeros(2, 1, 4, requires_grad=True)
    mean_feature_match(real, synthetic).backward()
    assert real.grad is None
    assert torch.equal(synthetic.grad, torch.full((2, 1, 4), -2.0))


def test_features_are_shared_out_in_the_order_of_the_classes() -> None:
    features = torch.arange(12.0).view(6, 2)
    assert torch.equal(share_by_class(features, 3)[1], features[2:4])
    assert torch.equal(one_hot(torch.tensor([1, 0]), 2), torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
