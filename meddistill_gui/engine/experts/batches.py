"""Which images a pass visits, and the gradient of one batch: shared by experts and by training on all real images."""

import math
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from meddistill_gui.engine.networks.network import Network

_TINY: Final = 1e-12  # so that a gradient of zero is divided by something
_SMALLEST_BATCH: Final = 8
_STEPS_PER_EPOCH: Final = 32
_CPU_PART: Final = 32 * 32 * 32  # pixels per part on a CPU: their activations fit the cache


def epoch_order(labels: Tensor, classes: int, random: torch.Generator, *, balanced: bool) -> Tensor:
    """Indices of one pass over N images: int64 `[N]` on the CPU.

    Args:
        labels: int64 `[N]`.
        classes: Number of classes K.
        random: A CPU generator; it alone decides.
        balanced: Draw every class equally often (to within one): a class is gone through in random order again and
            again until it has its share, so a small class repeats and a large one is visited in part. Otherwise every
            image once.
    """
    count = len(labels)
    if not balanced:
        return torch.randperm(count, generator=random)
    on_cpu = labels.cpu()
    members = [torch.nonzero(on_cpu == k).flatten() for k in range(classes)]
    members = [images for images in members if len(images)]
    share, rest = divmod(count, len(members))
    luck = torch.randperm(len(members), generator=random)  # which classes take one more
    drawn = torch.cat(
        [
            _repeated(images, share + int(place < rest), random)
            for images, place in zip(members, luck.tolist(), strict=True)
        ]
    )
    return drawn[torch.randperm(count, generator=random)]


def step_batch(wanted: int, count: int) -> int:
    """Images per step: as wanted, but on small sets fewer, down to 8, so that an epoch is about 32 steps and not one or two.

    Args:
        wanted: Images per step that the options say.
        count: Images in all.
    """
    return min(wanted, max(_SMALLEST_BATCH, count // _STEPS_PER_EPOCH))


def loss_and_gradient(
    network: Network, theta: Tensor, images: Tensor, labels: Tensor, *, part: int | None = None
) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy of a batch and its gradient.

    Args:
        network: The network. A batch that it couples (batch normalisation by the batch itself) is never divided.
        theta: `[P]`, or `[P + Q]` with its batch statistics.
        images: `[B, C, S, S]`, normalised.
        labels: int64 `[B]`, or probabilities `[B, K]`.
        part: Images worked on at a time; None takes what fits a CPU's cache (32 of 32 x 32 pixels), on a GPU all.

    Returns:
        Loss (no graph) and gradient `[P]`.
    """
    whole = network.couples_images and len(theta) == network.parameter_count
    size = len(images) if whole else part or part_size(images)
    leaf = theta.detach().requires_grad_()
    total, gradient = images.new_zeros(()), torch.zeros_like(theta)
    for some, wanted in zip(torch.split(images, size), torch.split(labels, size), strict=True):
        loss = F.cross_entropy(network.logits(leaf, some), wanted, reduction="sum") / len(images)
        gradient += torch.autograd.grad(loss, leaf)[0]
        total += loss.detach()
    return total, gradient


def flat_gradient(
    network: Network,
    theta: Tensor,
    images: Tensor,
    labels: Tensor,
    *,
    radius: float,
    pull: float,
) -> tuple[Tensor, Tensor]:
    """The gradient towards flat minima: GSAM (Zhuang et al. 2022, arXiv 2203.08065) with the adaptive ascent of ASAM (arXiv 2102.11600).

    With g the gradient at theta, the climb is radius * theta^2 g / ||theta g|| (elementwise), g' the gradient up there, and
    the result g' - pull * (the part of g that is orthogonal to g').

    Args:
        network: The network.
        theta: `[P]`.
        images: `[B, C, S, S]`, normalised; the same augmented images serve both gradients.
        labels: int64 `[B]`, or probabilities `[B, K]`.
        radius: rho; 0 gives the plain gradient.
        pull: alpha.

    Returns:
        Loss at `theta` (no graph) and the gradient `[P]`.
    """
    loss, here = loss_and_gradient(network, theta, images, labels)
    if radius == 0.0:
        return loss, here
    climb = theta.square() * here * (radius / (theta * here).norm().clamp_min(_TINY))
    _, above = loss_and_gradient(network, theta + climb, images, labels)
    along = above / above.norm().clamp_min(_TINY)
    return loss, above - pull * (here - (here @ along) * along)


def part_size(images: Tensor) -> int:
    """How many of these images to work on at a time."""
    if images.device.type != "cpu":
        return len(images)
    return max(1, _CPU_PART // (images.shape[-1] * images.shape[-2]))


def _repeated(images: Tensor, share: int, random: torch.Generator) -> Tensor:
    passes = [
        images[torch.randperm(len(images), generator=random)]
        for _ in range(math.ceil(share / len(images)))
    ]
    return torch.cat(passes)[:share]
