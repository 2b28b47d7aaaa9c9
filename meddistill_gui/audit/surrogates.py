"""The matched null: patients who were never used, wearing a synthetic image's own texture.

A distilled image is not a patient's image, so comparing it with new patients alone may raise false alarms. Its texture on
a patient that it cannot come from shows what the texture does to a score by itself.
"""

from typing import Final

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
