"""Whether the student's way bends as the expert's does: the shape term beside the distance of the ends.

From HoP-TM (MICCAI 2025), whose public code compares the beginning, the middle and the end of both ways: the cosines
between their pairwise differences, by the smooth L1 distance. How the code weighs them against each other we read only in
part; here all three cosines count alike.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

_TINY = 1e-12  # of a length; a way that stands still has no direction, its cosines are 0


@dataclass(frozen=True, kw_only=True)
class ShapeMatch:
    """The term's value and its gradient at the student's points.

    Attributes:
        loss: 0 where both ways bend alike.
        middle: dL/d(student's middle), `[P]`.
        end: dL/d(student's end), `[P]`.
    """

    loss: float
    middle: Tensor
    end: Tensor


def shape_match(
    start: Tensor, student: tuple[Tensor, Tensor], expert: tuple[Tensor, Tensor]
) -> ShapeMatch:
    """Compare two ways from one beginning.

    Args:
        start: Where both begin, `[P]`.
        student: Its middle and its end, `[P]` and `[P]`.
        expert: The same of the expert.
    """
    middle, end = (point.detach().requires_grad_() for point in student)
    wanted = _cosines((start.detach(), *(point.detach() for point in expert)))
    loss = F.smooth_l1_loss(_cosines((start.detach(), middle, end)), wanted)
    d_middle, d_end = torch.autograd.grad(loss, (middle, end))
    return ShapeMatch(loss=float(loss.detach()), middle=d_middle, end=d_end)


def _cosines(points: Sequence[Tensor]) -> Tensor:
    """Between all pairwise differences of three points: `[3]`."""
    ways = [other - one for one, other in itertools.combinations(points, 2)]
    return torch.stack(
        [
            F.cosine_similarity(one, other, dim=0, eps=_TINY)
            for one, other in itertools.combinations(ways, 2)
        ]
    )
