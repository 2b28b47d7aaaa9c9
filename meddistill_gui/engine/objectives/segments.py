"""How far a student that was trained on synthetic images ends from where the expert went (Cazenavette et al. 2022, equation 2)."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Match:
    """The objective's value and its gradient at the trained student.

    Attributes:
        loss: |w (student - target)|^2 / |w (start - target)|^2; 1 where the student stayed where it began.
        cotangent: dL/dstudent, `[P]`.
        kept: Mean weight, the share of parameters that counted.
        unmasked: The same loss with all weights 1: what the weights hide.
    """

    loss: float
    cotangent: Tensor
    kept: float
    unmasked: float


def segment_match(student: Tensor, start: Tensor, target: Tensor, weights: Tensor) -> Match | None:
    """Normalised squared distance between the trained student and the expert's later parameters.

    Args:
        student: Parameters after the student's last step, `[P]`.
        start: Where student and expert both began, `[P]`.
        target: The expert some epochs later, `[P]`.
        weights: In 0..1, `[P]`; they are constants, and weigh numerator and denominator alike.

    Returns:
        None where there is nothing to match: no weight, or an expert that did not move.
    """
    with torch.no_grad():
        gap, way = student - target, start - target
        length = (weights * way.square()).sum()
        if not float(length) > 0.0:
            return None
        return Match(
            loss=float((weights * gap.square()).sum() / length),
            cotangent=2.0 * weights * gap / length,
            kept=float(weights.mean()),
            unmasked=float(gap.square().sum() / way.square().sum()),
        )
