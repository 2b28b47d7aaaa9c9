"""Images a second while experts are trained: ours beside the usual DataLoader loop, and what half precision loses.

    python -m benchmarks.experts                    # depth 3, width 32, 32 x 32, batch 256
    python -m benchmarks.experts --size 112 --depth 5 --width 128 --images 512 --json
    python -m benchmarks.experts --channels 3 --reference CHECKOUT     # also beside the public implementation of MTT

The loop beside ours is written here in the way the field's public code does it: a Dataset of single images, a DataLoader
that stacks them, torch.nn layers, one random change for the whole batch, torch.optim.SGD. Both see the same images, network,
batch size and kind of augmentation, in this one process, in turns, and the best of several passes counts.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks import reference
from meddistill_gui.core.configs.distill import DistillConfig, ExpertsConfig
from meddistill_gui.core.configs.network import NetworkConfig
from meddistill_gui.core.configs.trajectories import TrajectoryOptions
from meddistill_gui.core.control import Control
from meddistill_gui.engine import augment, devices
from meddistill_gui.engine.experts.precision import fidelity_loss
from meddistill_gui.engine.experts.store import open_store
from meddistill_gui.engine.experts.training import experts_digest, train_experts
from meddistill_gui.engine.networks.families import make_network
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.tensors import TrainingTensors

_CLASSES: Final = 4
_BATCH: Final = 256


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure both loops and print the table."""
    given = _parser().parse_args(arguments)
    devices.prepare_threads()
    device = devices.choose(given.device)
    data = _data(given, device)
    loops = {"MedDistill": _ours(given, data), "DataLoader loop": _usual(given, data)}
    if given.reference:
        loops["reference MTT"] = _reference(given, data)
    # seconds of the processor where no GPU is waited for: the machine may have other work
    clock = time.perf_counter if device.type == "cuda" else time.process_time
    seconds: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(given.passes):
        for name, one_pass in loops.items():  # in turns, so that a busy moment hits both
            began = clock()
            one_pass()
            seconds[name].append(clock() - began)
    rates = {name: given.images / min(taken) for name, taken in seconds.items()}
    found = {
        "device": str(device),
        "threads": torch.get_num_threads(),
        "images_per_second": rates,
        "ratios": {name: rates["MedDistill"] / rate for name, rate in rates.items()},
        "half_precision_loss": _loss_of_half(given, data),
    }
    print(json.dumps(found, indent=1) if given.json else _table(given, found))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.experts",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--images", type=int, default=2048, help="images in one pass")
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--channels", type=int, default=1, choices=(1, 3))
    parser.add_argument("--depth", type=int, default=3)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--passes", type=int, default=3, help="the fastest counts")
    parser.add_argument("--reference", type=Path, help="checkout of the public implementation of MTT")  # fmt: skip
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--json", action="store_true")
    return parser


def _data(given: argparse.Namespace, device: torch.device) -> TrainingTensors:
    random = generator(0, "benchmark")
    images = torch.randn(given.images, given.channels, given.size, given.size, generator=random)
    labels = torch.randint(_CLASSES, (given.images,), generator=random)
    return TrainingTensors(images=images.to(device), labels=labels.to(device), classes=_CLASSES)


def _ours(given: argparse.Namespace, data: TrainingTensors) -> Callable[[], Any]:
    """One expert for one epoch, from the program's own function into a store on disk."""
    passes = 0

    def one_pass() -> None:
        nonlocal passes
        passes += 1
        config = _config(given, epochs=1, seed=passes)
        _stored(config, given, data)
        _wait_for(data.images.device)

    return one_pass


def _config(given: argparse.Namespace, *, epochs: int, seed: int) -> DistillConfig:
    return DistillConfig(
        project=Path("unused"),
        seed=seed,
        network=NetworkConfig(depth=given.depth, width=given.width),
        experts=ExpertsConfig(count=1, epochs=epochs, batch=_BATCH),
        method="trajectory",
        options=TrajectoryOptions(max_start=1, expert_epochs=epochs),
    )


def _stored(config: DistillConfig, given: argparse.Namespace, data: TrainingTensors) -> Tensor:
    """Train one expert; its snapshots `[E + 1, P]`."""
    network = make_network(
        "convnet",
        depth=given.depth,
        width=given.width,
        channels=given.channels,
        size=given.size,
        classes=_CLASSES,
    )
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(
            Path(folder),
            parameter_count=network.parameter_count,
            epochs=config.experts.epochs,
            digest=experts_digest(config, data),
        )
        for _ in train_experts(config, network, data, store, Control()):
            pass
        return torch.stack([store.theta(0, epoch) for epoch in range(store.epochs + 1)])


def _usual(given: argparse.Namespace, data: TrainingTensors) -> Callable[[], Any]:
    """The loop of the field: layers, a loader that stacks single images, an optimiser."""
    device = data.images.device
    layers = _layers(given).to(device)
    optimiser = torch.optim.SGD(layers.parameters(), lr=0.01)
    loader = DataLoader(
        TensorDataset(data.images.cpu(), data.labels.cpu()), batch_size=_BATCH, shuffle=True
    )

    def one_pass() -> None:
        random = generator(0, "usual")
        for images, labels in loader:
            one = augment.draw("radiograph", 1, given.size, random).repeated(len(images))
            changed = augment.apply(images.to(device), one.to(device))
            loss = nn.functional.cross_entropy(layers(changed), labels.to(device))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            loss.item()
        _wait_for(device)

    return one_pass


def _reference(given: argparse.Namespace, data: TrainingTensors) -> Callable[[], Any]:
    """The public code's own pass."""
    device = data.images.device
    made = reference.expert(
        given.reference,
        data.images.cpu(),
        data.labels.cpu(),
        depth=given.depth,
        width=given.width,
        classes=_CLASSES,
        batch=_BATCH,
        device=device,
    )

    def timed() -> None:
        made.a_pass()
        _wait_for(device)

    return timed


def _layers(given: argparse.Namespace) -> nn.Module:
    layers: list[nn.Module] = []
    incoming = given.channels
    for _ in range(given.depth):
        layers += [
            nn.Conv2d(incoming, given.width, 3, padding=1),
            nn.GroupNorm(given.width, given.width),
            nn.ReLU(inplace=True),
            nn.AvgPool2d(2),
        ]
        incoming = given.width
    features = given.width * (given.size >> given.depth) ** 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(features, _CLASSES))


def _loss_of_half(given: argparse.Namespace, data: TrainingTensors) -> float:
    """||restored - true|| / ||true step||, the worst of three epochs."""
    some = TrainingTensors(
        images=data.images[:_BATCH], labels=data.labels[:_BATCH], classes=data.classes
    )
    return fidelity_loss(_stored(_config(given, epochs=3, seed=0), given, some))


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def _table(given: argparse.Namespace, found: dict[str, Any]) -> str:
    network = f"depth {given.depth}, width {given.width}, {given.size} x {given.size}"
    lines = [f"{network}, batch {_BATCH}, {found['device']}, {found['threads']} threads", ""]
    for name, rate in found["images_per_second"].items():
        lines.append(f"{name:<16} {rate:9.0f} images/s   ours: {found['ratios'][name]:.2f} times")
    lines += ["", f"half precision: each epoch's step is off by at most {found['half_precision_loss']:.1e} of its length"]  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
