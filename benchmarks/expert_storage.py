"""What each form of storing experts takes on the disk, and what it loses.

    python -m benchmarks.expert_storage                      # two experts on ../shared/data/cxr3, 22 epochs
    python -m benchmarks.expert_storage --data FOLDER --epochs 10 --span 2 --json

The folder holds one folder of images for each class. Experts are trained once by the program's own function and stored with
every epoch; from these every form is made and read back. For segments of `--span` epochs the table has

- ends: how far a segment's end points lie from the true ones, in lengths of the true segment, at worst;
- length: by what share a segment's length is off, at worst;
- gradient: cosine between the images' gradient of a segment in this form and in full (one noise image of each class, ten
  student steps), over all starts of all experts: the mean and the lowest.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from meddistill_gui.core.configs.distill import DistillConfig, ExpertsConfig
from meddistill_gui.core.configs.network import NetworkConfig
from meddistill_gui.core.configs.trajectories import TrajectoryOptions
from meddistill_gui.core.control import Control
from meddistill_gui.engine import devices
from meddistill_gui.engine.experts.forms import (
    EVERY_EPOCH,
    AtWaypoints,
    Fidelity,
    Form,
    HalfPrecision,
    fidelity,
    form_of,
    restored,
)
from meddistill_gui.engine.experts.store import estimated_bytes, open_store, snapshots_in
from meddistill_gui.engine.experts.training import experts_digest, train_experts
from meddistill_gui.engine.matching.calibration import first_rate
from meddistill_gui.engine.matching.pulls import pull_along
from meddistill_gui.engine.networks.families import make_network
from meddistill_gui.engine.networks.network import Network
from meddistill_gui.engine.objectives.features import one_hot
from meddistill_gui.engine.samplers.batches import student_steps
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.tensors import TrainingTensors
from meddistill_gui.engine.unroll import Task

_DATA: Final = Path(__file__).parents[2] / "shared" / "data" / "cxr3" / "train"
_STEPS: Final = 10
_CPU: Final = torch.device("cpu")


@dataclass(frozen=True, kw_only=True)
class Found:
    """One line of the table."""

    name: str
    megabytes: float
    lost: Sequence[Fidelity]
    cosines: Sequence[float]

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {
            "form": self.name,
            "megabytes_per_expert": self.megabytes,
            "ends": max(one.ends for one in self.lost),
            "length": max(one.length for one in self.lost),
            "cosine_mean": statistics.mean(self.cosines),
            "cosine_lowest": min(self.cosines),
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """Train the experts, measure every form and print the table."""
    given = _parser().parse_args(arguments)
    devices.prepare_threads()
    data = _images(given)
    network = make_network(
        "convnet",
        depth=given.depth,
        width=given.width,
        channels=1,
        size=given.size,
        classes=data.classes,
    )
    experts = _experts(given, network, data)
    task = _task(network, data, experts, given.span)
    true = [list(_gradients(task, way, given.span)) for way in experts]
    found = [
        _measured(name, form, experts, task, true, given.span)
        for name, form in _forms(given, network, len(experts[0]) - 1)
    ]
    if given.json:
        print(json.dumps([one.as_json() for one in found], indent=1))
    else:
        print(_table(given, data, found))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.expert_storage",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, default=_DATA, help="a folder of images for each class")  # fmt: skip
    parser.add_argument("--per-class", type=int, default=600, help="images of each class")
    parser.add_argument("--experts", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=22, help="epochs of an expert")
    parser.add_argument("--span", type=int, default=2, help="epochs of a segment")
    parser.add_argument("--waypoints", type=int, nargs="*", default=[2, 3, 4, 6, 12])
    parser.add_argument("--mean", type=float, default=0.0, help="as options.expert_mean")
    parser.add_argument("--rate", type=float, default=0.01, help="as experts.learning_rate")
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--depth", type=int, default=3)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--json", action="store_true")
    return parser


def _images(given: argparse.Namespace) -> TrainingTensors:
    folders = sorted(folder for folder in given.data.iterdir() if folder.is_dir())
    images, labels = [], []
    for number, folder in enumerate(folders):
        for file in sorted(folder.iterdir())[: given.per_class]:
            with Image.open(file) as opened:
                small = opened.convert("L").resize((given.size, given.size), Image.Resampling.BOX)
            images.append(np.asarray(small, np.float32) / 255)
            labels.append(number)
    pixels = torch.from_numpy(np.stack(images)).unsqueeze(1)
    normal = (pixels - pixels.mean()) / pixels.std()
    return TrainingTensors(images=normal, labels=torch.tensor(labels), classes=len(folders))


def _experts(given: argparse.Namespace, network: Network, data: TrainingTensors) -> list[Tensor]:
    """Snapshots `[E + 1, P]` of each expert, every epoch as it is."""
    config = DistillConfig(
        project=Path("unused"),
        network=NetworkConfig(depth=given.depth, width=given.width),
        experts=ExpertsConfig(count=given.experts, epochs=given.epochs, learning_rate=given.rate),
        method="trajectory",
        options=TrajectoryOptions(expert_mean=given.mean),
    )
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(
            Path(folder),
            parameter_count=network.parameter_count,
            epochs=given.epochs,
            digest=experts_digest(config, data),
            form=form_of(config.experts, network.shapes),
        )
        for _ in train_experts(config, network, data, store, Control()):
            pass
        return [snapshots_in(store.path(expert)) for expert in range(given.experts)]


def _forms(given: argparse.Namespace, network: Network, epochs: int) -> Iterator[tuple[str, Form]]:
    lengths = tuple(torch.Size(shape).numel() for shape in network.shapes)
    yield "every epoch", EVERY_EPOCH
    yield "half precision", HalfPrecision()
    for number in given.waypoints:
        if number <= epochs:
            yield f"{number} waypoints", AtWaypoints(number, lengths)


def _task(network: Network, data: TrainingTensors, experts: list[Tensor], span: int) -> Task:
    """A student of one noise image of each class, at a rate that suits the segments."""
    random, classes = generator(0, "benchmark"), data.classes
    task = Task(
        network=network,
        images=torch.randn(classes, *data.images.shape[1:], generator=random),
        labels=one_hot(torch.arange(classes), classes),
        rates=torch.full((1,), 0.01),
        steps=student_steps(
            seed=0,
            iteration=0,
            count=classes,
            batch=0,
            steps=_STEPS,
            preset="radiograph",
            size=data.images.shape[-1],
            device=_CPU,
        ),
    )
    rate = first_rate(task, ((way[0], way[span]) for way in experts))
    return Task(
        network=network,
        images=task.images,
        labels=task.labels,
        rates=torch.full((1,), rate),
        steps=task.steps,
    )


def _measured(
    name: str, form: Form, experts: list[Tensor], task: Task, true: list[list[Tensor]], span: int
) -> Found:
    cosines, epochs = [], len(experts[0]) - 1
    for way, gradients in zip(experts, true, strict=True):
        tensors = form.tensors(way)
        kept = [restored(tensors, tensors.__getitem__, epoch) for epoch in range(epochs + 1)]
        for one, other in zip(gradients, _gradients(task, kept, span), strict=True):
            cosines.append(float(torch.cosine_similarity(one, other, dim=0)))
    size = estimated_bytes(experts=1, epochs=epochs, parameter_count=experts[0].shape[1], form=form)
    lost = [fidelity(way, form, span) for way in experts]
    return Found(name=name, megabytes=size / 1e6, lost=lost, cosines=cosines)


def _gradients(task: Task, way: Sequence[Tensor] | Tensor, span: int) -> Iterator[Tensor]:
    """Of the images, for each segment of the way."""
    for start in range(len(way) - span):
        ends = way[start], way[start + span]
        pull, _ = pull_along(
            task, *ends, weights=torch.ones_like, memory="stored", room=0, skip_above=0.0
        )
        if pull is None or pull.gradients is None:
            raise ValueError("a segment of no length")
        yield pull.gradients.images.flatten().double()


def _table(given: argparse.Namespace, data: TrainingTensors, found: list[Found]) -> str:
    head = [
        f"{given.experts} experts of {given.epochs} epochs on {len(data.labels)} images, depth {given.depth}, width "
        f"{given.width}, {given.size} x {given.size}; segments of {given.span} epochs",
        "",
        "form              MB each    ends  length  gradient: mean  lowest",
    ]
    rows = [
        f"{one['form']:<16} {one['megabytes_per_expert']:8.2f} {one['ends']:7.4f} {one['length']:7.4f} "
        f"{one['cosine_mean']:15.4f} {one['cosine_lowest']:7.4f}"
        for one in map(Found.as_json, found)
    ]
    return "\n".join([*head, *rows])


if __name__ == "__main__":
    sys.exit(main())
