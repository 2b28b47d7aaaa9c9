"""Images and sets for `benchmarks.anonymity`: real radiographs and invented ones, and sets distilled from them.

The rule of the audit was chosen on the first images of each source (scores A and B on 1,500, score D on 6,400, and 1,500 more were looked at once on the way); the default takes later ones, which no
choice was made with.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from meddistill_gui.audit.descriptors import low_passed
from meddistill_gui.core import distilled as sets
from meddistill_gui.core import ledger as ledgers
from meddistill_gui.core.config import with_values
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet, Recipe
from meddistill_gui.core.ledger import Ledger
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.data.phantoms.anatomy import CLASSES, draw_anatomy, draw_radiograph
from meddistill_gui.engine import runner

SIDE: Final = 32
CXR3: Final = Path(__file__).resolve().parents[2] / "shared" / "data" / "cxr3"
TUNED_ON: Final = 8100
EACH: Final = 10
PLAIN: Final = 200
ITERATIONS: Final = 300


@dataclass(frozen=True)
class Data:
    """Images of one source: training, hold-out, and others to choose an iteration with."""

    name: str
    train: RealImages
    holdout: RealImages
    validation: RealImages


@dataclass(frozen=True)
class Made:
    """A set and what it was made from."""

    distilled: DistilledSet
    ledger: Ledger | None


def phantoms(counts: tuple[int, int, int], first: int) -> Data:
    """Invented patients, one radiograph each."""
    numbers = range(first, first + sum(counts))
    pixels = np.empty((len(numbers), 1, SIDE, SIDE), dtype=np.uint8)
    labels = np.arange(len(numbers), dtype=np.int64) % len(CLASSES)
    for row, number in enumerate(numbers):
        random = np.random.default_rng([7, number])
        anatomy = draw_anatomy(2 * SIDE, random)
        drawn = draw_radiograph(anatomy, CLASSES[labels[row]], random.random(), random)
        small = drawn.reshape(SIDE, 2, SIDE, 2).mean(axis=(1, 3))
        pixels[row, 0] = np.rint(small * 255)
    return _divided("phantoms", pixels, labels, tuple(CLASSES), counts)


def cxr3(counts: tuple[int, int, int], first: int) -> Data:
    """Real radiographs, drawn at random from the shared ones."""
    names = sorted(folder.name for folder in (CXR3 / "train").iterdir())
    files = [
        (path, label)
        for label, name in enumerate(names)
        for path in sorted((CXR3 / "train" / name).iterdir())
    ]
    chosen = np.random.default_rng(0).permutation(len(files))[first : first + sum(counts)]
    pixels = np.stack([_read(files[row][0]) for row in chosen])[:, None]
    labels = np.array([files[row][1] for row in chosen], dtype=np.int64)
    return _divided("cxr3", pixels, labels, tuple(names), counts)


def redrawn(data: Data, seed: int) -> Data:
    """The same images, dealt out anew by this seed."""
    parts = (data.train, data.holdout, data.validation)
    order = np.random.default_rng([11, seed]).permutation(sum(map(len, parts)))
    pixels = np.concatenate([part.images for part in parts])[order]
    labels = np.concatenate([part.labels for part in parts])[order]
    counts = (len(parts[0]), len(parts[1]), len(parts[2]))
    return _divided(data.name, pixels, labels, data.train.class_names, counts)


SOURCES: Final = {"phantoms": phantoms, "cxr3": cxr3}


def made_sets(data: Data) -> Iterator[tuple[str, Any]]:
    """Names of whole sets, and functions that make them."""
    yield "distilled from noise", lambda: distilled(data, "noise", ITERATIONS)
    yield "real start, 0 iterations", lambda: plain(data, EACH * len(data.train.class_names))
    yield "real start, 100 iterations", lambda: distilled(data, "real", 100)
    yield "real start, 300 iterations (all)", lambda: distilled(data, "real", ITERATIONS)
    yield "200 plain real images", lambda: plain(data, PLAIN)
    yield "the same, said to be from noise", lambda: replace(said(plain(data, PLAIN)), ledger=None)
    yield "real start, texture 1.0, no ledger", lambda: said(textured(data, 1.0))
    yield "20 new patients", lambda: set_of(data, floats(data.validation)[:20].numpy(), "noise")
    yield "class means", lambda: set_of(data, _means(data), "noise")
    yield "20 of white noise", lambda: set_of(data, _noise(data, 20), "noise")


def distilled(data: Data, start: str, iterations: int) -> Made:
    """Distribution matching, ten images a class, by the program's own runner."""
    values = {
        "method": "distribution",
        "images.size": SIDE,
        "network.depth": 3,
        "network.width": 32,
        "images_per_class": EACH,
        "iterations": iterations,
        "initialisation": start,
        "evaluation.every": iterations,
        "evaluation.steps": 300,
        "evaluation.validation_students": 1,
        "device": "cpu",
    }
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(Path(folder) / "runs" / "one")
        run.root.mkdir(parents=True)
        config = with_values(DistillConfig(project=Path(folder)), values)
        for _ in runner.distill(config, run, data.train, data.validation, Control()):
            pass
        return Made(sets.load(run.result), ledgers.load(run.ledger))


