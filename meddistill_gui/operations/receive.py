"""At the other hospital: open checked bundles, train students on them, test them on one's own images."""

import json
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from meddistill_gui.bundle import joining, model_card, sealing
from meddistill_gui.bundle.verifier import VerifiedBundle
from meddistill_gui.core import distilled as sets
from meddistill_gui.core.config import validate
from meddistill_gui.core.configs.bundle import ReceiveConfig
from meddistill_gui.core.configs.distill import ImagesConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet, Recipe
from meddistill_gui.core.errors import LabelError, SplitError
from meddistill_gui.core.events import Event, Finished, Metric, Progress, Started
from meddistill_gui.core.files import write_whole, writing_to
from meddistill_gui.core.project import open_project
from meddistill_gui.core.real_images import ROLES, RealImages
from meddistill_gui.engine import devices
from meddistill_gui.engine.evaluation import portable, students
from meddistill_gui.operations import worth
from meddistill_gui.operations.real_images import READING_PHASES, roles_read

PHASE: Final = "training students"
LOSS: Final = "student loss"
_TRAIN: Final = ROLES[0]


@dataclass(frozen=True, kw_only=True)
class _Own:
    """The receiver's images, classes in the bundle's order.

    Attributes:
        train: Training images; None where nothing is compared, then all images test.
        test: What tests the students.
    """

    train: RealImages | None
    test: RealImages


def receive(config: ReceiveConfig, control: Control) -> Iterator[Event]:
    """Write images, students and (with a project) their test figures into a new folder.

    Raises:
        BundleError: The bundle is not whole.
        LabelError: The project's classes are not the bundle's.
        SplitError: The project has no images to test with.
        TargetError: The output folder cannot be written to.
    """
    yield Started(operation="receive", phases=(*READING_PHASES, PHASE, worth.PHASE))
    first = sealing.opened(validate(config).bundle, config.identity)
    bundles = [first, *(sealing.opened(Path(also), config.identity) for also in config.also)]
    received = joining.joined([bundle.distilled for bundle in bundles])
    own = None
    if config.project is not None:
        own = yield from _own_images(config, config.project, received.recipe, control)
    with writing_to(config.out):
        config.out.mkdir(parents=True, exist_ok=True)
    _write_images(config.out, received)
    device = devices.choose(config.device)
    began = time.monotonic()
    thetas = yield from _trained(config, received, device, control)
    summary = _summary(config, received)
    if own is not None:
        seconds = time.monotonic() - began
        summary |= _tested(received, thetas, own, device, seconds)
        if own.train is not None:
            here = worth.Here(
                received=received, train=own.train, test=own.test, config=config, device=device, control=control
            )  # fmt: skip
            summary["rows"] += yield from worth.compared(here)
        summary["text"] += _sentence(config, received, own, summary)
    _write_papers(config.out, bundles, received, summary)
    yield Finished(summary=summary)


def _own_images(
    config: ReceiveConfig, project: Path, recipe: Recipe, control: Control
) -> Generator[Event, None, _Own]:
    """The receiver's labelled images: all of them test, or those outside of training where training is compared."""
    images = ImagesConfig(
        size=recipe.size, channels=recipe.channels, fit=recipe.fit, window=recipe.window
    )
    parts = yield from roles_read(project, images, ROLES, control)
    names = parts[0].class_names
    if set(names) != set(recipe.class_names):
        raise LabelError(
            f"The bundle's classes are {', '.join(recipe.class_names)}; the project's are {', '.join(names)}.",
            "Rename or merge the project's classes so that they are the same.",
        )
    comparing = bool(config.own_images or config.whole)
    train = [part for part in parts if part.role == _TRAIN] if comparing else []
    test = [part for part in parts if not comparing or part.role != _TRAIN]
    if not any(map(len, test)):
        raise SplitError(
            "The project has no images that could test the students.",
            "Split its patients with a share for testing, or do not compare with your own images.",
        )
    return _Own(
        train=in_order(train, recipe.class_names) if train else None,
        test=in_order(test, recipe.class_names),
    )


