"""What the engine expects of a network: a pure function of one flat parameter vector."""

from typing import Protocol

import torch
from torch import Tensor


class Network(Protocol):
    """An image classifier without hidden state, so that its steps can be replayed and differentiated through."""

    @property
    def parameter_count(self) -> int:
        """Length P of the flat parameter vector."""
        ...

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of the tensors (kernels, biases, ...) that the flat vector is made of, in order."""
        ...

    def initial(self, generator: torch.Generator) -> Tensor:
        """Fresh parameters, float32 `[P]` on the CPU, drawn as PyTorch's layers draw theirs."""
        ...

    def logits(self, theta: Tensor, images: Tensor) -> Tensor:
        """Class scores `[B, K]` of images `[B, C, S, S]` (normalised) under parameters `[P]`.

        Pure: works in float32 and float64, under `torch.func.vmap` and `grad`, and can be differentiated twice.
        """
        ...

    def features(self, theta: Tensor, images: Tensor) -> Tensor:
        """What the classifier layer sees, `[B, F]`."""
        ...
