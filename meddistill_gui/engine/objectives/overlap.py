"""How much synthetic images of a class repeat each other, and which of them should begin anew.

The idea is paper C's ("dynamic overlap mitigation", Yu, Liu & Chen 2024, arXiv 2403.13469), whose formulas are not
public: what stands here is our own design. Two images overlap when their features lie in the same direction, seen from
the mean feature of the class's real images, more closely than nearly all pairs of its real images do.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def class_cosines(features: Tensor, centres: Tensor, labels: Tensor) -> Tensor:
    """Cosines between images of the same class: `[N, N]`, 0 elsewhere and on the diagonal.

    Args:
        features: Of the synthetic images, `[N, F]`.
        centres: Mean feature of each class's real images, `[K, F]`.
        labels: Classes of the synthetic images, int64 `[N]`.
    """
    directions = F.normalize(features - centres[labels], dim=1)
    same = labels.unsqueeze(0) == labels.unsqueeze(1)
    same &= ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    return (directions @ directions.T) * same


def mean_overlap(cosines: Tensor) -> float:
    """Mean cosine of the pairs that `class_cosines` compares; 0 where there is none."""
    pairs = cosines != 0
    return float(cosines[pairs].mean()) if bool(pairs.any()) else 0.0


def real_bounds(features: Tensor, share: float) -> Tensor:
    """The cosine that `share` of the pairs of a class's real images stay below: `[K]`.

    An image that was drawn twice is no pair; a class of which only one was drawn has the bound 1, which nothing exceeds.

    Args:
        features: Of real images by class, `[K, M, F]`.
        share: In 0..1.
    """
    directions = F.normalize(features - features.mean(dim=1, keepdim=True), dim=2)
    cosines = directions @ directions.mT
    count = cosines.shape[1]
    rows, columns = torch.triu_indices(count, count, offset=1, device=cosines.device)
    twice = (features[:, rows] == features[:, columns]).all(dim=2)
    bounds = [
        one[~same].quantile(share) if not bool(same.all()) else one.new_ones(())
        for one, same in zip(cosines[:, rows, columns], twice, strict=True)
    ]
    return torch.stack(bounds)


def to_restart(cosines: Tensor, strength: Tensor, above: Tensor) -> Tensor:
    """The weaker image of each overlapping pair, most alike first: bool `[N]`.

    Args:
        cosines: From `class_cosines`.
        strength: How much each image matters to the objective, `[N]`; the stronger of a pair stays.
        above: Pairs with a larger cosine overlap, by image `[N]`; the same for all of a class.
    """
    leaving = torch.zeros(len(strength), dtype=torch.bool, device=strength.device)
    upper = torch.triu(cosines, diagonal=1)
    rows, columns = torch.nonzero(upper > above.unsqueeze(1), as_tuple=True)
    for pair in torch.argsort(upper[rows, columns], descending=True, stable=True).tolist():
        one, other = int(rows[pair]), int(columns[pair])
        if not leaving[one] and not leaving[other]:
            leaving[one if strength[one] < strength[other] else other] = True
    return leaving
