"""The replayed gradient against one plain autograd implementation that shares no code with it, and against finite differences."""

import pytest
import torch
from hypothesis import given, settings
from torch import Tensor
from torch.nn import functional as F

from meddistill_gui.engine import augment
from meddistill_gui.engine.networks import convnet
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.unroll import Task, pullback, unroll
from tests.engine.plain_autograd import (
    NETWORK,
    assert_equal,
    make_task,
    plans,
    reference,
    reference_network,
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(plan=plans())
def test_equals_plain_autograd_for_any_plan(plan: dict) -> None:
    task, theta0 = make_task(**plan["task"])
    random = generator(plan["task"]["seed"], "cotangents")
    cotangents = {
        at: torch.randn(len(theta0), generator=random, dtype=torch.float64) for at in plan["places"]
    }
    tape = unroll(task, theta0, keep_graphs=plan["kept"])
    ours = pullback(tape, cotangents, want_theta0=True)
    assert_equal(ours, reference(task, theta0, cotangents))


@pytest.mark.parametrize("kept", [0, 1, 3])
@pytest.mark.parametrize("micro", [0, 1, 2])
def test_equals_plain_autograd_with_the_norm_of_large_maps(
    kept: int, micro: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convnet, "_LARGE", 0)
    task, theta0 = make_task(count=3, batches=[[0, 1], [2, 0, 1], [1]], micro=micro)
    cotangents = {3: torch.ones_like(theta0), 1: -torch.ones_like(theta0)}
    ours = pullback(unroll(task, theta0, keep_graphs=kept), cotangents, want_theta0=True)
    assert_equal(ours, reference(task, theta0, cotangents))


@pytest.mark.parametrize("window", [1, 2, 4, 9])
@pytest.mark.parametrize("kept", [0, 2, 4])
def test_truncation_equals_a_graph_that_is_cut(window: int, kept: int) -> None:
    task, theta0 = make_task(count=3, batches=[[0, 1], [2, 0], [1], [0, 1, 2]])
    cotangents = {4: torch.ones_like(theta0), 3: -torch.ones_like(theta0)}
    ours = pullback(unroll(task, theta0, keep_graphs=kept), cotangents, window=window)
    cut = None if window >= 4 else window
    assert_equal(ours, reference(task, theta0, cotangents, cut), theta0=False)
    assert ours.theta0 is None


@pytest.mark.slow
def test_agrees_with_finite_differences_on_a_few_pixels() -> None:
    task, theta0 = make_task(count=2, batches=[[0, 1], [1, 0], [0]], preset="radiograph")
    target = torch.zeros_like(theta0)
    tape = unroll(task, theta0)
    found = pullback(tape, {3: 2 * (tape.final - target)})
    step = 1e-6
    for place in ((0, 0, 3, 3), (1, 0, 4, 2), (0, 0, 6, 5)):
        ends = []
        for sign in (1, -1):
            images = task.images.clone()
            images[place] += sign * step
            moved = Task(network=NETWORK, images=images, labels=task.labels, rates=task.rates, steps=task.steps)  # fmt: skip
            ends.append(float(((unroll(moved, theta0).final - target) ** 2).sum()))
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(
            float(found.images[place]), rel=1e-4
        )


def test_raw_labels_of_any_sign_and_sum_agree_with_plain_autograd_and_finite_differences() -> None:
    task, theta0 = make_task(count=2, batches=[[0], [1], [0], [1]], form="raw", preset="none")
    assert task.labels.min() < 0
    assert (task.labels.sum(1) - 1).abs().min() > 0.1
    tape = unroll(task, theta0)
    cotangents = {4: 2 * tape.final}
    found = pullback(tape, cotangents, want_theta0=True)
    assert_equal(found, reference(task, theta0, cotangents))
    step = 1e-6
    for place in ((0, 0), (0, 2), (1, 1)):
        ends = []
        for sign in (1, -1):
            labels = task.labels.clone()
            labels[place] += sign * step
            moved = Task(network=NETWORK, images=task.images, labels=labels, rates=task.rates, steps=task.steps)  # fmt: skip
            ends.append(float((unroll(moved, theta0).final ** 2).sum()))
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(
            float(found.labels[place]), rel=1e-4
        )


def test_first_order_is_exact_for_one_step_and_wrong_for_several() -> None:
    one, theta0 = make_task(count=2, batches=[[0, 1]])
    cotangent = torch.ones_like(theta0)
    exact = pullback(unroll(one, theta0), {1: cotangent})
    assert_equal(
        pullback(unroll(one, theta0), {1: cotangent}, first_order=True), exact, theta0=False
    )
    many, theta0 = make_task(count=2, batches=[[0, 1]] * 6)
    exact = pullback(unroll(many, theta0), {6: cotangent})
    rough = pullback(unroll(many, theta0), {6: cotangent}, first_order=True)
    assert float((rough.images - exact.images).norm() / exact.images.norm()) > 0.01
    detached = _first_order_reference(many, theta0, cotangent)
    assert float((rough.images - detached).norm() / detached.norm()) < 1e-10


def _first_order_reference(task: Task, theta0: Tensor, cotangent: Tensor) -> Tensor:
    """TESLA's equation 6: every step's parameters are constants."""
    images = task.images.clone().requires_grad_()
    theta, moved = theta0, torch.zeros_like(theta0)
    for step in task.steps:
        leaf = theta.detach().requires_grad_()
        scores = reference_network(leaf, augment.apply(images[step.images], step.draw))
        loss = -(task.labels[step.images] * scores.log_softmax(1)).sum(1).mean()
        (gradient,) = torch.autograd.grad(loss, leaf, create_graph=True)
        moved = moved - task.rates[step.rate] * gradient
        theta = theta - task.rates[step.rate] * gradient.detach()
    return torch.autograd.grad((moved * cotangent).sum(), images)[0]


def test_real_batches_at_the_experts_rate_reproduce_the_expert() -> None:
    task, theta0 = make_task(count=4, batches=[[0, 1], [2, 3]], preset="none", form="hard")
    expert = theta0.clone()
    for step in task.steps:
        leaf = expert.detach().requires_grad_()
        loss = F.cross_entropy(reference_network(leaf, task.images[step.images]), task.labels[step.images].argmax(1))  # fmt: skip
        expert = expert - task.rates[0] * torch.autograd.grad(loss, leaf)[0]
    assert torch.allclose(unroll(task, theta0).final, expert.detach(), rtol=1e-12, atol=1e-14)


def test_single_precision_points_the_same_way_as_double() -> None:
    task, theta0 = make_task(count=3, batches=[[0, 1, 2]] * 4, preset="radiograph")
    single = Task(
        network=NETWORK,
        images=task.images.float(),
        labels=task.labels.float(),
        rates=task.rates.float(),
        steps=task.steps,
    )
    cotangent = torch.ones_like(theta0)
    exact = pullback(unroll(task, theta0), {4: cotangent}).images.flatten()
    rough = pullback(unroll(single, theta0.float()), {4: cotangent.float()}).images.flatten()
    assert float(F.cosine_similarity(exact, rough.double(), dim=0)) > 0.999


def test_replaying_keeps_no_graph_whatever_the_number_of_steps() -> None:
    """Saved tensors are counted, not time or process memory: what autograd holds at its peak."""
    peaks = [_peak_of_saved_bytes(steps) for steps in (2, 12)]
    assert peaks[0] > 0
    assert peaks[1] <= peaks[0] * 1.05


def _peak_of_saved_bytes(steps: int) -> int:
    task, theta0 = make_task(count=2, batches=[[0, 1]] * steps)
    held, peak = 0, 0

    class Held:
        def __init__(self, tensor: Tensor) -> None:
            nonlocal held, peak
            self.tensor, self.size = tensor, tensor.numel() * tensor.element_size()
            held += self.size
            peak = max(peak, held)

        def __del__(self) -> None:
            nonlocal held
            held -= self.size

    with torch.autograd.graph.saved_tensors_hooks(Held, lambda one: one.tensor):
        tape = unroll(task, theta0)
        pullback(tape, {steps: torch.ones_like(theta0)})
    return peak
