"""What the engine expects of a network: a pure function of one flat parameter vector."""

from typing import Protocol

import torch
from torch import Tensor


class OneValueError(ValueError):
    """Batch normalisation of a single value: the images are too small or too few for this network."""

    def __init__(self) -> None:
        super().__init__("batch normalisation of one value per channel")


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

    @property
    def couples_images(self) -> bool:
        """Whether, under parameters `[P]` alone, an image's scores depend on the others of its batch.

        Such a batch must not be divided: each part would be normalised by itself.
        """
        return False

    def initial(self, generator: torch.Generator) -> Tensor:
        """Fresh parameters, float32 `[P]` on the CPU, drawn as PyTorch's layers draw theirs."""
        ...

    def logits(self, theta: Tensor, images: Tensor) -> Tensor:
        """Class scores `[B, K]` of images `[B, C, S, S]` (normalised) under parameters `[P]`.

        Pure: works in float32 and float64, under `torch.func.vmap` and `grad`, and can be differentiated twice.
        """
        ...

    def twice_differentiable_logits(self, theta: Tensor, images: Tensor) -> Tensor:
        """`logits` for a gradient that is going to be differentiated itself: the same numbers, then perhaps for less work."""
        return self.logits(theta, images)

    def features(self, theta: Tensor, images: Tensor) -> Tensor:
        """What the classifier layer sees, `[B, F]`."""
        ...

    def statistics(self, theta: Tensor, images: Tensor) -> Tensor:  # noqa: ARG002 - for those that have some
        """What a trained network must be told beside its parameters to answer for single images, `[Q]`.

        Means and variances of its batch normalisations on these images, as a differentiable function; empty for networks
        without. `logits` takes them appended to the parameters.

        Raises:
            OneValueError: A normalisation sees one value only.
        """
        return theta.new_zeros(0)
