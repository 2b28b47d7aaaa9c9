"""What the audit finds and what it misses, on real radiographs and on invented ones.

python -m benchmarks.anonymity [--data phantoms cxr3] [--train 1000] [--holdout 500] [--planted 40]

First table: planted leak x score, share flagged | share with the right patient ranked first, thresholds from half of the
hold-out. Raw distance stands beside the program's own scores because it is what other tools measure. Second table: whole
sets, the share of their images flagged by each score alone, after the matched null, and the verdict. cxr3 names no patients: some
stand on both sides of its split, which raises the thresholds and hides leaks; each image counts as a patient of its own.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from meddistill_gui.audit.copy_search import MarginSearch, Scores, ViewSearch
from meddistill_gui.audit.descriptors import low_passed
from meddistill_gui.audit.examination import examine
from meddistill_gui.audit.nearest import distances
from meddistill_gui.audit.planted import Planted, planted
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet, Recipe
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.data.phantom_anatomy import CLASSES, draw_anatomy, draw_radiograph
from meddistill_gui.engine.devices import prepare_threads

SIDE: Final = 32
CXR3: Final = Path(__file__).resolve().parents[2] / "shared" / "data" / "cxr3"
SET_SIZE: Final = 20


@dataclass(frozen=True)
class Data:
    """Training and hold-out images of one source."""

    name: str
    train: RealImages
    holdout: RealImages


def phantoms(train: int, holdout: int) -> Data:
    """Invented patients, one radiograph each."""
    pixels = np.empty((train + holdout, 1, SIDE, SIDE), dtype=np.uint8)
    labels = np.arange(train + holdout, dtype=np.int64) % len(CLASSES)
    for number, label in enumerate(labels):
        random = np.random.default_rng([7, number])
        anatomy = draw_anatomy(2 * SIDE, random)
        drawn = draw_radiograph(anatomy, CLASSES[label], random.random(), random)
        small = drawn.reshape(SIDE, 2, SIDE, 2).mean(axis=(1, 3))
        pixels[number, 0] = np.rint(small * 255)
    return _divided("phantoms", pixels, labels, tuple(CLASSES), train)


def cxr3(train: int, holdout: int) -> Data:
    """Real radiographs, drawn at random from the shared ones."""
    names = sorted(folder.name for folder in (CXR3 / "train").iterdir())
    files = [
        (path, label)
        for label, name in enumerate(names)
        for path in sorted((CXR3 / "train" / name).iterdir())
    ]
    chosen = np.random.default_rng(0).permutation(len(files))[: train + holdout]
    pixels = np.stack([_read(files[row][0]) for row in chosen])[:, None]
    labels = np.array([files[row][1] for row in chosen], dtype=np.int64)
    return _divided("cxr3", pixels, labels, tuple(names), train)


SOURCES: Final[dict[str, Callable[[int, int], Data]]] = {"phantoms": phantoms, "cxr3": cxr3}


def planted_table(data: Data, count: int) -> None:
    """Planted kind x score."""
    training, held = _floats(data.train), _floats(data.holdout)
    leaks = planted(training, data.train.patients, torch.rand(8, 1, SIDE, SIDE), count, 0)
    queries = torch.cat([held, *(leak.images for leak in leaks)])
    scores = {
        "raw distance": _raw(queries, data.train),
        "A margin": _finished(MarginSearch(training, data.train.patients).run(queries, Control())),
        "B views": _finished(ViewSearch(training).run(queries, Control())),
    }
    print(f"\n{'planted leak':<28}" + "".join(f"{name:>16}" for name in scores) + f"{'A or B':>10}")
    half = len(held) // 2
    limits = {name: found.score[:half].max() for name, found in scores.items()}
    for number, leak in enumerate(leaks):
        start = len(held) + number * count
        _planted_row(
            leak, {name: found[start : start + count] for name, found in scores.items()}, limits
        )
    alarms = {
        name: (found.score[half : len(held)] > limits[name]).mean()
        for name, found in scores.items()
    }
    print(
        f"{'new patients (false alarms)':<28}"
        + "".join(f"{share:>15.1%} " for share in alarms.values())
    )


def sets_table(data: Data) -> None:
    """Whole sets and their verdicts."""
    print(f"\n{'set of 20 images':<36}{'flagged':>8}{'explained':>10}{'confirmed':>10}  verdict")
    for name, images, start in _sets(data):
        report = _audited(data, images, start)
        flagged, explained, confirmed = (
            np.mean([image[what] for image in report["images"]])
            for what in ("flagged", "explained", "confirmed")
        )
        print(f"{name:<36}{flagged:>8.0%}{explained:>10.0%}{confirmed:>10.0%}  {report['verdict']}")


def _sets(data: Data) -> Iterator[tuple[str, npt.NDArray[np.float32], str]]:
    random = np.random.default_rng(1)
    real, new = (_floats(images)[:SET_SIZE] for images in (data.train, data.holdout))
    white = torch.from_numpy(random.normal(size=real.shape)).float()
    rough = white - low_passed(white, 1.0)
    rough = rough / rough.std()
    smooth = low_passed(white, 2.0)
    pixels = _floats(data.train)
    means = [pixels[data.train.labels == label].mean(0) for label in np.unique(data.train.labels)]
    yield "plain training images", real.numpy(), "real"
    yield "real start, texture 0.3", (real + 0.3 * rough).numpy(), "real"
    yield "real start, texture 1.0", (real + rough).numpy(), "real"
    yield "the same, said to be from noise", (real + rough).numpy(), "noise"
    yield "new patients", new.numpy(), "noise"
    yield "class means", torch.stack(means).numpy(), "noise"
    yield "white noise", (0.5 + 0.3 * white).numpy(), "noise"
    yield "smooth noise and texture", (0.5 + smooth + 0.5 * rough).numpy(), "noise"


def _planted_row(leak: Planted, found: dict[str, Scores], limits: dict[str, float]) -> None:
    cells = []
    flags = {name: scores.score > limits[name] for name, scores in found.items()}
    for name, scores in found.items():
        right = np.mean(scores.source == leak.sources)
        cells.append(f"{flags[name].mean():>9.0%} |{right:>4.0%} ")
    either = (flags["A margin"] | flags["B views"]).mean()
    print(f"{leak.kind:<28}" + "".join(cells) + f"{either:>9.0%}")


def _raw(queries: torch.Tensor, train: RealImages) -> Scores:
    """What other tools measure: the distance to the nearest training image, here negative so that near is great."""
    pixels = np.clip(np.rint(queries.numpy() * 255), 0, 255).astype(np.uint8)
    found = distances(pixels, train.images)
    score = -found.min(1).astype(np.float64)
    return Scores(
        score=score, source=found.argmin(1), similarity=score, how=np.zeros(len(score), np.int64)
    )


def _audited(data: Data, images: npt.NDArray[np.float32], start: str) -> dict[str, Any]:
    classes = data.train.class_names
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
        steps=100,
        batch=0,
        momentum=0.9,
        weight_decay=0.0,
        method="none",
        images_per_class=1,
        initialisation=start,
        program="benchmark",
    )
    made = DistilledSet(
        images=images.astype(np.float32),
        labels=np.eye(len(classes), dtype=np.float32)[np.arange(len(images)) % len(classes)],
        learning_rates=np.array([0.01], dtype=np.float32),
        recipe=recipe,
    )
    config = AuditConfig(run=Path(), planted=20)
    report: dict[str, Any] = _finished(examine(made, data.train, data.holdout, config, Control()))
    return report


def _divided(
    name: str,
    pixels: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.int64],
    classes: tuple[str, ...],
    train: int,
) -> Data:
    numbers = np.arange(len(pixels), dtype=np.int64)
    sides = [
        RealImages(
            images=pixels[part],
            labels=labels[part],
            patients=numbers[part],
            ids=numbers[part],
            class_names=classes,
            role=role,
        )
        for part, role in ((slice(train), "train"), (slice(train, None), "holdout"))
    ]
    return Data(name, *sides)


def _read(path: Path) -> npt.NDArray[np.uint8]:
    with Image.open(path) as image:
        small = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
        return np.asarray(small, dtype=np.uint8)


def _floats(images: RealImages) -> torch.Tensor:
    return torch.from_numpy(images.images).float() / 255


def _finished(steps: Any) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def main() -> None:
    """Print both tables for each source."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", nargs="+", choices=SOURCES, default=list(SOURCES))
    parser.add_argument("--train", type=int, default=1000)
    parser.add_argument("--holdout", type=int, default=500)
    parser.add_argument("--planted", type=int, default=40)
    chosen = parser.parse_args()
    prepare_threads()
    for name in chosen.data:
        if name == "cxr3" and not CXR3.is_dir():
            print("\ncxr3: not beside this checkout, left out")
            continue
        began = time.monotonic()
        data = SOURCES[name](chosen.train, chosen.holdout)
        print(
            f"\n== {name}: {len(data.train)} training, {len(data.holdout)} hold-out images, {SIDE} x {SIDE}"
        )
        planted_table(data, chosen.planted)
        sets_table(data)
        print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
