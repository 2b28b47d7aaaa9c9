"""How far the mean features of synthetic images are from those of real ones (distribution matching, arXiv 2110.04181, equation 4)."""

import torch
from torch import Tensor


def mean_feature_match(real: Tensor, synthetic: Tensor) -> Tensor:
    """Sum over classes of the squared distance between the classes' mean features.

    Args:
        real: Features of real images, `[K, B, F]`, B of each class.
        synthetic: Features of synthetic images, `[K, M, F]`; the gradient goes here.
    """
    return (real.detach().mean(dim=1) - synthetic.mean(dim=1)).square().sum()


def share_by_class(features: Tensor, classes: int) -> Tensor:
    """Features `[K * B, F]` of images that are sorted by class as `[K, B, F]`."""
    return features.reshape(classes, -1, *features.shape[1:])


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """Hard labels int64 `[N]` as probabilities float32 `[N, K]`."""
    return torch.nn.functional.one_hot(labels, classes).float()
