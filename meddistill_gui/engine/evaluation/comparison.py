"""The table that says whether distilling was worth it: one protocol for distilled images, random real ones, and all.

Students of the distilled set and of random real images are trained alike: same network, steps, augmentation, momentum and
decay, fresh initial parameters each. Their rates differ: the distilled set brings the one it has learned; random real
images take the best of a small grid (`baselines.choose_rate`), so that they are not handicapped. The test images are
looked at once, after everything was trained.
"""

import time
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from torch import Tensor

from meddistill_gui.core.configs.results import EvaluateConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet, Recipe, are_hard
from meddistill_gui.core.events import Event, Progress
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.engine import devices
from meddistill_gui.engine.evaluation import rows
from meddistill_gui.engine.evaluation.label_fair import label_fair
from meddistill_gui.engine.evaluation.metrics import SCALARS, Figures, figures, interval
from meddistill_gui.engine.evaluation.rows import Ground, Row
from meddistill_gui.engine.evaluation.students import predict

EVALUATION_FORMAT: Final = 1
PHASE: Final = "evaluating"
WHOLE_PHASE: Final = "training on all real images"
_CLASS_FIGURES: Final = ("sensitivity", "specificity", "harmonic_mean", "auroc")


def compare(
    config: EvaluateConfig,
    distilled: DistilledSet,
    train: RealImages,
    test: RealImages,
    control: Control,
    evaluated: Sequence[DistilledSet] = (),
) -> Generator[Event, None, dict[str, Any]]:
    """Train students on everything to compare, then test them.

    Args:
        config: How many students and draws, and which rows beside the distilled set and random real images.
        distilled: The set to judge.
        train: Images that it was made from.
        test: Images that nothing has seen.
        control: Pause and stop.
        evaluated: The sets of the run's evaluations, for the papers' protocol; none leaves its row out.

    Yields:
        `Progress` (unit "students").

    Returns:
        evaluation.json: for each row the mean, standard deviation and 95 % t-interval of every figure over its students.
        Students of one draw of random images are not independent of each other, so that row's interval is over the
        draws' means. Where all rows are there, DD-Ranking's numbers of the balanced accuracy ("label_fair"). What does not exist (the spread of one student) is NaN.

    Raises:
        Stopped: A stop was requested.
        DivergedError: Training left the finite numbers.
    """
    ground = Ground(
        config=config,
        recipe=distilled.recipe.open(),
        learned=float(np.mean(distilled.learning_rates)),
        train=train,
        device=devices.choose(config.device),
        control=control,
    )
    table = _table(ground, distilled, evaluated)
    trained = yield from _trained(table)
    return _as_json(
        [
            filled(row, judged(row, thetas, ground, test), seconds)
            for row, (thetas, seconds) in zip(table, trained, strict=True)
        ],
        test,
    )


def _as_json(table: list[dict[str, Any]], test: RealImages) -> dict[str, Any]:
    fair = label_fair({"rows": table})
    return {
        "format": EVALUATION_FORMAT,
        "class_names": list(test.class_names),
        "test_images": len(test),
        "test_patients": test.patient_count if test.patients_known else None,
        "rows": table,
        **({"label_fair": asdict(fair)} if fair else {}),
    }


def check(config: EvaluateConfig, recipe: Recipe) -> None:
    """What can be known to fail before an image is read.

    Raises:
        ConfigError: The weights to begin from are missing, damaged or of another network.
    """
    if config.transfer_weights:
        rows.transfer_network_of(config.transfer_weights, recipe)


def _table(ground: Ground, distilled: DistilledSet, evaluated: Sequence[DistilledSet]) -> list[Row]:
    """The rows that the options ask for, none of them begun."""
    config = ground.config
    table = [rows.distilled_row(ground, distilled), rows.random_row(ground)]
    table += [rows.coreset_row(ground, rule) for rule in config.coresets]
    table += [rows.architecture_row(ground, distilled, name) for name in config.architectures]
    if config.few_shot:
        table.append(rows.scratch_row(ground))
    if config.transfer_weights:
        table.append(rows.transfer_row(ground, config.transfer_weights))
    if evaluated:
        table.append(rows.best_over_test_row(ground, evaluated))
    if config.whole:
        if not are_hard(distilled.labels):
            table.append(rows.hard_row(ground, distilled))
        table.append(rows.whole_row(ground))
    return table


def filled(row: Row, students: Sequence[Figures], seconds: float) -> dict[str, Any]:
    """A row as evaluation.json has it."""
    return {
        "name": row.name,
        "title": row.title,
        "training_images": row.training_images,
        "students": len(students),
        **{name: _spread([getattr(one, name) for one in students], row.draws) for name in SCALARS},
        "per_class": [
            {
                "class": same[0].name,
                **{
                    name: float(np.mean([getattr(one, name) for one in same]))
                    for name in _CLASS_FIGURES
                },
            }
            for same in zip(*(one.per_class for one in students), strict=True)
        ],
        "confusion": np.mean([one.confusion for one in students], axis=0).tolist(),
        "seconds": seconds,
    }


def _trained(table: Sequence[Row]) -> Generator[Event, None, list[tuple[list[Tensor], float]]]:
    """Train every row's students; their parameters and the seconds it took."""
    totals = Counter(_phase(row) for row in table for _ in row.trainings)
    done: Counter[str] = Counter()
    results = []
    for row in table:
        phase, start, thetas = _phase(row), time.monotonic(), []
        for training in row.trainings:
            if not done[phase]:
                yield Progress(phase=phase, done=0, total=totals[phase], unit="students")
            thetas.append(training())
            done[phase] += 1
            yield Progress(phase=phase, done=done[phase], total=totals[phase], unit="students")
        results.append((thetas, time.monotonic() - start))
    return results


def _phase(row: Row) -> str:
    """Students of all images take many times longer: the pace of the others says nothing about them."""
    return WHOLE_PHASE if row.name == "whole" else PHASE


def judged(row: Row, thetas: Sequence[Tensor], ground: Ground, test: RealImages) -> list[Figures]:
    """What each of a row's students is worth on the test images; of several sets, those of the most accurate one."""
    recipe, device = ground.recipe, ground.device
    found = [
        figures(predict(recipe, theta, test, device, row.network), test.labels, recipe.class_names)
        for theta in thetas
    ]
    share = len(found) // row.sets
    by_set = [found[first : first + share] for first in range(0, len(found), share)]
    return max(by_set, key=lambda students: sum(one.accuracy for one in students))


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
