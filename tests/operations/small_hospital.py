"""A small invented source folder, and a project made from it by the operations themselves."""

from pathlib import Path

import numpy as np
from PIL import Image

from meddistill_gui.core.configs.distill import (
    DistillConfig,
    EvaluationConfig,
    ExpertsConfig,
    ImagesConfig,
    NetworkConfig,
)
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.configs.trajectories import TrajectoryOptions
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Finished
from meddistill_gui.operations.label import label
from meddistill_gui.operations.scan import scan
from meddistill_gui.operations.split import split

CLASSES = ("dots", "stripes", "waves")


def finished(events):
    """The summary of an operation that ran to its end."""
    *_, last = events
    assert isinstance(last, Finished)
    return dict(last.summary)


def picture(kind: str, generator: np.random.Generator, side: int = 24) -> np.ndarray:
    y, x = np.mgrid[0:side, 0:side] / side
    phase = generator.uniform(0, 1)
    drawn = {
        "dots": np.sin(20 * x + phase) * np.sin(20 * y + phase),
        "stripes": np.sin(18 * x + 6 * phase),
        "waves": np.sin(9 * y + 3 * np.sin(6 * x) + 6 * phase),
    }[kind]
    noisy = drawn + 0.3 * generator.normal(size=(side, side))
    return np.clip(127 + 60 * noisy, 0, 255).astype(np.uint8)


def write_source(
    folder: Path, *, patients: int = 20, kinds: tuple[str, ...] = CLASSES, sides=(24, 24)
) -> Path:
    generator = np.random.default_rng(5)
    for kind in kinds:
        (folder / kind).mkdir(parents=True)
        for patient in range(patients):
            for image in range(2):
                pixels = picture(kind, generator, sides[image])
                Image.fromarray(pixels).save(folder / kind / f"p{kind}{patient:03d}_{image}.png")
    return folder


def make_project(source: Path, project: Path, **shares) -> Path:
    control = Control()
    parts = {"validation": 0.2, "test": 0.2, "holdout": 0.2} | shares
    pattern = r"([a-z]+\d+)_\d\.png$"
    finished(scan(ScanConfig(source=source, project=project, patient_pattern=pattern), control))
    finished(label(LabelConfig(project=project), control))
    finished(split(SplitConfig(project=project, **parts), control))
    return project


def small_run(project: Path, name: str = "small", **changes) -> DistillConfig:
    options = {
        "project": project,
        "name": name,
        "iterations": 6,
        "device": "cpu",
        "images": ImagesConfig(size=16),
        "network": NetworkConfig(depth=2, width=8),
        "experts": ExpertsConfig(count=2, epochs=4, batch=32),
        "method": "trajectory",
        "options": TrajectoryOptions(inner_steps=3, max_start=2, expert_epochs=1, warm_start=2),
        "evaluation": EvaluationConfig(students=2, steps=10, every=3),
    }
    return DistillConfig(**(options | changes))