def plain(data: Data, count: int) -> Made:
    """Training images as they are."""
    return _started(data, floats(data.train)[:count].numpy(), np.arange(count))


def textured(data: Data, deviation: float) -> Made:
    """Twenty training images under high-frequency texture."""
    white = torch.from_numpy(np.random.default_rng(1).normal(size=(20, 1, SIDE, SIDE))).float()
    rough = white - low_passed(white, 1.0)
    pixels = floats(data.train)[:20] + deviation * rough / rough.std()
    return _started(data, pixels.numpy(), np.arange(20))


def said(made: Made) -> Made:
    """The same with a recipe that says noise."""
    recipe = replace(made.distilled.recipe, initialisation="noise")
    return Made(replace(made.distilled, recipe=recipe), None)


def floats(images: RealImages) -> torch.Tensor:
    """0..1."""
    return torch.from_numpy(images.images).float() / 255


def _started(data: Data, pixels: npt.NDArray[np.float32], rows: npt.NDArray[np.int64]) -> Made:
    ledger = Ledger(
        started_from=tuple(map(int, data.train.ids[rows])),
        training=tuple(map(int, data.train.ids)),
        validation=(),
    )
    return replace(set_of(data, pixels, "real", data.train.labels[rows]), ledger=ledger)


def _means(data: Data) -> npt.NDArray[np.float32]:
    pixels = floats(data.train)
    means = [pixels[data.train.labels == label].mean(0) for label in np.unique(data.train.labels)]
    return torch.stack(means).numpy()


def _noise(data: Data, count: int) -> npt.NDArray[np.float32]:
    shape = (count, *data.train.images.shape[1:])
    return np.random.default_rng(1).normal(0.5, 0.3, shape).astype(np.float32)


def set_of(
    data: Data,
    images: npt.NDArray[np.float32],
    start: str,
    labels: npt.NDArray[np.int64] | None = None,
) -> Made:
    """A set of these images, one class after the other where no labels are given, with a recipe that says this start."""
    classes = data.train.class_names
    labels = np.arange(len(images)) % len(classes) if labels is None else labels
    recipe = Recipe(
        class_names=classes,
        size=SIDE,
        channels=1,
        mean=(float(data.train.images.mean() / 255),),
        deviation=(0.25,),
        network="convnet",
        depth=3,
        width=32,
        augmentation="none",
        steps=200,
        batch=0,
        momentum=0.9,
        weight_decay=0.0,
        method="none",
        images_per_class=EACH,
        initialisation=start,
        program="benchmark",
    )
    made = DistilledSet(
        images=images.astype(np.float32),
        labels=np.eye(len(classes), dtype=np.float32)[labels],
        learning_rates=np.array([0.02], dtype=np.float32),
        recipe=recipe,
    )
    return Made(made, None)


def _divided(
    name: str,
    pixels: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.int64],
    classes: tuple[str, ...],
    counts: tuple[int, int, int],
) -> Data:
    numbers = np.arange(len(pixels), dtype=np.int64)
    parts, start = [], 0
    for count, role in zip(counts, ("train", "holdout", "validation"), strict=True):
        part = slice(start, start + count)
        start += count
        parts.append(
            RealImages(
                images=pixels[part],
                labels=labels[part],
                patients=numbers[part],
                ids=numbers[part],
                class_names=classes,
                role=role,
            )
        )
    return Data(name, *parts)


def _read(path: Path) -> npt.NDArray[np.uint8]:
    with Image.open(path) as image:
        small = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
        return np.asarray(small, dtype=np.uint8)
