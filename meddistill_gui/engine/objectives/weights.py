"""Which parameters count when a student is compared with an expert: weights `[P]` in 0..1 that are constants of the objective.

Paper B (Li et al., arXiv 2209.14609) leaves out parameters whose "similarity" in student and expert is below sigma = 0.1.
Its formula of the similarity is not public; `ratio` is our reading of it, the others stand beside it to compare:

    ratio         min(|a|, |b|) / max(|a|, |b|), 0 where the signs differ; kept from sigma on
    quotient      a / b, kept from sigma on
    layer_cosine  cosine of a whole tensor's values, the tensor is kept from sigma on
    self_paced    kept for good once the squared difference fell below a bound that grows (HoP-TM's public code)
    top_fraction  all but the `share` of the largest differences (the idea of DPD)

with a the student's parameter and b the expert's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F
from typing_extensions import override


class WeightRule(Protocol):
    """Weighs parameters."""

    def __call__(
        self, student: Tensor, target: Tensor, *, before: Tensor, iteration: int
    ) -> Tensor:
        """Weights `[P]`.

        Args:
            student: Parameters after the student's last step, `[P]`.
            target: The expert's, `[P]`.
            before: The weights of the iteration before, `[P]`; zeros in the first.
            iteration: Iteration of the run.
        """
        ...


def everything(student: Tensor, target: Tensor, *, before: Tensor, iteration: int) -> Tensor:  # noqa: ARG001 - a WeightRule
    """Every parameter counts (paper A)."""
    return torch.ones_like(target)


@dataclass(frozen=True)
class Ratio(WeightRule):
    """Smaller magnitude over larger, 0 where the signs differ; kept from `sigma` on.

    Attributes:
        sigma: 0 keeps everything, more than 1 nothing.
    """

    sigma: float

    @override
    def __call__(
        self, student: Tensor, target: Tensor, *, before: Tensor, iteration: int
    ) -> Tensor:
        one, other = student.abs(), target.abs()
        larger = torch.maximum(one, other)
        alike = torch.where(larger > 0, torch.minimum(one, other) / larger, torch.ones_like(larger))
        alike = torch.where(student * target < 0, torch.zeros_like(alike), alike)
        return (alike >= self.sigma).to(target.dtype)


@dataclass(frozen=True)
class Quotient(WeightRule):
    """Student's value over the expert's; kept from `sigma` on.

    Attributes:
        sigma: The bound.
    """

    sigma: float

    @override
    def __call__(
        self, student: Tensor, target: Tensor, *, before: Tensor, iteration: int
    ) -> Tensor:
        return (student * target.sign() >= self.sigma * target.abs()).to(target.dtype)


@dataclass(frozen=True)
class LayerCosine(WeightRule):
    """Whole tensors, kept where the cosine of their values is at least `sigma`.

    Attributes:
        sigma: The bound, -1 to 1.
        lengths: Lengths of the tensors in the flat vector.
    """

    sigma: float
    lengths: tuple[int, ...]

    @override
    def __call__(
        self, student: Tensor, target: Tensor, *, before: Tensor, iteration: int
    ) -> Tensor:
        pairs = zip(_pieces(student, self.lengths), _pieces(target, self.lengths), strict=True)
        kept = [F.cosine_similarity(a, b, dim=0) >= self.sigma for a, b in pairs]
        return torch.cat(
            [
                one.to(target.dtype).expand(length)
                for one, length in zip(kept, self.lengths, strict=True)
            ]
        )


@dataclass(frozen=True)
class SelfPaced(WeightRule):
    """Kept for good once the squared difference fell below `base * growth ** (iteration // every)`.

    Attributes:
        base: Bound at the start.
        growth: Factor every `every` iterations.
        every: Iterations between two growths.
    """

    base: float
    growth: float
    every: int = 500

    @override
    def __call__(
        self, student: Tensor, target: Tensor, *, before: Tensor, iteration: int
    ) -> Tensor:
        bound = self.base * self.growth ** (iteration // self.every)
        return torch.maximum(before, ((student - target).square() < bound).to(target.dtype))


@dataclass(frozen=True)
class TopFraction(WeightRule):
    """All but the largest differences.

    Attributes:
        share: Share of the parameters that is left out, 0 to 1.
    """

    share: float

    @override
    def __call__(
        self, student: Tensor, target: Tensor, *, before: Tensor, iteration: int
    ) -> Tensor:
        kept = len(target) - int(self.share * len(target))
        weights = torch.zeros_like(target)
        smallest = torch.topk((student - target).abs(), kept, largest=False).indices
        weights[smallest] = 1.0
        return weights


def _pieces(vector: Tensor, lengths: Sequence[int]) -> Sequence[Tensor]:
    return torch.split(vector, list(lengths))
