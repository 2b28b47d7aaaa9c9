"""Whether distances can say anything at all about a set: distilled images often lie far from every patient."""

from typing import Final

import torch
from torch import Tensor

from meddistill_gui.audit import policy
from meddistill_gui.core.control import Control

_ROWS: Final = 512


def off_manifold(synthetic: Tensor, training: Tensor, holdout: Tensor, control: Control) -> bool:
    """Whether the set lies farther from the training images than nearly all new patients do.

    Then "nothing is near" is true of a leaky set as well as of a clean one, and distances must not be read as evidence.

    Args:
        synthetic: float32 `[m, C, S, S]`.
        training: float32 `[N, C, S, S]`.
        holdout: float32 `[H, C, S, S]`.
        control: Asked after each block.

    Raises:
        Stopped: The user asked to stop.
    """
    ours = _nearest(synthetic, training, control)
    theirs = _nearest(holdout, training, control)
    return bool(ours.median() > torch.quantile(theirs, policy.OFF_MANIFOLD))


def _nearest(queries: Tensor, training: Tensor, control: Control) -> Tensor:
    """Distance of each query to the nearest training image, `[Q]`."""
    references = training.flatten(1)
    squares = references.square().sum(1)
    parts = []
    for start in range(0, len(queries), _ROWS):
        control.safe_point()
        block = queries[start : start + _ROWS].flatten(1)
        squared = block.square().sum(1)[:, None] + squares[None] - 2 * block @ references.T
        parts.append(squared.amin(1).clamp_min(0).sqrt())
    return torch.cat(parts)
