"""The exact gradient through a student's training steps, in memory that does not grow with their number.

A student with parameters theta takes T steps of plain SGD on the synthetic images x with labels y at rates b:

    theta[t+1] = theta[t] - b[t] * g[t],    g[t] = gradient of the mean cross-entropy of (A_t(x[i_t]), y[i_t]) at theta[t]

`unroll` walks forward and keeps only the parameters of each step; `pullback` walks back. With lambda = dL/dtheta[t+1],

    db[t] -= lambda . g[t]         dx[i_t] -= b[t] * d(lambda . g[t])/dx
    dy[i_t] -= b[t] * d(lambda . g[t])/dy     lambda <- lambda - b[t] * d(lambda . g[t])/dtheta

where each g[t] is computed a second time, now with its graph. That is the adjoint method with recomputation (Maclaurin et
al. 2015, arXiv 1502.03492, without their reversal of the arithmetic); nothing is approximated. Leaving out the last
assignment gives what TESLA computes (Cui et al. 2023, arXiv 2211.10586, equation 6), here `first_order` and only for comparison.

The graphs of the last k steps may be kept from the way forward instead (`keep_graphs=k`): 0 replays every step, T stores
all of them (fastest where it fits), anything between trades memory for time. Micro-batches divide a step's images where the
network does not couple those of a batch, so the result is the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from meddistill_gui.engine import augment
from meddistill_gui.engine.augment import Draw
from meddistill_gui.engine.networks.network import Network


@dataclass(frozen=True, kw_only=True)
class Step:
    """One training step of the student.

    Attributes:
        images: int64 `[B]`, which synthetic images it sees.
        draw: Their augmentation.
        rate: Which of the learning rates it uses.
    """

    images: Tensor
    draw: Draw
    rate: int = 0


@dataclass(frozen=True, kw_only=True)
class Task:
    """What the student learns from; all tensors on one device and of one floating type.

    Attributes:
        network: The student's network.
        images: `[N, C, S, S]`, normalised.
        labels: `[N, K]`, probabilities (or any weights of the classes).
        rates: `[R]`, positive.
        steps: What happens at each of the T steps.
        micro_batch: Images per pass inside a step; 0 takes all at once.
    """

    network: Network
    images: Tensor
    labels: Tensor
    rates: Tensor
    steps: tuple[Step, ...]
    micro_batch: int = 0


@dataclass(frozen=True, kw_only=True)
class Tape:
    """What the way forward leaves for the way back.

    Attributes:
        task: What was learned from.
        thetas: Parameters before each step and after the last, T + 1 times `[P]`, without graph.
        graphs: The graphs that were kept, by step.
    """

    task: Task
    thetas: tuple[Tensor, ...]
    graphs: Mapping[int, tuple["Pass", ...]]

    @property
    def final(self) -> Tensor:
        """The trained student, `[P]`."""
        return self.thetas[-1]


@dataclass(frozen=True, kw_only=True)
class Gradients:
    """What `pullback` finds.

    Attributes:
        images: As `Task.images`.
        labels: As `Task.labels`.
        rates: As `Task.rates`.
        theta0: `[P]`; None unless asked for.
    """

    images: Tensor
    labels: Tensor
    rates: Tensor
    theta0: Tensor | None


@dataclass(frozen=True, kw_only=True)
class Pass:
    """One micro-batch of one step with its graph: gradient as a function of the three leaves.

    Attributes:
        index: Which synthetic images.
        theta: Leaf `[P]`.
        images: Leaf `[b, C, S, S]`, before augmentation.
        labels: Leaf `[b, K]`.
        gradient: `[P]`, this micro-batch's share of g[t], differentiable.
    """

    index: Tensor
    theta: Tensor
    images: Tensor
    labels: Tensor
    gradient: Tensor


def unroll(task: Task, theta0: Tensor, *, keep_graphs: int = 0) -> Tape:
    """Train the student and remember its way.

    Args:
        task: What it learns from.
        theta0: Where it starts, `[P]`.
        keep_graphs: Graphs of how many of the last steps to keep; 0 keeps none.
    """
    thetas, graphs = [theta0.detach()], {}
    first_kept = len(task.steps) - keep_graphs
    for number, step in enumerate(task.steps):
        if number >= first_kept:
            graphs[number] = tuple(_passes(task, step, thetas[-1]))
            gradient = sum_of(part.gradient.detach() for part in graphs[number])
        else:
            gradient = _gradient(task, step, thetas[-1])
        thetas.append(thetas[-1] - task.rates[step.rate].detach() * gradient)
    return Tape(task=task, thetas=tuple(thetas), graphs=graphs)


def pullback(
    tape: Tape,
    cotangents: Mapping[int, Tensor],
    *,
    window: int | None = None,
    first_order: bool = False,
    want_theta0: bool = False,
) -> Gradients:
    """Carry the gradient of an objective at the student's parameters back to what it learned from.

    Args:
        tape: From `unroll`. Kept graphs are used up: a second pullback needs a second unroll.
        cotangents: dL/dtheta[t] by t, 0 <= t <= T; those that are left out are zero.
        window: Stop after so many steps back (truncated back-propagation); None goes all the way.
        first_order: Drop the student's memory of earlier steps (TESLA's approximation).
        want_theta0: Also find dL/dtheta0; meaningless, and None, when the window ends before the start.
    """
    task, last = tape.task, len(tape.task.steps)
    first = 0 if window is None else max(0, last - window)
    images, labels, rates = (
        torch.zeros_like(value) for value in (task.images, task.labels, task.rates)
    )
    adjoint = cotangents.get(last, torch.zeros_like(tape.final))
    for number in reversed(range(first, last)):
        step = task.steps[number]
        rate = task.rates[step.rate].detach()
        remembers = not first_order and (number > first or (want_theta0 and first == 0))
        carried = torch.zeros_like(adjoint)
        for part in tape.graphs.get(number) or _passes(task, step, tape.thetas[number]):
            rates[step.rate] -= adjoint @ part.gradient.detach()
            d_images, d_labels, d_theta = _pulled(part, adjoint, remembers=remembers)
            images.index_add_(0, part.index, -rate * d_images)
            labels.index_add_(0, part.index, -rate * d_labels)
            if d_theta is not None:
                carried += d_theta
        adjoint = adjoint - rate * carried
        if number in cotangents:
            adjoint = adjoint + cotangents[number]
    theta0 = adjoint if want_theta0 and first == 0 else None
    return Gradients(images=images, labels=labels, rates=rates, theta0=theta0)


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Sum over images of -sum_k y_k log softmax(logits)_k; labels are probabilities `[B, K]`."""
    return -(labels * F.log_softmax(logits, dim=1)).sum()


