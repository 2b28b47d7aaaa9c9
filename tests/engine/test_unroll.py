"""The replayed gradient against one plain autograd implementation that shares no code with it, and against finite differences."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from meddistill_gui.engine import augment
from meddistill_gui.engine.networks import convnet
from meddistill_gui.engine.networks.families import make_network
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.unroll import Gradients, Step, Task, pullback, unroll

SIZE, CLASSES = 8, 3
NETWORK = make_network("convnet", depth=2, width=4, channels=1, size=SIZE, classes=CLASSES)


def make_task(
    *, count: int, batches: list[list[int]], rates: int = 1, seed: int = 0, soft: bool = True,
    preset: str = "natural", micro: int = 0,
) -> tuple[Task, Tensor]:  # fmt: skip
    random = generator(seed, "task")
    images = torch.randn(count, 1, SIZE, SIZE, generator=random, dtype=torch.float64)
    labels = torch.randn(count, CLASSES, generator=random, dtype=torch.float64).softmax(1)
    if not soft:
        labels = F.one_hot(labels.argmax(1), CLASSES).double()
    steps = tuple(
        Step(
            images=torch.tensor(batch),
            draw=augment.draw(preset, len(batch), SIZE, generator(seed, "draw", number)),
            rate=number % rates,
        )
        for number, batch in enumerate(batches)
    )
    task = Task(
        network=NETWORK,
        images=images,
        labels=labels,
        rates=0.05 + 0.4 * torch.rand(rates, generator=random, dtype=torch.float64),
        steps=steps,
        micro_batch=micro,
    )
    return task, NETWORK.initial(generator(seed, "theta")).double()


def reference_network(theta: Tensor, images: Tensor) -> Tensor:
    """Written from the definition, with torch's own layers and batch statistics by hand."""
    place = 0

    def take(*shape: int) -> Tensor:
        nonlocal place
        length = torch.Size(shape).numel()
        place += length
        return theta[place - length : place].reshape(shape)

    maps, incoming = images, 1
    for _ in range(2):
        kernel, bias, scale, shift = take(4, incoming, 3, 3), take(4), take(4), take(4)
        maps = F.conv2d(maps, kernel, bias, padding=1)
        mean = maps.mean((2, 3), keepdim=True)
        variance = ((maps - mean) ** 2).mean((2, 3), keepdim=True)
        maps = (maps - mean) / (variance + 1e-5).sqrt()
        maps = torch.clamp(maps * scale.view(1, -1, 1, 1) + shift.view(1, -1, 1, 1), min=0)
        maps = 0.25 * (maps[..., ::2, ::2] + maps[..., 1::2, ::2] + maps[..., ::2, 1::2] + maps[..., 1::2, 1::2])  # fmt: skip
        incoming = 4
    features = maps.reshape(len(maps), -1)
    return features @ take(CLASSES, features.shape[1]).T + take(CLASSES)


def reference(
    task: Task, theta0: Tensor, cotangents: dict[int, Tensor], window: int | None = None
) -> Gradients:
    """One graph through all steps; `window` cuts it by detaching."""
    leaves = [value.detach().clone().requires_grad_() for value in (task.images, task.labels, task.rates, theta0)]  # fmt: skip
    images, labels, rates, theta = leaves
    way = [theta]
    cut = 0 if window is None else max(0, len(task.steps) - window)
    for number, step in enumerate(task.steps):
        if number == cut and cut > 0:
            way[-1] = way[-1].detach()
        if number < cut:
            inputs = (images.detach(), labels.detach(), rates.detach())
        else:
            inputs = (images, labels, rates)
        seen = augment.apply(inputs[0][step.images], step.draw)
        scores = reference_network(way[-1].requires_grad_(), seen)
        loss = -(inputs[1][step.images] * scores.log_softmax(1)).sum(1).mean()
        (gradient,) = torch.autograd.grad(loss, way[-1], create_graph=True)
        way.append(way[-1] - inputs[2][step.rate] * gradient)
    objective = sum(
        (way[at] * value).sum() for at, value in cotangents.items() if at > cut or window is None
    )
    found = torch.autograd.grad(objective, leaves, allow_unused=True)
    filled = [torch.zeros_like(leaf) if value is None else value for leaf, value in zip(leaves, found, strict=True)]  # fmt: skip
    return Gradients(images=filled[0], labels=filled[1], rates=filled[2], theta0=filled[3])


def assert_equal(ours: Gradients, theirs: Gradients, *, theta0: bool = True) -> None:
    names = ["images", "labels", "rates", *(["theta0"] if theta0 else [])]
    for name in names:
        mine, other = getattr(ours, name), getattr(theirs, name)
        scale = max(float(other.norm()), 1e-12)
        assert float((mine - other).norm()) / scale < 1e-10, name


@st.composite
def plans(draw: st.DrawFn) -> dict[str, object]:
    count = draw(st.integers(1, 5))
    batch = st.permutations(range(count)).flatmap(
        lambda order: st.integers(1, count).map(lambda length: list(order[:length]))
    )
    batches = draw(st.lists(batch, min_size=1, max_size=5))
    places = draw(st.sets(st.integers(0, len(batches)), min_size=1))
    return {
        "task": {
            "count": count,
            "batches": batches,
            "rates": draw(st.integers(1, 2)),
            "seed": draw(st.integers(0, 1000)),
            "soft": draw(st.booleans()),
            "preset": draw(st.sampled_from(sorted(augment.PRESETS))),
            "micro": draw(st.integers(0, 3)),
        },
        "places": sorted(places),
        "kept": draw(st.integers(0, len(batches))),
    }


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
    task, theta0 = make_task(count=4, batches=[[0, 1], [2, 3]], preset="none", soft=False)
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
