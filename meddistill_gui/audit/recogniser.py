"""Learns from pairs of images of one patient what stays the same from day to day, to know that patient again.

Radiographs are biometric (Packhäuser et al. 2022 name the patient with a Siamese network). Here the same is done in closed form: of
the principal components those count most in which a patient's own images differ least (within-class whitening, Hatch & Stolcke
2006). It takes a second, gives the same numbers everywhere, and no weights come from elsewhere.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from meddistill_gui.audit.whitened import flattened, unit

_COMPONENTS: Final = 128
_IMAGES_PER_COMPONENT: Final = 4
_RIDGE: Final = 0.01
_TINY: Final = 1e-12

Int64 = npt.NDArray[np.int64]


class Recogniser:
    """Unit vectors of images; those of one patient lie close together.

    Args:
        images: float32 `[N, C, S, S]`.
        rows_of: For each patient to learn from the rows of the images, two or more.
    """

    def __init__(self, images: Tensor, rows_of: Sequence[Int64]) -> None:
        learned = torch.from_numpy(np.concatenate(rows_of))
        rows = unit(flattened(images[learned])).double()
        self._mean = rows.mean(0)
        centred = rows - self._mean
        _, components = torch.linalg.eigh(centred.T @ centred)
        count = min(_COMPONENTS, len(rows) // _IMAGES_PER_COMPONENT)
        chosen = components[:, -count:]
        seen = centred @ chosen
        within = torch.zeros(count, count, dtype=torch.float64)
        start = 0
        for own in rows_of:
            part = seen[start : start + len(own)]
            apart = part - part.mean(0)
            within += apart.T @ apart / (len(own) - 1)
            start += len(own)
        within /= len(rows_of)
        ridge = _RIDGE * within.diagonal().mean() * torch.eye(count, dtype=torch.float64)
        sizes, turned = torch.linalg.eigh(within + ridge)
        self._whitening = chosen @ (turned * sizes.clamp_min(_TINY).rsqrt())

    def __call__(self, images: Tensor) -> Tensor:
        """Vectors float32 `[N, k]` of float32 `[N, C, S, S]`."""
        rows = unit(flattened(images)).double()
        return F.normalize((rows - self._mean) @ self._whitening, dim=1).float()
