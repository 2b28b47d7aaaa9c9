"""Distils a run's set again and again with other patients, for the deep membership test; goes on where it was stopped."""

import shutil
from collections.abc import Generator
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.audit.deep_membership import PHASE, Deep, included, judged
from meddistill_gui.audit.membership_signals import log_odds
from meddistill_gui.audit.patients import numbered
from meddistill_gui.audit.shelf import Shelf
from meddistill_gui.core import distilled
from meddistill_gui.core.config import with_values
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import ConfigError
from meddistill_gui.core.events import Event, Progress, Warned
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.engine import devices, runner
from meddistill_gui.engine.evaluation.students import predict, train_student
from meddistill_gui.engine.registry import make_method

STUDENTS: Final = 4
FEWEST: Final = 4
FOLDER: Final = "distilled again"

Float64 = npt.NDArray[np.float64]


def refuse(config: AuditConfig, run_config: DistillConfig) -> None:
    """Before anything is done: whether this run's method may be run so often.

    Raises:
        ConfigError: Too few runs to learn from, or a method that needs experts.
    """
    if config.deep and config.deep < FEWEST:
        raise ConfigError(
            [f"deep is {config.deep}; fewer than {FEWEST} runs say nothing."],
            "Ask for more, or for 0.",
        )
    if config.deep and make_method(run_config).needs_experts:
        raise ConfigError(
            [
                f"The method {run_config.method} trains experts, and would train them {config.deep} times."
            ],
            "Leave deep at 0: the quick membership test needs no further run. Methods without experts may be run again.",
        )


def deep_audit(
    run: RunFolder,
    run_config: DistillConfig,
    config: AuditConfig,
    train: RealImages,
    validation: RealImages,
    shelf: Shelf,
    control: Control,
) -> Generator[Event, None, Deep | None]:
    """Make `config.deep` runs on patients drawn by coin, and attack them; None where none is asked.

    Raises:
        Stopped: The user asked to stop; finished runs are on the shelf, an unfinished one in the run's folder.
    """
    if not config.deep:
        return None
    yield Warned(
        code="deep audit",
        message=f"The deep membership test distils {config.deep} times more, each about as long as the run itself.",
        remedy="It may be stopped at any time and goes on from there.",
    )
    patients = numbered(train.patients)
    _, one_each = np.unique(patients, return_index=True)
    inside = np.stack(
        [included(len(one_each), number, config.seed) for number in range(config.deep)]
    )
    answers = []
    for number, chosen in enumerate(inside):
        yield Progress(phase=PHASE, done=number, total=config.deep, unit="runs")
        kept = shelf.get(f"deep {number}")
        if kept is None:
            folder = RunFolder(run.audit / FOLDER / str(number))
            part = _part(train, np.flatnonzero(chosen[patients]))
            phi = yield from _one(folder, run_config, part, validation, _part(train, one_each), config.seed + number, control)  # fmt: skip
            shelf.put(f"deep {number}", {"phi": phi})
            shutil.rmtree(folder.root, ignore_errors=True)
            kept = {"phi": phi}
        answers.append(kept["phi"].astype(np.float64))
    yield Progress(phase=PHASE, done=config.deep, total=config.deep, unit="runs")
    return judged(np.stack(answers), inside, train.labels[one_each], config.seed)


def _one(
    folder: RunFolder,
    run_config: DistillConfig,
    part: RealImages,
    validation: RealImages,
    asked: RealImages,
    seed: int,
    control: Control,
) -> Generator[Event, None, Float64]:
    """Distil once and ask students of the set about every patient: φ, float64 `[P]`."""
    folder.root.mkdir(parents=True, exist_ok=True)
    own = with_values(run_config, {"seed": seed})
    for event in runner.distill(own, folder, part, validation, control):
        if isinstance(event, Warned):
            yield event
    made = distilled.load(folder.result)
    device = devices.choose(run_config.device)
    rounds = []
    for student in range(STUDENTS):
        theta = train_student(made, seed=seed * 100 + student, device=device, control=control)
        rounds.append(log_odds(predict(made.recipe, theta, asked, device), asked.labels))
    return np.asarray(np.mean(rounds, axis=0), dtype=np.float64)


def _part(images: RealImages, rows: npt.NDArray[np.int64]) -> RealImages:
    return replace(
        images,
        images=images.images[rows],
        labels=images.labels[rows],
        patients=images.patients[rows],
        ids=images.ids[rows],
    )
