"""A small invented data set with a class in each image, experts made in seconds, and settings around them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from meddistill_gui.core.config import with_values
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.real_images import RealImages


def invented(count: int, *, channels: int = 1, size: int = 8, classes: int = 2, role: str = "train", seed: int = 0) -> RealImages:  # fmt: skip
    """Noise with a bright square whose place is the class."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    images = random.integers(0, 120, (count, channels, size, size)).astype(np.uint8)
    half = size // 2
    for number, label in enumerate(labels):
        top, left = divmod(int(label), 2)
        images[number, :, top * half : (top + 1) * half, left * half : (left + 1) * half] += 100
    return RealImages(
        images=images,
        labels=labels.astype(np.int64),
        patients=np.arange(count, dtype=np.int64),
        ids=np.arange(count, dtype=np.int64),
        class_names=tuple("abcd"[:classes]),
        role=role,
    )


@pytest.fixture
def real() -> Callable[..., RealImages]:
    return invented


@pytest.fixture
def small_config(tmp_path: Path) -> Callable[..., DistillConfig]:
    """The smallest run of a method; options by their dotted names with `__` for the dot."""

    def make(method: str = "trajectory", **options: object) -> DistillConfig:
        values: dict[str, object] = {
            "images.size": 8,
            "network.depth": 2,
            "network.width": 4,
            "experts.count": 2,
            "experts.epochs": 6,
            "experts.batch": 16,
            "evaluation.steps": 6,
            "evaluation.every": 3,
            "evaluation.validation_students": 1,
            "iterations": 4,
            "device": "cpu",
        }
        begun = with_values(DistillConfig(project=tmp_path), {"method": method})
        if hasattr(begun.options, "warm_start"):
            values["options.warm_start"] = 0
        values |= {name.replace("__", "."): value for name, value in options.items()}
        return with_values(begun, values)

    return make
