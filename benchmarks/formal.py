"""What the formal bound costs: students of sets distilled with one noised look at the patients, for several epsilon.

    python -m benchmarks.formal --data cxr3

Prints, for each ε: the length of the noise on the smallest class's mean, whether the program would refuse, and the balanced accuracy of
students on images of the test part. The row "inf" draws no noise: what the method is worth by itself. Beside it stand plain distribution matching and random
real images. No iteration is chosen by anybody's images.
"""

import argparse
import math
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from meddistill_gui.core.config import with_values
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.errors import DivergedError
from meddistill_gui.core.gaussian_mechanism import planned
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.data.phantoms.anatomy import CLASSES, draw_anatomy, draw_radiograph
from meddistill_gui.engine import starting
from meddistill_gui.engine.bounded import normaliser_for
from meddistill_gui.engine.devices import prepare_threads
from meddistill_gui.engine.evaluation.metrics import figures
from meddistill_gui.engine.evaluation.students import predict, train_student
from meddistill_gui.engine.matching.noisy_features import NoisyFeatureMatching
from meddistill_gui.engine.matching.noisy_release import FEATURE_LENGTH
from meddistill_gui.engine.method import Learned, Method
from meddistill_gui.engine.methods.distribution import distribution
from meddistill_gui.engine.objectives.features import one_hot
from meddistill_gui.engine.selection import Publisher

SIDE: Final = 32
DELTA: Final = 1e-5
CXR3: Final = Path(__file__).parents[2] / "shared" / "data" / "cxr3"
_CPU: Final = torch.device("cpu")
_DEMO_PATIENTS: Final = 90
_DEMO_IMAGES: Final = 210


def cxr3() -> tuple[RealImages, RealImages]:
    """The radiographs, each called a patient of its own because nobody knows better."""
    names = tuple(sorted(folder.name for folder in (CXR3 / "train").iterdir()))
    return _radiographs(CXR3 / "train", names, "train"), _radiographs(CXR3 / "test", names, "test")


def invented(patients: int, images: int) -> tuple[RealImages, RealImages]:
    """Invented patients with several images each, and 400 more to test on."""
    return _drawn(patients, images, 0, "train"), _drawn(400, 400, 1, "test")


def trials(
    train: RealImages, test: RealImages, given: argparse.Namespace
) -> Iterator[tuple[str, float, list[float], float]]:
    """Name, noise ratio, balanced accuracies of all students, CPU seconds of each row of the table."""
    noised = _config(given, "noisy_distribution")
    features = given.networks * given.width * (SIDE >> 3) ** 2
    smallest = min(
        len(np.unique(train.patients[train.labels == k])) for k in np.unique(train.labels)
    )
    for epsilon in given.epsilon:
        began = time.process_time()
        ratio = 0.0
        if not math.isinf(epsilon):
            ratio = planned(
                epsilon=epsilon,
                delta=DELTA,
                features=features,
                patients=smallest,
                length=FEATURE_LENGTH,
            ).ratio
        method = _noised(given, epsilon)
        found = [
            score
            for draw in range(given.draws)
            for score in _scores(with_values(noised, {"seed": draw}), method, train, test, given)
        ]
        yield f"bound, epsilon {epsilon:g}", ratio, found, time.process_time() - began
    plain = _config(given, "distribution")
    began = time.process_time()
    found = _scores(plain, distribution(plain), train, test, given)
    yield "distribution matching", 0.0, found, time.process_time() - began
    began = time.process_time()
    real = with_values(plain, {"initialisation": "real"})
    found = [
        score
        for draw in range(given.draws)
        for score in _scores(with_values(real, {"seed": draw}), None, train, test, given)
    ]
    yield "random real images", 0.0, found, time.process_time() - began


