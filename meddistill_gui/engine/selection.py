"""Which of a run's sets is kept: the one whose students do best on the validation patients. The test patients are never seen here."""

import importlib.metadata
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from meddistill_gui.core.configs.distill import DistillConfig, student_steps
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import ANY_START, DistilledSet, Recipe
from meddistill_gui.core.errors import DivergedError
from meddistill_gui.core.events import Event, Progress
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.engine.checkpoint import Best
from meddistill_gui.engine.evaluation.metrics import figures
from meddistill_gui.engine.evaluation.students import predict, train_student
from meddistill_gui.engine.method import Learned
from meddistill_gui.engine.seeding import derived_seed
from meddistill_gui.engine.tensors import Normaliser

PHASE = "evaluating"
_MOMENTUM, _WEIGHT_DECAY = 0.9, 5e-4  # of students; arXiv 2203.11932, public code


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """Turns what a method has learned into a distilled set.

    Attributes:
        config: The run's options.
        normaliser: Of the training images.
        class_names: The classes.
        prescribed: What the method itself says in the recipe (`Method.recipe`).
    """

    config: DistillConfig
    normaliser: Normaliser
    class_names: tuple[str, ...]
    prescribed: Mapping[str, Any] = field(default_factory=dict)

    def published(self, learned: Learned) -> DistilledSet:
        """The set in units of full range, with the recipe for its students."""
        images = self.normaliser.inverse(learned.images.detach().cpu())
        return DistilledSet(
            images=images.numpy().copy(),
            labels=learned.labels.detach().cpu().numpy().copy(),
            learning_rates=learned.rates.detach().cpu().numpy().copy(),
            recipe=self._recipe(),
        )

    def _recipe(self) -> Recipe:
        config = self.config
        usual = Recipe(
            class_names=self.class_names,
            size=config.images.size,
            channels=config.images.channels,
            mean=self.normaliser.mean,
            deviation=self.normaliser.deviation,
            network=config.network.family,
            norm=config.network.norm,
            depth=config.network.depth,
            width=config.network.width,
            augmentation=config.augmentation,
            steps=student_steps(config),
            batch=0,
            momentum=getattr(config.options, "student_momentum", _MOMENTUM),
            weight_decay=_WEIGHT_DECAY,
            method=config.method,
            images_per_class=config.images_per_class,
            initialisation=config.initialisation,
            program=_program(),
        )
        return replace(usual, **self.prescribed)


def balanced_accuracy(
    distilled: DistilledSet,
    validation: RealImages,
    *,
    students: int,
    seed: int,
    device: torch.device,
    control: Control,
) -> Generator[Event, None, float]:
    """Mean balanced accuracy of fresh students; 0 for one that diverges.

    Args:
        distilled: The set.
        validation: Images of the validation patients.
        students: How many.
        seed: Seed of the run; every evaluation trains the same students, so that sets are compared and not students.
        device: Where to compute.
        control: Asked at every step.
    """
    found = []
    if distilled.recipe.start != ANY_START:
        students = 1  # all of them would be the same
    for number in range(students):
        yield Progress(phase=PHASE, done=number, total=students, unit="students")
        chosen = derived_seed(seed, "validation student", number)
        try:
            theta = train_student(distilled, seed=chosen, device=device, control=control)
        except DivergedError:
            found.append(0.0)
            continue
        answers = predict(distilled.recipe, theta, validation, device)
        named = figures(answers, validation.labels, distilled.recipe.class_names)
        found.append(float(np.nan_to_num(named.balanced_accuracy)))
    yield Progress(phase=PHASE, done=students, total=students, unit="students")
    return float(np.mean(found))


def _program() -> str:
    try:
        return f"MedDistill {importlib.metadata.version('meddistill')}"
    except (
        importlib.metadata.PackageNotFoundError
    ):  # run from a source tree that was never installed
        return "MedDistill"


def better(best: Best | None, learned: Learned, score: float, iteration: int) -> Best:
    """The better of two; the later one of equals."""
    if best is not None and best.score > score:
        return best
    return Best(learned=learned, score=score, iteration=iteration)
