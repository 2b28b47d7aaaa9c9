"""Small procedural patients: a shared anatomy, and for each patient a smooth field of his own."""

from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from meddistill_gui.audit.examination import examine
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet, Recipe
from meddistill_gui.core.real_images import RealImages

CLASSES = ("normal", "opacity")


def anatomy(side: int) -> np.ndarray:
    """Two dark lungs in a bright chest, 0..1."""
    y, x = np.mgrid[0:side, 0:side] / (side - 1) * 2 - 1
    lungs = sum(((x - centre) / 0.32) ** 2 + (y / 0.62) ** 2 < 1 for centre in (-0.45, 0.45))
    return 0.7 - 0.4 * lungs - 0.1 * x**2


def fields(count: int, side: int, seed: int) -> np.ndarray:
    """Random fields whose amplitude falls with frequency, as that of natural images does."""
    random = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]) * side
    amplitude = 1 / (1 + frequency) ** 1.3
    noise = np.fft.rfft2(random.normal(size=(count, side, side)))
    made = np.fft.irfft2(noise * amplitude, s=(side, side))
    return made / made.std()


def hospital(
    patients: int, *, side: int = 16, seed: int, role: str = "train", first: int = 0
) -> RealImages:
    """One image per patient."""
    pixels = anatomy(side) + 0.12 * fields(patients, side, seed)
    return RealImages(
        images=np.clip(np.rint(pixels * 255), 0, 255).astype(np.uint8)[:, None],
        labels=np.arange(patients, dtype=np.int64) % 2,
        patients=np.arange(first, first + patients, dtype=np.int64),
        ids=np.arange(first, first + patients, dtype=np.int64) + 1000,
        class_names=CLASSES,
        role=role,
    )


def set_of(images: np.ndarray, train: RealImages, *, initialisation: str = "noise") -> DistilledSet:
    """A set of these images (float, 0..1, `[m, 1, S, S]`) with the recipe of a run on `train`."""
    side = images.shape[-1]
    recipe = Recipe(
        class_names=CLASSES,
        size=side,
        channels=1,
        mean=(float(train.images.mean() / 255),),
        deviation=(0.2,),
        network="convnet",
        depth=2,
        width=8,
        augmentation="none",
        steps=10,
        batch=0,
        momentum=0.5,
        weight_decay=0.0,
        method="trajectory",
        images_per_class=max(1, len(images) // 2),
        initialisation=initialisation,
        program="test",
    )
    labels = np.eye(2, dtype=np.float32)[np.arange(len(images)) % 2]
    return DistilledSet(
        images=images.astype(np.float32),
        labels=labels,
        learning_rates=np.array([0.01], dtype=np.float32),
        recipe=recipe,
    )


def as_floats(images: np.ndarray) -> np.ndarray:
    return images.astype(np.float32) / 255


def finished(steps: Generator[Any, None, dict[str, Any]]) -> dict[str, Any]:
    """What a generator returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def audited(
    images: np.ndarray,
    train: RealImages,
    holdout: RealImages,
    *,
    planted: int = 20,
    seed: int = 0,
    initialisation: str = "noise",
) -> dict[str, Any]:
    """The report of an audit of these images."""
    config = AuditConfig(run=Path(), planted=planted, seed=seed)
    made = set_of(images, train, initialisation=initialisation)
    return finished(examine(made, train, holdout, config, Control()))


@pytest.fixture(scope="session")
def train() -> RealImages:
    return hospital(200, seed=1)


@pytest.fixture(scope="session")
def holdout() -> RealImages:
    return hospital(120, seed=2, role="holdout", first=5000)


@pytest.fixture(scope="session")
def strangers() -> np.ndarray:
    """Images of patients that stand nowhere else, float 0..1."""
    return as_floats(hospital(40, seed=3).images)


@pytest.fixture(scope="session", name="audited")
def audited_fixture() -> Callable[..., dict[str, Any]]:
    return audited


@pytest.fixture(scope="session")
def make_hospital() -> Callable[..., RealImages]:
    return hospital


@pytest.fixture
def make_set() -> Callable[..., DistilledSet]:
    return set_of


@pytest.fixture
def unknown() -> Callable[[RealImages], RealImages]:
    """The same images with their patients forgotten."""
    return lambda images: replace(images, patients=np.full(len(images), -1, dtype=np.int64))


@pytest.fixture(scope="session")
def run_to_end() -> Callable[..., Any]:
    return finished
