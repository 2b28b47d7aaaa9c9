"""Named budgets: what a clinician chooses instead of twenty numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from meddistill_gui.core.config import options_of, value_at, with_values
from meddistill_gui.core.configs.distill import DistillConfig

RECOMMENDED: Final = "recommended"
"""Method that the wizard begins with."""


# DICOM PS3.3 C.7.3.1.1.1
AUGMENTATIONS: Final[Mapping[str, str]] = {
    "CT": "tomography",
    "MR": "tomography",
    "PT": "tomography",
    "SM": "microscopy",
    "GM": "microscopy",
    "ES": "endoscopy",
}
"""Augmentation by modality; others are treated as radiographs."""


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A budget.

    Attributes:
        name: Stable short name.
        values: Values by dotted path; those that the method does not have are left out.
    """

    name: str
    values: Mapping[str, Any]


PRESETS: Final = (
    Preset(
        name="quick",
        values={
            "iterations": 60,
            "experts.count": 2,
            "experts.epochs": 6,
            "options.max_start": 4,
            "options.warm_start": 60,
            "network.width": 32,
            "evaluation.every": 20,
        },
    ),
    Preset(
        name="balanced",
        values={
            "iterations": 300,
            "experts.count": 6,
            "experts.epochs": 10,
            "options.max_start": 4,
            "options.warm_start": 200,
            "network.width": 32,
            "evaluation.every": 50,
        },
    ),
    Preset(
        name="thorough",
        values={
            "iterations": 2000,
            "experts.count": 20,
            "experts.epochs": 20,
            "options.max_start": 10,
            "options.warm_start": 400,
            "network.width": 64,
            "evaluation.every": 100,
        },
    ),
)


def applied(config: DistillConfig, preset: Preset) -> DistillConfig:
    """The config with the preset's budget."""
    known = {one.path for one in options_of(config)}
    return with_values(config, {p: v for p, v in preset.values.items() if p in known})


def matching(config: DistillConfig) -> str:
    """Name of the preset whose values the config has; "" if it is nobody's."""
    known = {one.path for one in options_of(config)}
    for preset in PRESETS:
        wanted = {p: v for p, v in preset.values.items() if p in known}
        if all(value_at(config, path) == value for path, value in wanted.items()):
            return preset.name
    return ""


def free_name(taken: tuple[str, ...]) -> str:
    """A name for the next run: "run-1", "run-2", ..."""
    number = 1
    while f"run-{number}" in taken:
        number += 1
    return f"run-{number}"


def beginning(project: Path, taken: tuple[str, ...], modality: str = "") -> DistillConfig:
    """What the wizard shows first: the recommended method, the middle amount of work, a free name.

    Args:
        project: The project.
        taken: Names of its runs.
        modality: DICOM modality of most images; it decides how they are augmented.
    """
    plain = DistillConfig(project=project, name=free_name(taken))
    augmentation = AUGMENTATIONS.get(modality, plain.augmentation)
    config = with_values(plain, {"method": RECOMMENDED, "augmentation": augmentation})
    return applied(config, PRESETS[1])
