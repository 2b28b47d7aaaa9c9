"""Distils a run's set again and again with other patients, for the deep membership test; goes on where it was stopped."""

import shutil
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from meddistill_gui.audit.deep_attack import Answers, Bools, Int64
from meddistill_gui.audit.deep_control import ControlGroup, control_group, with_planted
from meddistill_gui.audit.deep_membership import PHASE, Deep, Planted, included, judged
from meddistill_gui.audit.material import Case
from meddistill_gui.audit.membership_signals import log_odds
from meddistill_gui.audit.patients import numbered
from meddistill_gui.audit.shelf import Arrays, Shelf
from meddistill_gui.audit.statistics import Float64
from meddistill_gui.core import distilled
from meddistill_gui.core import ledger as ledgers
from meddistill_gui.core.config import with_values
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.errors import ConfigError, DivergedError
from meddistill_gui.core.events import Event, Progress, Warned
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.engine import devices, runner
from meddistill_gui.engine.evaluation.students import predict, train_student
from meddistill_gui.engine.registry import make_method

STUDENTS: Final = 4
FEWEST: Final = 4
FOLDER: Final = "distilled again"


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
    case: Case,
    validation: RealImages,
    shelf: Shelf,
    control: Control,
) -> Generator[Event, None, Deep | str | None]:
    """Make `config.deep` runs on patients drawn by coin, and attack them.

    Args:
        run: Whose folder the further runs are made in, and removed from.
        run_config: How they are made.
        config: Of the audit.
        case: The audited set and the images that it was made from.
        validation: Images that choose each run's set.
        shelf: Where finished runs' answers are kept.
        control: Asked in every step.

    Returns:
        None where no run is asked for; why it could not be made; or what was found.

    Raises:
        Stopped: The user asked to stop; finished runs are on the shelf, an unfinished one in the run's folder.
    """
    if not config.deep:
        return None
    lots = _lots(config, case)
    if missing := _without_a_class(run_config, case.train, lots.inside):
        return missing
    yield Warned(
        code="deep audit",
        message=f"The deep membership test distils {config.deep} times more, each about as long as the run itself.",
        remedy="It may be stopped at any time and goes on from there.",
    )
    again = _Again(run_config, config, case.train, validation, lots, control)
    kept = yield from again.all(run, shelf)
    answers = Answers(
        phi=_column(kept, "phi"),
        coins=lots.coins,
        started=_column(kept, "started") > 0,
        patients=lots.patients,
        labels=case.train.labels,
    )
    planted = Planted(phi=_column(kept, "planted"), planted=lots.planted)
    return judged(answers, planted, config.seed)


@dataclass(frozen=True)
class _Lots:
    """What is drawn before any run is made.

    Attributes:
        patients: int64 `[N]`, of each training image.
        coins: bool `[K, P]`, whether the patient takes part in the run.
        group: Who may be planted.
        planted: bool `[K, C]`, who of them stands in the run's planted set.
    """

    patients: Int64
    coins: Bools
    group: ControlGroup
    planted: Bools

    @property
    def inside(self) -> Bools:
        """Whether the image takes part in the run, bool `[K, N]`."""
        return self.coins[:, self.patients]


def _lots(config: AuditConfig, case: Case) -> _Lots:
    patients, runs = numbered(case.train.patients), range(config.deep)
    _, one_each = np.unique(patients, return_index=True)
    group = control_group(case.distilled, case.train, one_each, config.seed)
    return _Lots(
        patients=patients,
        coins=np.stack([included(len(one_each), number, config.seed) for number in runs]),
        group=group,
        planted=np.stack([group.drawn(number, config.seed) for number in runs]),
    )


@dataclass(frozen=True)
class _Again:
    """Makes the further runs and asks their students."""

    run_config: DistillConfig
    config: AuditConfig
    train: RealImages
    validation: RealImages
    lots: _Lots
    control: Control

    def all(self, run: RunFolder, shelf: Shelf) -> Generator[Event, None, list[Arrays]]:
        """What `answers` gives for each run; those that are on the shelf are not made again."""
        kept: list[Arrays] = []
        for number in range(self.config.deep):
            yield Progress(phase=PHASE, done=number, total=self.config.deep, unit="runs")
            known = shelf.get(f"deep {number}")
            if known is None:
                folder = RunFolder(run.audit / FOLDER / str(number))
                known = yield from self.answers(folder, number)
                shelf.put(f"deep {number}", known)
                shutil.rmtree(folder.root, ignore_errors=True)
            kept.append(known)
        yield Progress(phase=PHASE, done=self.config.deep, total=self.config.deep, unit="runs")
        return kept

    def answers(self, folder: RunFolder, number: int) -> Generator[Event, None, Arrays]:
        """Distil once and ask two sets of students.

        Args:
            folder: Where the run is made, or goes on.
            number: Of the run.

        Returns:
            "phi" of every training image, "started" (1 where the run was started from it), "planted": φ of the control group.
        """
        folder.root.mkdir(parents=True, exist_ok=True)
        seed, lots = self.config.seed + number, self.lots
        part = _part(self.train, np.flatnonzero(lots.inside[number]))
        own = with_values(self.run_config, {"seed": seed})
        for event in runner.distill(own, folder, part, self.validation, self.control):
            if isinstance(event, Warned):
                yield event
        made = distilled.load(folder.result)
        ledger = ledgers.load(folder.ledger)
        starts = [one for one in ledger.started_from if one is not None] if ledger else []
        started = np.isin(self.train.ids, starts)
        phi = self._asked(made, self.train, seed)
        group = _part(self.train, lots.group.rows)
        planted = with_planted(made, self.train, lots.group.rows[lots.planted[number]])
        try:
            of_planted = self._asked(planted, group, seed)
        except DivergedError:  # then the control has found nobody
            of_planted = np.full(len(group), np.nan)
        return {"phi": phi, "started": started.astype(np.uint8), "planted": of_planted}

    def _asked(self, made: DistilledSet, asked: RealImages, seed: int) -> Float64:
        """Mean φ of these images under students of the set."""
        device = devices.choose(self.run_config.device)
        rounds = []
        for number in range(STUDENTS):
            theta = train_student(made, seed=seed * 100 + number, device=device, control=self.control)  # fmt: skip
            rounds.append(log_odds(predict(made.recipe, theta, asked, device), asked.labels))
        return np.asarray(np.mean(rounds, axis=0), dtype=np.float64)


def _without_a_class(run_config: DistillConfig, train: RealImages, inside: Bools) -> str:
    """Why a run with half of the patients cannot be made; empty where all can."""
    wanted = run_config.images_per_class if run_config.initialisation == "real" else 1
    for chosen in inside:
        counts = np.bincount(train.labels[chosen], minlength=len(train.class_names))
        if counts.min() < wanted:
            return (
                f"Deep membership test: not made. With half of the patients class {train.class_names[counts.argmin()]!r} would have "
                "too few images for such a run."
            )
    return ""


def _column(kept: Sequence[Arrays], name: str) -> Float64:
    return np.stack([one[name].astype(np.float64) for one in kept])


def _part(images: RealImages, rows: Int64) -> RealImages:
    return replace(
        images,
        images=images.images[rows],
        labels=images.labels[rows],
        patients=images.patients[rows],
        ids=images.ids[rows],
    )
