"""At the other hospital: open a checked bundle, train students on it, test them on one's own images."""

import json
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from meddistill_gui.bundle import joining, sealing
from meddistill_gui.core import distilled as sets
from meddistill_gui.core.config import validate
from meddistill_gui.core.configs.bundle import ReceiveConfig
from meddistill_gui.core.configs.distill import ImagesConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet, Recipe
from meddistill_gui.core.errors import LabelError
from meddistill_gui.core.events import Event, Finished, Progress, Started
from meddistill_gui.core.files import write_whole, writing_to
from meddistill_gui.core.project import open_project
from meddistill_gui.core.real_images import ROLES, RealImages
from meddistill_gui.engine import devices
from meddistill_gui.engine.evaluation import metrics, students
from meddistill_gui.operations.real_images import READING_PHASES, roles_read


def receive(config: ReceiveConfig, control: Control) -> Iterator[Event]:
    """Write images, students and (with a project) their test figures into a new folder.

    Raises:
        BundleError: The bundle is not whole.
        LabelError: The project's classes are not the bundle's.
        TargetError: The output folder cannot be written to.
    """
    yield Started(operation="receive", phases=(*READING_PHASES, "training students"))
    first = sealing.opened(validate(config).bundle, config.identity)
    others = [sealing.opened(Path(other), config.identity) for other in config.also]
    received = joining.joined([bundle.distilled for bundle in (first, *others)])
    own: RealImages | None = None
    if config.project is not None:
        own = yield from _own_images(config.project, received.recipe, control)
    with writing_to(config.out):
        config.out.mkdir(parents=True, exist_ok=True)
    _write_images(config.out, received)
    tests = yield from _train(config, received, own, control)
    summary = _summary(config, received, own, tests)
    write_whole(config.out / "received.json", json.dumps(summary, indent=1).encode())
    yield Finished(summary=summary)


def _own_images(
    project: Path, recipe: Recipe, control: Control
) -> Generator[Event, None, RealImages]:
    """All labelled images of the receiver, in the bundle's order of classes."""
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
    order = np.array([recipe.class_names.index(name) for name in names])
    return RealImages(
        images=np.concatenate([part.images for part in parts]),
        labels=order[np.concatenate([part.labels for part in parts])],
        patients=np.concatenate([part.patients for part in parts]),
        ids=np.concatenate([part.ids for part in parts]),
        class_names=recipe.class_names,
        role="test",
    )


def _made_from(project: Path, received: DistilledSet) -> bool:
    """Whether a run of this project has made the set: then its training images are among those that test it."""
    for name in open_project(project).run_names():
        result = project / "runs" / name / "result" / "distilled.safetensors"
        if result.is_file() and np.array_equal(sets.load(result).images, received.images):
            return True
    return False


def _write_images(out: Path, bundle: DistilledSet) -> None:
    sets.save(out / "distilled.safetensors", bundle)
    with writing_to(out):
        for index, (pixels, label) in enumerate(
            zip(sets.displayed(bundle.images), bundle.labels, strict=True)
        ):
            name = bundle.recipe.class_names[int(label.argmax())]
            # only letters and digits of a name that came from outside may become part of a path
            plain = "".join(c if c.isalnum() else "-" for c in name)[:40]
            Image.fromarray(pixels).save(out / f"{index:04d}-{plain}.png")


def _train(
    config: ReceiveConfig, bundle: DistilledSet, own: RealImages | None, control: Control
) -> Generator[Event, None, list[dict[str, Any]]]:
    device = devices.choose(config.device)
    tests: list[dict[str, Any]] = []
    for index in range(config.students):
        yield Progress(
            phase="training students", done=index, total=config.students, unit="students"
        )
        theta = students.train_student(
            bundle, seed=config.seed + index, device=device, control=control
        )
        write_whole(
            config.out / f"student-{index + 1}.safetensors",
            students.student_bytes(bundle.recipe, theta),
        )
        if own is not None:
            probabilities = students.predict(bundle.recipe, theta, own, device)
            tests.append(metrics.figures(probabilities, own.labels, own.class_names).as_json())
    yield Progress(
        phase="training students", done=config.students, total=config.students, unit="students"
    )
    return tests


def _summary(
    config: ReceiveConfig, bundle: DistilledSet, own: RealImages | None, tests: list[dict[str, Any]]
) -> dict[str, Any]:
    made = config.students
    students_made = "1 trained student" if made == 1 else f"{made} trained students"
    summary: dict[str, Any] = {
        "text": f"{len(bundle.images)} images and {students_made} are in {config.out}.",
        "out": str(config.out),
        "images": len(bundle.images),
        "class_names": list(bundle.recipe.class_names),
        "students": config.students,
    }
    if own is not None:
        scores = [test["balanced_accuracy"] for test in tests]
        summary |= {
            "test_images": len(own),
            "tests": tests,
            "balanced_accuracy": float(np.mean(scores)),
        }
        summary["text"] += f" On your {len(own):,} images: balanced accuracy {np.mean(scores):.3f}."
        if config.project is not None and _made_from(config.project, bundle):
            summary["text"] += " The set was made from some of them: this figure flatters it."
    return summary