def main() -> None:
    """Print the table of one source."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", choices=("cxr3", "demo", "invented"), default="cxr3")
    parser.add_argument("--patients", type=int, default=4000, help="of the invented ones")
    parser.add_argument("--per-class", type=int, default=0, help="at most so many training images")
    parser.add_argument("--epsilon", nargs="+", type=float, default=[1.0, 3.0, 8.0, math.inf])
    parser.add_argument("--ipc", type=int, default=10)
    parser.add_argument("--networks", type=int, default=4)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--iterations", type=int, default=600)
    parser.add_argument("--image-rate", type=float, default=1.0)
    parser.add_argument("--draws", type=int, default=3, help="of noise, first images and networks")
    parser.add_argument("--students", type=int, default=2, help="per draw")
    parser.add_argument("--steps", type=int, default=500, help="of a student")
    given = parser.parse_args()
    prepare_threads()
    train, test = _source(given)
    patients = [len(np.unique(train.patients[train.labels == k])) for k in np.unique(train.labels)]
    print(
        f"{given.data}: patients per class {patients}, {len(train)} training images, {len(test)} test images"
    )
    print(
        "| set | noise ratio | refused | balanced accuracy | students | CPU seconds |\n|---|---|---|---|---|---|"
    )
    for name, ratio, found, seconds in trials(train, test, given):
        told = "yes" if ratio > 0.3 else "no"
        print(
            f"| {name} | {ratio:.2f} | {told} | {np.mean(found):.3f} ± {np.std(found):.3f} | {len(found)} | {seconds:.0f} |",
            flush=True,
        )


def _source(given: argparse.Namespace) -> tuple[RealImages, RealImages]:
    if given.data == "cxr3":
        train, test = cxr3()
    elif given.data == "demo":
        train, test = invented(_DEMO_PATIENTS, _DEMO_IMAGES)
    else:
        train, test = invented(given.patients, given.patients)
    return _fewer(train, given.per_class) if given.per_class else train, test


def _fewer(train: RealImages, count: int) -> RealImages:
    random = np.random.default_rng(0)
    rows = np.concatenate(
        [
            random.permutation(np.flatnonzero(train.labels == k))[:count]
            for k in np.unique(train.labels)
        ]
    )
    return replace(
        train,
        images=train.images[rows],
        labels=train.labels[rows],
        patients=train.patients[rows],
        ids=train.ids[rows],
    )


def _scores(
    config: DistillConfig,
    method: Method | None,
    train: RealImages,
    test: RealImages,
    given: argparse.Namespace,
) -> list[float]:
    """Balanced accuracies of the students of one set; without a method of the images it would start from."""
    normaliser = normaliser_for(config, train)
    setting = starting.make_setting(config, train, normaliser)
    images = starting.first_images(config, setting)
    if method is None:
        rates = torch.tensor([0.01])
        learned = Learned(
            images=images, labels=one_hot(setting.labels, setting.train.classes), rates=rates
        )
    else:
        state = method.setup(setting, images)
        for iteration in range(config.iterations):
            state = method.step(setting, state, iteration).state
        learned = method.result(setting, state)
    publisher = Publisher(config=config, normaliser=normaliser, class_names=train.class_names)
    made = publisher.published(learned)
    return [_student(made, test, number) for number in range(given.students)]


def _student(made: DistilledSet, test: RealImages, seed: int) -> float:
    try:
        theta = train_student(made, seed=seed, device=_CPU, control=Control())
    except DivergedError:
        return 0.0
    answers = predict(made.recipe, theta, test, _CPU)
    return float(
        np.nan_to_num(figures(answers, test.labels, made.recipe.class_names).balanced_accuracy)
    )


def _noised(given: argparse.Namespace, epsilon: float) -> NoisyFeatureMatching:
    return NoisyFeatureMatching(
        iterations=given.iterations,
        epsilon=epsilon,
        delta=DELTA,
        networks=given.networks,
        image_rate=given.image_rate,
        momentum=0.5,
        student_rate=0.01,
        refuses=False,
    )


def _config(given: argparse.Namespace, method: str) -> DistillConfig:
    config = with_values(DistillConfig(project=Path("none")), {"method": method})
    return with_values(
        config,
        {
            "images.size": SIDE,
            "network.width": given.width,
            "images_per_class": given.ipc,
            "iterations": given.iterations,
            "evaluation.steps": given.steps,
            "device": "cpu",
        },
    )


def _radiographs(folder: Path, names: tuple[str, ...], role: str) -> RealImages:
    paths = [
        (path, label)
        for label, name in enumerate(names)
        for path in sorted((folder / name).iterdir())
    ]
    pixels = np.stack([_read(path) for path, _ in paths])[:, None]
    labels = np.array([label for _, label in paths], dtype=np.int64)
    numbers = np.arange(len(paths), dtype=np.int64)
    return RealImages(
        images=pixels, labels=labels, patients=numbers, ids=numbers, class_names=names, role=role
    )


def _read(path: Path) -> npt.NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(
            image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.uint8
        )


def _drawn(patients: int, images: int, seed: int, role: str) -> RealImages:
    random = np.random.default_rng([7, seed])
    anatomies = [draw_anatomy(SIDE * 2, random) for _ in range(patients)]
    owners = np.arange(images, dtype=np.int64) % patients
    labels = owners % len(CLASSES)
    pixels = np.stack(
        [
            draw_radiograph(anatomies[owner], CLASSES[label], random.random(), random)
            for owner, label in zip(owners, labels, strict=True)
        ]
    )
    small = pixels.reshape(images, SIDE, 2, SIDE, 2).mean((2, 4))[:, None]
    return RealImages(
        images=np.clip(np.rint(small * 255), 0, 255).astype(np.uint8),
        labels=labels,
        patients=owners,
        ids=np.arange(images, dtype=np.int64),
        class_names=tuple(CLASSES),
        role=role,
    )


if __name__ == "__main__":
    main()
