"""One step of the student as pure functions of tensors: its gradient, and that gradient's pullback.

With g the gradient of the mean cross-entropy of some augmented images at theta, and lambda any vector, `pulled` finds g and the
derivatives of lambda . g by images, labels and theta. Nothing is remembered between calls and no graph lies around them, so
they can be computed as they stand, or be compiled or recorded (`acceleration`); a `Form` holds what is no tensor.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from meddistill_gui.engine.augment import Draw, apply
from meddistill_gui.engine.networks.network import Network


class Given(NamedTuple):
    """Some images of a step: all of them, or a micro-batch.

    Attributes:
        theta: The student's parameters, `[P]`.
        images: `[b, C, S, S]`, before augmentation.
        labels: `[b, K]`.
        affine: This and the others as in `augment.Draw`.
        brightness: `[b]`.
        saturation: `[b]`.
        contrast: `[b]`.
        cutout: `[b, 4]`.
    """

    theta: Tensor
    images: Tensor
    labels: Tensor
    affine: Tensor
    brightness: Tensor
    saturation: Tensor
    contrast: Tensor
    cutout: Tensor


@dataclass(frozen=True, kw_only=True)
class Form:
    """What a step is besides its tensors.

    Attributes:
        network: The student's network.
        count: Images of the whole step, over which the loss is a mean.
        moves: As in `augment.Draw`.
        colours: As in `augment.Draw`.
        cuts: As in `augment.Draw`.
        half: Whether the network's pass is computed in bfloat16.
    """

    network: Network
    count: int
    moves: bool
    colours: bool
    cuts: bool
    half: bool = False


Function = Callable[..., tuple[Tensor, ...]]
"""`gradient`, `pulled` or `pulled_last`: takes a form and its tensors, gives tensors."""


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A gradient as a differentiable function of three leaves.

    Attributes:
        theta: Leaf `[P]`.
        images: Leaf `[b, C, S, S]`.
        labels: Leaf `[b, K]`.
        gradient: `[P]`.
    """

    theta: Tensor
    images: Tensor
    labels: Tensor
    gradient: Tensor


class Pulled(NamedTuple):
    """What `lambda . g` depends on, and how.

    Attributes:
        gradient: g, `[P]`.
        images: `[b, C, S, S]`.
        labels: `[b, K]`.
        theta: `[P]`; None where it was not asked for.
    """

    gradient: Tensor
    images: Tensor
    labels: Tensor
    theta: Tensor | None = None


def gradient(form: Form, *tensors: Tensor) -> tuple[Tensor]:
    """These images' share of g: `[P]`.

    Args:
        form: What is no tensor.
        tensors: A `Given`.
    """
    given = Given(*tensors)
    with torch.enable_grad():
        leaf = given.theta.detach().requires_grad_()
        loss = _loss(form, form.network.logits, given._replace(theta=leaf))
        (found,) = torch.autograd.grad(loss, leaf)
    return (found,)


def pulled(form: Form, *tensors: Tensor) -> tuple[Tensor, ...]:
    """A whole `Pulled`.

    Args:
        form: What is no tensor.
        tensors: A `Given`, and lambda `[P]`.
    """
    return _found(through(graph(form, Given(*tensors[:-1])), tensors[-1], remembers=True))


def pulled_last(form: Form, *tensors: Tensor) -> tuple[Tensor, ...]:
    """`pulled` without theta's part, for the last step of the way back."""
    return _found(through(graph(form, Given(*tensors[:-1])), tensors[-1], remembers=False))


def graph(form: Form, given: Given) -> Graph:
    """These images' share of g with its graph."""
    with torch.enable_grad():
        theta, images, labels = (
            value.detach().requires_grad_() for value in (given.theta, given.images, given.labels)
        )
        leaves = given._replace(theta=theta, images=images, labels=labels)
        loss = _loss(form, form.network.twice_differentiable_logits, leaves)
        (found,) = torch.autograd.grad(loss, theta, create_graph=True)
    return Graph(theta=theta, images=images, labels=labels, gradient=found)


def through(kept: Graph, adjoint: Tensor, *, remembers: bool) -> Pulled:
    """Carry lambda through a graph, which is used up.

    Args:
        kept: From `graph`.
        adjoint: lambda, `[P]`.
        remembers: Whether theta's part is wanted.
    """
    leaves = (kept.images, kept.labels, *((kept.theta,) if remembers else ()))
    found = torch.autograd.grad(kept.gradient, leaves, grad_outputs=adjoint)
    return Pulled(kept.gradient.detach(), *found)


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Sum over images of -sum_k y_k log softmax(logits)_k; labels are probabilities, or any weights of the classes, `[B, K]`."""
    return -(labels * F.log_softmax(logits, dim=1)).sum()


def _loss(form: Form, logits: Callable[[Tensor, Tensor], Tensor], given: Given) -> Tensor:
    draw = Draw(*given[3:], moves=form.moves, colours=form.colours, cuts=form.cuts)
    seen = apply(given.images, draw)
    if not form.half:
        return cross_entropy(logits(given.theta, seen), given.labels) / form.count
    # without the cache: it would hand one derivative's graph to the other
    with torch.autocast(seen.device.type, torch.bfloat16, cache_enabled=False):
        scores = logits(given.theta, seen)
    return cross_entropy(scores.to(given.labels.dtype), given.labels) / form.count


def _found(all_of: Pulled) -> tuple[Tensor, ...]:
    return tuple(part for part in all_of if part is not None)
