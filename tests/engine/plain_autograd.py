"""Random students of a small network, and the gradient through their steps by one plain autograd implementation that shares no code with ours."""

import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from meddistill_gui.engine import augment
from meddistill_gui.engine.networks.families import make_network
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.unroll import Gradients, Step, Task

SIZE, CLASSES = 8, 3
NETWORK = make_network("convnet", depth=2, width=4, channels=1, size=SIZE, classes=CLASSES)


def make_task(
    *, count: int, batches: list[list[int]], rates: int = 1, seed: int = 0, form: str = "soft",
    preset: str = "natural", micro: int = 0, kind: torch.dtype = torch.float64,
) -> tuple[Task, Tensor]:  # fmt: skip
    random = generator(seed, "task")
    images = torch.randn(count, 1, SIZE, SIZE, generator=random, dtype=torch.float64)
    raw = torch.randn(count, CLASSES, generator=random, dtype=torch.float64)
    hard = F.one_hot(raw.argmax(1), CLASSES).double()
    labels = {"raw": raw, "soft": raw.softmax(1), "hard": hard}[form]
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
        images=images.to(kind),
        labels=labels.to(kind),
        rates=(0.05 + 0.4 * torch.rand(rates, generator=random, dtype=torch.float64)).to(kind),
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
            "form": draw(st.sampled_from(["raw", "soft", "hard"])),
            "preset": draw(st.sampled_from(sorted(augment.PRESETS))),
            "micro": draw(st.integers(0, 3)),
        },
        "places": sorted(places),
        "kept": draw(st.integers(0, len(batches))),
    }
