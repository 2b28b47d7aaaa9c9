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

A step itself is computed by `student_step`, in the way that the task says (`ways`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from meddistill_gui.engine.augment import Draw
from meddistill_gui.engine.networks.network import Network
from meddistill_gui.engine.student_step import Form, Given, Graph, Pulled, graph, through
from meddistill_gui.engine.ways import PLAIN, Way


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
        way: How a step is computed.
    """

    network: Network
    images: Tensor
    labels: Tensor
    rates: Tensor
    steps: tuple[Step, ...]
    micro_batch: int = 0
    way: Way = PLAIN


@dataclass(frozen=True, kw_only=True)
class Tape:
    """What the way forward leaves for the way back.

    Attributes:
        task: What was learned from.
        thetas: Parameters before each step and after the last, T + 1 times `[P]`, without graph.
        graphs: The graphs that were kept, by step: one for each of its micro-batches.
    """

    task: Task
    thetas: tuple[Tensor, ...]
    graphs: Mapping[int, tuple[Graph, ...]]

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


def unroll(task: Task, theta0: Tensor, *, keep_graphs: int = 0) -> Tape:
    """Train the student and remember its way.

    Args:
        task: What it learns from.
        theta0: Where it starts, `[P]`.
        keep_graphs: Graphs of how many of the last steps to keep; 0 keeps none.
    """
    thetas, graphs = [theta0.detach()], {}
    first_kept = len(task.steps) - (keep_graphs if task.way.keeps_graphs else 0)
    with task.way.arithmetic(theta0.device):
        for number, step in enumerate(task.steps):
            pieces = (given for _, given in _pieces(task, step, thetas[-1]))
            form = _form(task, step)
            if number >= first_kept:
                graphs[number] = tuple(graph(form, given) for given in pieces)
                gradient = sum_of(part.gradient.detach() for part in graphs[number])
            else:
                gradient = sum_of(task.way.gradient(form, given) for given in pieces)
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
    with task.way.arithmetic(tape.final.device):
        for number in reversed(range(first, last)):
            step = task.steps[number]
            rate = task.rates[step.rate].detach()
            remembers = not first_order and (number > first or (want_theta0 and first == 0))
            carried = torch.zeros_like(adjoint)
            for index, found in _pulls(tape, number, adjoint, remembers=remembers):
                rates[step.rate] -= adjoint @ found.gradient
                images.index_add_(0, index, -rate * found.images)
                labels.index_add_(0, index, -rate * found.labels)
                if found.theta is not None:
                    carried += found.theta
            adjoint = adjoint - rate * carried
            if number in cotangents:
                adjoint = adjoint + cotangents[number]
    theta0 = adjoint if want_theta0 and first == 0 else None
    return Gradients(images=images, labels=labels, rates=rates, theta0=theta0)


def _pulls(
    tape: Tape, number: int, adjoint: Tensor, *, remembers: bool
) -> Iterator[tuple[Tensor, Pulled]]:
    """One step's micro-batches, each with what it gives back, from its kept graph or computed again."""
    task, step = tape.task, tape.task.steps[number]
    kept, form = tape.graphs.get(number), _form(tape.task, step)
    for place, (index, given) in enumerate(_pieces(task, step, tape.thetas[number])):
        if kept:
            yield index, through(kept[place], adjoint, remembers=remembers)
        else:
            yield index, task.way.pulled(form, given, adjoint, remembers=remembers)


def _form(task: Task, step: Step) -> Form:
    """What a step is besides its tensors."""
    return Form(
        network=task.network,
        count=len(step.images),
        moves=step.draw.moves,
        colours=step.draw.colours,
        cuts=step.draw.cuts,
        half=task.way.half,
    )


def _pieces(task: Task, step: Step, theta: Tensor) -> Iterator[tuple[Tensor, Given]]:
    """A step's micro-batches: which images, and their tensors."""
    images, labels = task.images.detach(), task.labels.detach()
    for index, draw in _micro_batches(task, step):
        yield (
            index,
            Given(
                theta=theta,
                images=images[index],
                labels=labels[index],
                affine=draw.affine,
                brightness=draw.brightness,
                saturation=draw.saturation,
                contrast=draw.contrast,
                cutout=draw.cutout,
            ),
        )


def _micro_batches(task: Task, step: Step) -> Iterator[tuple[Tensor, Draw]]:
    size = len(step.images)
    if task.micro_batch and not task.network.couples_images:
        size = task.micro_batch
    for first in range(0, len(step.images), size):
        yield step.images[first : first + size], step.draw.part(first, first + size)


def sum_of(tensors: Iterator[Tensor]) -> Tensor:
    """Their sum, in order; at least one."""
    total = next(tensors)
    for tensor in tensors:
        total = total + tensor
    return total
