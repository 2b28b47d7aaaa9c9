"""Whether distances can say anything at all about a set: distilled images often lie far from every patient."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from meddistill_gui.audit import policy
from meddistill_gui.audit.statistics import Float64
from meddistill_gui.core.control import Control

_ROWS: Final = 512


@dataclass(frozen=True, kw_only=True)
class Distances:
    """Distance of each image to the nearest training image, in units of full range times pixels.

    Attributes:
        synthetic: float64 `[m]`.
        holdout: float64 `[H]`.
    """

    synthetic: Float64
    holdout: Float64

    @property
    def off_manifold(self) -> bool:
        """Whether the set lies farther from the training images than nearly all new patients do.

        Then "nothing is near" is true of a leaky set as well as of a clean one: distances are no evidence.
        """
        return bool(np.median(self.synthetic) > np.quantile(self.holdout, policy.OFF_MANIFOLD))


def nearest_distances(
    synthetic: Tensor, training: Tensor, holdout: Tensor, control: Control
) -> Distances:
    """Measure both groups.

    Args:
        synthetic: float32 `[m, C, S, S]`.
        training: float32 `[N, C, S, S]`.
        holdout: float32 `[H, C, S, S]`.
        control: Asked after each block.

    Raises:
        Stopped: The user asked to stop.
    """
    return Distances(
        synthetic=_nearest(synthetic, training, control),
        holdout=_nearest(holdout, training, control),
    )


def _nearest(queries: Tensor, training: Tensor, control: Control) -> Float64:
    references = training.flatten(1)
    squares = references.square().sum(1)
    parts = []
    for start in range(0, len(queries), _ROWS):
        control.safe_point()
        block = queries[start : start + _ROWS].flatten(1)
        squared = block.square().sum(1)[:, None] + squares[None] - 2 * block @ references.T
        parts.append(squared.amin(1).clamp_min(0).sqrt())
    return np.asarray(torch.cat(parts).double().numpy(), dtype=np.float64)
