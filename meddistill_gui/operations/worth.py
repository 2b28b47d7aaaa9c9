"""What received images are worth here: their students beside students of the receiver's own images, and of both together.

One protocol for all rows: the recipe's network, augmentation, steps, momentum and decay, fresh parameters for each student.
Students of own images draw anew each time and choose their rate on other training patients (`baselines.best_rate`), alone
and joined with the received images, so that neither is handicapped by a rate learned for other images. Sets of more than
64 images are taken in mixed batches of 64.
"""

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from meddistill_gui.bundle import joining
from meddistill_gui.core.configs.bundle import ReceiveConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.events import Event, Progress
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.engine.evaluation import baselines, students
from meddistill_gui.engine.evaluation.comparison import filled
from meddistill_gui.engine.evaluation.metrics import Figures, figures, interval
from meddistill_gui.engine.evaluation.rows import Row

PHASE: Final = "comparing with your own images"
_LARGEST_BATCH: Final = 64


@dataclass(frozen=True, kw_only=True)
class Here:
    """The receiver's side of the comparison.

    Attributes:
        received: The bundle's images, or those of several bundles joined.
        train: The receiver's own training images, classes in the bundle's order.
        test: Images of other patients, in the same order of classes.
        config: How many own images and students, and the seed.
        device: Where to compute.
        control: Pause and stop.
    """

    received: DistilledSet
    train: RealImages
    test: RealImages
    config: ReceiveConfig
    device: torch.device
    control: Control

    def drawn(self, number: int, *, together: bool, rate: float = 1.0) -> DistilledSet:
        """Own images of one draw, alone or with the received ones."""
        own, _ = self._own(number)
        # what a recipe prescribes image by image serves no others
        received = replace(self.received, recipe=self.received.recipe.open())
        made = joining.joined([received, own]) if together else own
        batch = _LARGEST_BATCH if len(made.images) > _LARGEST_BATCH else made.recipe.batch
        return replace(
            made,
            learning_rates=np.array([rate], np.float32),
            recipe=replace(made.recipe, batch=batch),
        )

    @cached_property
    def rate_alone(self) -> float:
        """Rate of students of own images: the best of a grid and the bundle's."""
        return self._best_rate({self._learned, *baselines.RATES}, together=False)

    @cached_property
    def rate_together(self) -> float:
        """Rate of students of own and received images: the better one of what suits each."""
        return self._best_rate({self._learned, self.rate_alone}, together=True)

    @property
    def _learned(self) -> float:
        return float(self.received.learning_rates.mean())

    def _own(self, number: int) -> tuple[DistilledSet, np.ndarray]:
        like = replace(self.received.recipe.open(), images_per_class=self.config.own_images)
        return baselines.random_real(self.train, like, rate=1.0, seed=self.config.seed + number)

    def _best_rate(self, rates: set[float], *, together: bool) -> float:
        """Judged by training images of other patients than the drawn ones; without any, the bundle's rate."""
        _, chosen = self._own(0)
        judges = baselines.others(self.train, chosen, self.config.seed)
        if not len(judges):
            return self._learned
        trial = self.drawn(0, together=together)
        return baselines.best_rate(
            trial, judges, rates, seed=self.config.seed, device=self.device, control=self.control
        )


def received_row(received: DistilledSet) -> Row:
    """Students of the bundle alone; the caller has trained them."""
    title = f"{len(received.images)} images of the bundle"
    return Row(name="bundle", title=title, training_images=len(received.images), trainings=())


def compared(here: Here) -> Generator[Event, None, list[dict[str, Any]]]:
    """Train students of the receiver's own images and of both together, then test them.

    Yields:
        `Progress` (unit "students").

    Returns:
        Rows as `judged_row` gives them.
    """
    table = list(_table(here))
    total, done = sum(len(row.trainings) for row in table), 0
    found = []
    for row in table:
        began, thetas = time.monotonic(), []
        for training in row.trainings:
            yield Progress(phase=PHASE, done=done, total=total, unit="students")
            thetas.append(training())
            done += 1
        tested = [tested_student(here.received, theta, here.test, here.device) for theta in thetas]
        found.append(judged_row(row, tested, time.monotonic() - began))
    yield Progress(phase=PHASE, done=done, total=total, unit="students")
    return found


def tested_student(
    received: DistilledSet, theta: Tensor, test: RealImages, device: torch.device
) -> Figures:
    """What one student is worth on the receiver's images."""
    answers = students.predict(received.recipe, theta, test, device)
    return figures(answers, test.labels, test.class_names)


def judged_row(row: Row, tested: Sequence[Figures], seconds: float) -> dict[str, Any]:
    """A row as `evaluation.json` has it, with calibration and the area under each class's curve as well."""
    calibration = interval([one.calibration_error for one in tested])
    made = filled(row, tested, seconds)
    for place, one in enumerate(made["per_class"]):
        one["auroc"] = float(np.mean([student.per_class[place].auroc for student in tested]))
    return made | {
        "calibration_error": {
            "mean": calibration.mean,
            "sd": calibration.sd,
            "low": max(0.0, calibration.low)
            if calibration.low == calibration.low
            else calibration.low,
            "high": calibration.high,
            "values": [one.calibration_error for one in tested],
        }
    }


def _table(here: Here) -> Generator[Row, None, None]:
    if here.config.own_images:
        yield _row_of_drawn(here, "own", together=False)
        yield _row_of_drawn(here, "both", together=True)
    if here.config.whole:
        yield Row(
            name="own-whole",
            title=f"all {len(here.train)} images of your own",
            training_images=len(here.train),
            trainings=[partial(_trained_on_all, here, number) for number in _numbers(here)],
        )


def _row_of_drawn(here: Here, name: str, *, together: bool) -> Row:
    count = len(here.drawn(0, together=False).images)
    title, total = f"{count} images of your own", count
    if together:
        total += len(here.received.images)
        title = f"both together: {len(here.received.images)} + {count} images"
    return Row(
        name=name,
        title=title,
        training_images=total,
        trainings=[
            partial(_trained_on_drawn, here, number, together=together) for number in _numbers(here)
        ],
    )


def _trained_on_drawn(here: Here, number: int, *, together: bool) -> Tensor:
    rate = here.rate_together if together else here.rate_alone
    return students.train_student(
        here.drawn(number, together=together, rate=rate),
        seed=here.config.seed + number,
        device=here.device,
        control=here.control,
    )


def _trained_on_all(here: Here, number: int) -> Tensor:
    return baselines.train_on_all(
        here.train,
        here.received.recipe.open(),
        seed=here.config.seed + number,
        device=here.device,
        control=here.control,
    )


def _numbers(here: Here) -> range:
    return range(here.config.students)
