"""Time and memory of one outer iteration of trajectory matching, by mode and number of student steps.

    python -m benchmarks.inner_loop                                  # depth 3, width 32, 32 x 32, 12 images
    python -m benchmarks.inner_loop --width 128 --images 40 --steps 10 20 40 80 --json

    python -m benchmarks.inner_loop --width 128 --images 40 --channels 3 --reference CHECKOUT   # beside the public code

Modes: `stored`, `replay`, `half` (graphs of half of the steps), `micro` (replay in micro-batches of 8), `first order` (replay
without the student's memory of earlier steps: wrong, only to compare), and `plain`: one autograd graph through all steps,
written here in the way the field's public code does it; with --reference the public code's own network and augmentation
(`benchmarks.reference`; take three channels: it pads grey images to 36 x 36). Every cell is a process of its own; its memory is the peak of
the process less what it held before the first iteration (on a GPU: the peak of torch's allocator). The last column is
the cosine of the images' gradient to that of `plain`, in double precision on a smaller problem.

    python -m benchmarks.inner_loop --device cuda --modes stored replay TF32 bfloat16 graphs "TF32 graphs" compiled "compiled graphs"

Faster ways (`meddistill_gui.engine.acceleration`), all replayed; what they prepare (compiled, recorded) is not timed but is in their memory and, as
JSON, under `preparing`. Their cosine is to `replay` in float32 on the measured problem itself. On a CPU there are `bfloat16` and `compiled`.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch.nn import functional as F

from benchmarks import reference
from meddistill_gui.engine import augment
from meddistill_gui.engine.acceleration.choosing import way_named
from meddistill_gui.engine.networks.families import make_network
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.unroll import Step, Task, pullback, unroll

MODES: Final = ("plain", "stored", "half", "replay", "micro", "first order")
WAYS: Final[Mapping[str, str]] = {
    "TF32": "TF32",
    "bfloat16": "bfloat16",
    "graphs": "float32, CUDA graphs",
    "TF32 graphs": "TF32, CUDA graphs",
    "bfloat16 graphs": "bfloat16, CUDA graphs",
    "compiled": "float32, compiled",
    "TF32 compiled": "TF32, compiled",
    "compiled graphs": "float32, compiled, CUDA graphs",
    "TF32 compiled graphs": "TF32, compiled, CUDA graphs",
}
_CLASSES: Final = 4
_MEGABYTE: Final = 1e6
_KILOBYTE: Final = 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every cell and print the table."""
    options = _parsed(arguments)
    if options.cell:
        print(json.dumps(_cell(options, options.cell, options.steps[0])))
        return 0
    modes = [*options.modes, *(reference.MODES if options.reference else ())]
    rows = [_in_a_process(options, mode, steps) for steps in options.steps for mode in modes]
    if options.json:
        print(json.dumps(rows, indent=1))
        return 0
    shape = f"depth {options.depth}, width {options.width}, {options.size} x {options.size}, {options.images} images, augmentation {options.augmentation}, {options.device}"
    table = Table(title=f"One outer iteration: {shape}")
    for name in ("steps", "mode", "seconds", "memory MB", "cosine to plain"):
        table.add_column(name, justify="left" if name == "mode" else "right")
    for row in rows:
        table.add_row(
            str(row["steps"]),
            row["mode"],
            f"{row['seconds']:.3f}",
            f"{row['bytes'] / _MEGABYTE:.0f}",
            "" if row["cosine"] is None else f"{row['cosine']:.12f}",
        )
    Console(width=100).print(table)
    return 0


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)  # fmt: skip
    parser.add_argument("--depth", type=int, default=3)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument("--augmentation", default="radiograph", choices=("none", "radiograph", "natural"))  # fmt: skip
    parser.add_argument("--reference", type=Path, help="checkout of the public implementation of MTT")  # fmt: skip
    parser.add_argument("--images", type=int, default=12, help="synthetic images in each step")
    parser.add_argument("--steps", type=int, nargs="+", default=[10, 20, 40, 80])
    parser.add_argument("--modes", nargs="+", default=list(MODES), choices=(*MODES, *WAYS))
    parser.add_argument("--repeats", type=int, default=3, help="the best counts")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--cell", default="", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _in_a_process(options: argparse.Namespace, mode: str, steps: int) -> dict[str, Any]:
    names = ("depth", "width", "size", "channels", "images", "augmentation", "repeats", "device", "threads")  # fmt: skip
    said = [word for name in names for word in (f"--{name}", str(getattr(options, name)))]
    if options.reference:
        said += ["--reference", str(options.reference)]
    command = [sys.executable, "-m", "benchmarks.inner_loop", "--cell", mode, "--steps", str(steps)]
    done = subprocess.run([*command, *said], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    row: dict[str, Any] = json.loads(done.stdout)
    return row


def _cell(options: argparse.Namespace, mode: str, steps: int) -> dict[str, Any]:
    torch.set_num_threads(options.threads)
    if mode in reference.MODES:
        return _reference_cell(options, mode, steps)
    if mode in WAYS:
        return _way_cell(options, mode, steps)
    exact = _gradient("plain", *_problem(_SMALL, 3, 6, torch.float64, "cpu"))
    found = _gradient(mode, *_problem(_SMALL, 3, 6, torch.float64, "cpu"))
    cosine = float(F.cosine_similarity(exact.flatten(), found.flatten(), dim=0))
    shape = Shape(options.size, options.depth, options.width, options.channels, options.augmentation)  # fmt: skip
    problem = _problem(shape, options.images, steps, torch.float32, options.device)
    _gradient(mode, *_problem(shape, 1, 1, torch.float32, options.device))
    spent = _measured(lambda: _gradient(mode, *problem), options)
    return {"steps": steps, "mode": mode, "cosine": cosine, **spent}


def _way_cell(options: argparse.Namespace, mode: str, steps: int) -> dict[str, Any]:
    """A faster way, once it is prepared."""
    shape = Shape(options.size, options.depth, options.width, options.channels, options.augmentation)  # fmt: skip
    task, start, target = _problem(shape, options.images, steps, torch.float32, options.device)
    fast = replace(task, way=way_named(WAYS[mode]))
    before, begun = _peak(options.device), time.perf_counter()
    found = _gradient("replay", fast, start, target)
    preparing = time.perf_counter() - begun
    spent = _measured(lambda: _gradient("replay", fast, start, target), options)
    spent["bytes"] = _peak(options.device) - before
    plain = _gradient("replay", task, start, target)
    cosine = float(F.cosine_similarity(plain.flatten().double(), found.flatten().double(), dim=0))
    return {"steps": steps, "mode": mode, "cosine": cosine, "preparing": preparing, **spent}


def _reference_cell(options: argparse.Namespace, mode: str, steps: int) -> dict[str, Any]:
    """The public code on images of the same shapes."""
    made = reference.load(
        options.reference,
        depth=options.depth,
        width=options.width,
        channels=options.channels,
        size=options.size,
        classes=_CLASSES,
        augmented=options.augmentation != "none",
    )
    made.network.to(options.device)
    images = torch.randn(options.images, options.channels, options.size, options.size).to(options.device)  # fmt: skip
    labels = (torch.arange(options.images) % _CLASSES).to(options.device)
    start = made.network.flat_param.detach()
    target = start + 0.01 * torch.randn_like(start)
    reference.gradient(mode, made, images[:1], labels[:1], target, 1)
    spent = _measured(lambda: reference.gradient(mode, made, images, labels, target, steps), options)  # fmt: skip
    return {"steps": steps, "mode": mode, "cosine": None, **spent}


def _measured(work: Callable[[], object], options: argparse.Namespace) -> dict[str, float]:
    """Seconds of the best repetition (of the processor, where no GPU is waited for), and memory above what was held before."""
    before = _peak(options.device)
    seconds = []
    for _ in range(options.repeats):
        clock = time.perf_counter if options.device == "cuda" else time.process_time
        start = clock()
        work()
        if options.device == "cuda":
            torch.cuda.synchronize()
        seconds.append(clock() - start)
    return {"seconds": min(seconds), "bytes": _peak(options.device) - before}


def _peak(device: str) -> int:
    if device == "cuda":
        return int(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KILOBYTE


class Shape(NamedTuple):
    """Network and images."""

    size: int
    depth: int
    width: int
    channels: int
    augmentation: str


_SMALL: Final = Shape(8, 1, 2, 1, "radiograph")


def _problem(shape: Shape, count: int, steps: int, kind: torch.dtype, device: str) -> tuple[Task, Tensor, Tensor]:  # fmt: skip
    """A task, where its student starts, and where it should end."""
    random = generator(0, "benchmark")
    network = make_network("convnet", depth=shape.depth, width=shape.width, channels=shape.channels, size=shape.size, classes=_CLASSES)  # fmt: skip
    labels = F.one_hot(torch.arange(count) % _CLASSES, _CLASSES).to(kind).to(device)
    plan = tuple(
        Step(
            images=torch.arange(count, device=device),
            draw=augment.draw(shape.augmentation, count, shape.size, random).to(
                torch.device(device)
            ),
        )
        for _ in range(steps)
    )
    task = Task(
        network=network,
        images=torch.randn(count, shape.channels, shape.size, shape.size, generator=random)
        .to(kind)
        .to(device),
        labels=labels,
        rates=torch.full((1,), 0.05, dtype=kind, device=device),
        steps=plan,
    )
    start = network.initial(random)
    target = start + 0.01 * torch.randn(len(start), generator=random)
    return task, start.to(kind).to(device), target.to(kind).to(device)


def _gradient(mode: str, task: Task, start: Tensor, target: Tensor) -> Tensor:
    """The images' gradient of |student - target|^2."""
    if mode == "plain":
        return _plain(task, start, target)
    if mode == "micro":
        task = Task(network=task.network, images=task.images, labels=task.labels, rates=task.rates, steps=task.steps, micro_batch=8)  # fmt: skip
    last = len(task.steps)
    kept = {"stored": last, "half": last // 2}.get(mode, 0)
    tape = unroll(task, start, keep_graphs=kept)
    cotangent = 2 * (tape.final - target)
    return pullback(tape, {last: cotangent}, first_order=mode == "first order").images


def _plain(task: Task, start: Tensor, target: Tensor) -> Tensor:
    images = task.images.detach().requires_grad_()
    theta = start.detach().requires_grad_()
    for step in task.steps:
        scores = task.network.logits(theta, augment.apply(images[step.images], step.draw))
        loss = F.cross_entropy(scores, task.labels[step.images])
        (slope,) = torch.autograd.grad(loss, theta, create_graph=True)
        theta = theta - task.rates[step.rate] * slope
    return torch.autograd.grad((theta - target).square().sum(), images)[0]


if __name__ == "__main__":
    raise SystemExit(main())
