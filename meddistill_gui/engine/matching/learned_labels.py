"""Labels that are learned with the images: how they begin, which weights of the classes they say, and their gradient.

"raw" labels are stored as they are said: any numbers, also negative ones or of another sum than 1. A student's logits z then
move along (sum of y) p - y with p = softmax(z): with a sum near 0 a label pushes, whatever the student says already. That is
how the parent code of paper D learns (Sucholutsky & Schonlau, arXiv 1910.02551). "soft" ones are probabilities, stored as
logits, and stop pushing where the student says them. "hard" ones are never stored, for they do not change.
"""

import math
from typing import Final

from torch import Tensor

from meddistill_gui.engine.objectives.features import one_hot

RAW: Final = "raw"
HARD: Final = "hard"


def first(form: str, own: Tensor, classes: int, share: float) -> Tensor:
    """What is stored of labels that begin in their own class for the most part: float32 `[N, K]`.

    Args:
        form: "raw" or "soft".
        own: Class of each image, int64 `[N]`.
        classes: K, 2 or more.
        share: Share of the own class, 1/K to 1, not 1 for "soft"; the others have equal shares of the rest.
    """
    hard, rest = one_hot(own, classes), (1 - share) / (classes - 1)
    if form == RAW:
        return hard * share + (1 - hard) * rest
    return hard * math.log(share / rest)


def weights(form: str, stored: Tensor) -> Tensor:
    """The weights of the classes that they say: `[N, K]`; rows of probabilities where the form is "soft"."""
    return stored if form == RAW else stored.softmax(dim=1)


def pulled(form: str, stored: Tensor, d_weights: Tensor) -> Tensor:
    """Carry the gradient by the weights `[N, K]` back to what is stored."""
    if form == RAW:
        return d_weights
    shares = stored.softmax(dim=1)
    return shares * (d_weights - (shares * d_weights).sum(dim=1, keepdim=True))