def in_order(parts: Sequence[RealImages], class_names: tuple[str, ...]) -> RealImages:
    """Several parts of the split as one, their labels in the given order of classes."""
    order = np.array([class_names.index(name) for name in parts[0].class_names])
    return RealImages(
        images=np.concatenate([part.images for part in parts]),
        labels=order[np.concatenate([part.labels for part in parts])],
        patients=np.concatenate([part.patients for part in parts]),
        ids=np.concatenate([part.ids for part in parts]),
        class_names=class_names,
        role=parts[0].role if len(parts) == 1 else "test",
    )


def _made_from(project: Path, received: DistilledSet) -> bool:
    """Whether a run of this project has made the set: then its training images are among those that test it."""
    for name in open_project(project).run_names():
        result = project / "runs" / name / "result" / "distilled.safetensors"
        if result.is_file() and np.array_equal(sets.load(result).images, received.images):
            return True
    return False


def _write_images(out: Path, received: DistilledSet) -> None:
    sets.save(out / "distilled.safetensors", received)
    with writing_to(out):
        for index, (pixels, label) in enumerate(
            zip(sets.displayed(received.images), received.labels, strict=True)
        ):
            name = received.recipe.class_names[int(label.argmax())]
            # only letters and digits of a name that came from outside may become part of a path
            plain = "".join(c if c.isalnum() else "-" for c in name)[:40]
            Image.fromarray(pixels).save(out / f"{index:04d}-{plain}.png")


def _trained(
    config: ReceiveConfig, received: DistilledSet, device: torch.device, control: Control
) -> Generator[Event, None, list[Tensor]]:
    """Train the students, saying their loss on the way, and keep each as named layers and as ONNX."""
    thetas = []
    for index in range(config.students):
        yield Progress(phase=PHASE, done=index, total=config.students, unit="students")
        steps = students.training(
            received, seed=config.seed + index, device=device, control=control
        )
        theta = yield from _curve(steps)
        stem = config.out / f"student-{index + 1}"
        write_whole(stem.with_suffix(".safetensors"), portable.weights(received.recipe, theta))
        write_whole(stem.with_suffix(".onnx"), portable.onnx(received.recipe, theta))
        thetas.append(theta)
    yield Progress(phase=PHASE, done=config.students, total=config.students, unit="students")
    return thetas


def _curve(steps: Generator[tuple[int, float], None, Tensor]) -> Generator[Event, None, Tensor]:
    while True:
        try:
            step, loss = next(steps)
        except StopIteration as end:
            theta: Tensor = end.value
            return theta
        yield Metric(name=LOSS, step=step, value=loss)


def _summary(config: ReceiveConfig, received: DistilledSet) -> dict[str, Any]:
    made = config.students
    students_made = "1 trained student" if made == 1 else f"{made} trained students"
    return {
        "text": f"{len(received.images)} images and {students_made} are in {config.out}.",
        "out": str(config.out),
        "images": len(received.images),
        "class_names": list(received.recipe.class_names),
        "students": config.students,
    }


def _tested(
    received: DistilledSet,
    thetas: Sequence[Tensor],
    own: _Own,
    device: torch.device,
    seconds: float,
) -> dict[str, Any]:
    tested = [worth.tested_student(received, theta, own.test, device) for theta in thetas]
    return {
        "test_images": len(own.test),
        "tests": [one.as_json() for one in tested],
        "balanced_accuracy": float(np.mean([one.balanced_accuracy for one in tested])),
        "rows": [worth.judged_row(worth.received_row(received), tested, seconds)],
    }


def _sentence(
    config: ReceiveConfig, received: DistilledSet, own: _Own, summary: dict[str, Any]
) -> str:
    scores = {row["name"]: row["balanced_accuracy"]["mean"] for row in summary["rows"]}
    said = f" On {len(own.test):,} of your images: balanced accuracy {scores['bundle']:.3f}."
    if "own" in scores:
        own_row = next(row for row in summary["rows"] if row["name"] == "own")
        said += (
            f" {own_row['training_images']:,} images of your own alone reach {scores['own']:.3f}, "
            f"both together {scores['both']:.3f}."
        )
    if config.project is not None and own.train is None and _made_from(config.project, received):
        said += " The set was made from some of them: this figure flatters it."
    return said


def _write_papers(
    out: Path, bundles: Sequence[VerifiedBundle], received: DistilledSet, summary: dict[str, Any]
) -> None:
    write_whole(out / "received.json", json.dumps(summary, indent=1).encode())
    card = model_card.written(bundles, received.recipe, summary)
    write_whole(out / "MODEL_CARD.md", card.encode())
