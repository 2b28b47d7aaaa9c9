"""The matched null: what a synthetic image's own texture, and its own spectrum, do to a score by themselves.

A distilled image is not a patient's image, so comparing it with new patients alone raises false alarms: of white noise 10 %
were flagged. Two kinds of surrogates hold nobody: patients who were never used, wearing its texture; and noise with its very spectrum.
"""

from typing import Final

import torch
from torch import Tensor

from meddistill_gui.audit.descriptors import low_passed

_TEXTURE_BAND: Final = 1.0


def dressed(synthetic: Tensor, holdout: Tensor) -> Tensor:
    """LP(h) + (s - LP(s)) for one synthetic image s and every hold-out image h.

    Args:
        synthetic: float32 `[C, S, S]`.
        holdout: float32 `[n, C, S, S]`.

    Returns:
        float32 `[n, C, S, S]`.
    """
    texture = synthetic[None] - low_passed(synthetic[None], _TEXTURE_BAND)
    return low_passed(holdout, _TEXTURE_BAND) + texture


def scrambled(synthetic: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Noise with the amplitude spectrum of one synthetic image, in random phase.

    Args:
        synthetic: float32 `[C, S, S]`.
        count: How many.
        generator: Of the phases.

    Returns:
        float32 `[n, C, S, S]`.
    """
    amplitude = torch.fft.rfft2(synthetic).abs()
    noise = torch.fft.rfft2(torch.randn((count, *synthetic.shape), generator=generator))
    phase = noise / noise.abs().clamp_min(1e-12)
    made: Tensor = torch.fft.irfft2(amplitude * phase, s=synthetic.shape[-2:])
    return made
