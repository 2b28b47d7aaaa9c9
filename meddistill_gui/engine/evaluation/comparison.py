"""The table that says whether distilling was worth it: one protocol for distilled images, random real ones, and all.

Students of the distilled set and of random real images are trained alike: same network, steps, augmentation, momentum and
decay, fresh initial parameters each. Their rates differ: the distilled set brings the one it has learned; random real
images take the best of a small grid (`baselines.choose_rate`), so that they are not handicapped. The test images are
looked at once, after everything was trained.
"""

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from meddistill_gui.core.configs.results import EvaluateConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet, Recipe
from meddistill_gui.core.events import Event, Progress
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.engine import devices
from meddistill_gui.engine.evaluation import baselines
from meddistill_gui.engine.evaluation.metrics import Figures, figures, interval
from meddistill_gui.engine.evaluation.students import predict, train_student

EVALUATION_FORMAT: Final = 1
PHASE: Final = "evaluating"
_METRICS: Final = ("accuracy", "balanced_accuracy", "macro_f1", "auroc")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table before it is filled: what students learn from.

    Attributes:
        name: "distilled", "random" or "whole".
        title: For a reader, e.g. "4 synthetic images".
        training_images: Their number.
        trainings: One per student; each returns parameters `[P]`.
        draws: In how many equal parts `trainings` belong together.
    """

    name: str
    title: str
    training_images: int
    trainings: Sequence[Callable[[], Tensor]]
    draws: int = 1


def compare(
    config: EvaluateConfig,
    distilled: DistilledSet,
    train: RealImages,
    test: RealImages,
    control: Control,
) -> Generator[Event, None, dict[str, Any]]:
    """Train students on everything to compare, then test them.

    Args:
        config: How many students and draws, and whether to train on all images.
        distilled: The set to judge.
        train: Images that it was made from.
        test: Images that nothing has seen.
        control: Pause and stop.

    Yields:
        `Progress` (unit "students").

    Returns:
        evaluation.json: for each row the mean, standard deviation and 95 % t-interval of every figure over its students.
        Students of one draw of random images are not independent of each other, so that row's interval is over the
        draws' means. What does not exist (the spread of one student) is NaN.

    Raises:
        Stopped: A stop was requested.
        DivergedError: Training left the finite numbers.
    """
    device, recipe = devices.choose(config.device), distilled.recipe
    learned = float(np.mean(distilled.learning_rates))
    rows = [
        distilled_row(config, distilled, device, control),
        random_row(config, recipe, train, device, control, learned=learned),
    ]
    if config.whole:
        rows.append(whole_row(config, recipe, train, device, control))
    trained = yield from _trained(rows)
    return {
        "format": EVALUATION_FORMAT,
        "class_names": list(distilled.recipe.class_names),
        "test_images": len(test),
        "test_patients": test.patient_count if test.patients_known else None,
        "rows": [
            filled(row, judged(thetas, recipe, test, device), seconds)
            for row, (thetas, seconds) in zip(rows, trained, strict=True)
        ],
    }


def distilled_row(
    config: EvaluateConfig, distilled: DistilledSet, device: torch.device, control: Control
) -> Row:
    """Students of the distilled set."""
    count = len(distilled.images)
    return Row(
        name="distilled",
        title=f"{count} synthetic images",
        training_images=count,
        trainings=[
            partial(train_student, distilled, seed=seed, device=device, control=control)
            for seed in _seeds(config, "distilled")
        ],
    )


def random_row(
    config: EvaluateConfig,
    recipe: Recipe,
    train: RealImages,
    device: torch.device,
    control: Control,
    *,
    learned: float,
) -> Row:
    """Students of random real images, as many of each class as the recipe says; `learned` is one more rate to try."""
    rates: list[float] = []

    def one(draw: int, seed: int) -> Tensor:
        if not rates:  # chosen when first needed, for all draws
            chosen = baselines.choose_rate(
                train, recipe, learned=learned, seed=config.seed, device=device, control=control
            )
            rates.append(chosen)
        images, _ = baselines.random_real(train, recipe, rate=rates[0], seed=config.seed + draw)
        return train_student(images, seed=seed, device=device, control=control)

    count = sum(
        min(recipe.images_per_class, int((train.labels == k).sum()))
        for k in range(len(recipe.class_names))
    )
    return Row(
        name="random",
        title=f"{count} random real images",
        training_images=count,
        trainings=[
            partial(one, draw, seed)
            for draw in range(config.random_draws)
            for seed in _seeds(config, "random")
        ],
        draws=config.random_draws,
    )


def whole_row(
    config: EvaluateConfig,
    recipe: Recipe,
    train: RealImages,
    device: torch.device,
    control: Control,
) -> Row:
    """Networks trained on all real images."""
    return Row(
        name="whole",
        title=f"all {len(train)} real images",
        training_images=len(train),
        trainings=[
            partial(
                baselines.train_on_all,
                train,
                recipe,
                seed=seed,
                device=device,
                control=control,
            )
            for seed in _seeds(config, "whole")
        ],
    )


def filled(row: Row, students: Sequence[Figures], seconds: float) -> dict[str, Any]:
    """A row as evaluation.json has it."""
    return {
        "name": row.name,
        "title": row.title,
        "training_images": row.training_images,
        "students": len(students),
        **{name: _spread([getattr(one, name) for one in students], row.draws) for name in _METRICS},
        "per_class": [
            {
                "class": same[0].name,
                "sensitivity": float(np.mean([one.sensitivity for one in same])),
                "specificity": float(np.mean([one.specificity for one in same])),
            }
            for same in zip(*(one.per_class for one in students), strict=True)
        ],
        "confusion": np.mean([one.confusion for one in students], axis=0).tolist(),
        "seconds": seconds,
    }


def _trained(rows: Sequence[Row]) -> Generator[Event, None, list[tuple[list[Tensor], float]]]:
    """Train every row's students; their parameters and the seconds it took."""
    total, done = sum(len(row.trainings) for row in rows), 0
    results = []
    for row in rows:
        start, thetas = time.monotonic(), []
        for training in row.trainings:
            yield Progress(phase=PHASE, done=done, total=total, unit="students")
            thetas.append(training())
            done += 1
        results.append((thetas, time.monotonic() - start))
    yield Progress(phase=PHASE, done=total, total=total, unit="students")
    return results


def judged(
    thetas: Sequence[Tensor], recipe: Recipe, test: RealImages, device: torch.device
) -> list[Figures]:
    """What each of these students is worth on the test images."""
    return [
        figures(predict(recipe, theta, test, device), test.labels, recipe.class_names)
        for theta in thetas
    ]


def _spread(values: Sequence[float], draws: int) -> dict[str, Any]:
    means = np.asarray(values).reshape(draws, -1).mean(axis=1)
    of_all, of_draws = interval(values), interval(list(means) if draws > 1 else values)
    return {
        "mean": of_all.mean,
        "sd": of_all.sd,
        # no share lies outside 0..1, whatever three values suggest; NaN stays
        "low": float(np.clip(of_draws.low, 0.0, 1.0)),
        "high": float(np.clip(of_draws.high, 0.0, 1.0)),
        "values": list(values),
    }


def _seeds(config: EvaluateConfig, row: str) -> list[int]:
    """Students of different rows start from different parameters, so that rows are independent."""
    offset = {"distilled": 0, "random": 1, "whole": 2}[row]
    return [config.seed + 3 * index + offset for index in range(config.students)]