def _gradient(task: Task, step: Step, theta: Tensor) -> Tensor:
    """g[t] without graph: `[P]`."""
    leaf = theta.detach().requires_grad_()
    return sum_of(
        torch.autograd.grad(_loss(task, step, leaf, *pieces), leaf)[0]
        for pieces in _micro_batches(task, step)
    )


def _passes(task: Task, step: Step, theta: Tensor) -> Iterator[Pass]:
    """g[t] in micro-batches, each with its graph."""
    for index, draw in _micro_batches(task, step):
        leaf = theta.detach().requires_grad_()
        images = task.images.detach()[index].requires_grad_()
        labels = task.labels.detach()[index].requires_grad_()
        scores = task.network.twice_differentiable_logits(leaf, augment.apply(images, draw))
        loss = cross_entropy(scores, labels) / len(step.images)
        (gradient,) = torch.autograd.grad(loss, leaf, create_graph=True)
        yield Pass(index=index, theta=leaf, images=images, labels=labels, gradient=gradient)


def _loss(task: Task, step: Step, theta: Tensor, index: Tensor, draw: Draw) -> Tensor:
    images = augment.apply(task.images.detach()[index], draw)
    scores = task.network.logits(theta, images)
    return cross_entropy(scores, task.labels.detach()[index]) / len(step.images)


def _micro_batches(task: Task, step: Step) -> Iterator[tuple[Tensor, Draw]]:
    size = len(step.images)
    if task.micro_batch and not task.network.couples_images:
        size = task.micro_batch
    for first in range(0, len(step.images), size):
        yield step.images[first : first + size], step.draw.part(first, first + size)


def _pulled(
    part: Pass, adjoint: Tensor, *, remembers: bool
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Gradients of adjoint . g[t] by images, labels and, if the way back goes on, parameters."""
    leaves = (part.images, part.labels, *((part.theta,) if remembers else ()))
    found = torch.autograd.grad(part.gradient, leaves, grad_outputs=adjoint)
    return found[0], found[1], found[2] if remembers else None


def sum_of(tensors: Iterator[Tensor]) -> Tensor:
    """Their sum, in order; at least one."""
    total = next(tensors)
    for tensor in tensors:
        total = total + tensor
    return total
