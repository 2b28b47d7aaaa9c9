"""How differently real and synthetic images pull at a network (gradient matching, Zhao et al. 2021, arXiv 2006.05929, equation 10)."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def gradient_distance(real: Tensor, synthetic: Tensor, shapes: Sequence[tuple[int, ...]]) -> Tensor:
    """Sum over the outputs of every kernel and matrix of 1 - cosine; biases and norms do not count, as published.

    Args:
        real: Gradient on real images, `[P]`, a constant.
        synthetic: Gradient on synthetic images, `[P]`; may be differentiated.
        shapes: Shapes of the tensors in the flat vector.
    """
    lengths = [math.prod(shape) for shape in shapes]
    pairs = zip(torch.split(real.detach(), lengths), torch.split(synthetic, lengths), shapes, strict=True)  # fmt: skip
    parts = [
        (1 - F.cosine_similarity(one.view(shape[0], -1), other.view(shape[0], -1), dim=1)).sum()
        for one, other, shape in pairs
        if len(shape) > 1
    ]
    return torch.stack(parts).sum()
