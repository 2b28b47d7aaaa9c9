"""Decide about each large image by voting over its patches (paper D), and compare with the truth on the test patients."""

import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.core import distilled
from meddistill_gui.core.config import validate
from meddistill_gui.core.configs.capsule import VoteConfig
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import ANY_START, DistilledSet
from meddistill_gui.core.errors import ConfigError, SplitError
from meddistill_gui.core.events import Event, Finished, Progress, Started, Warned
from meddistill_gui.core.files import write_whole
from meddistill_gui.core.patch_set import PATCH_CLASSES, PatchSet
from meddistill_gui.core.run_folder import RunFolder, open_run
from meddistill_gui.core.voted import PAPER_D
from meddistill_gui.engine import devices
from meddistill_gui.engine.evaluation.students import predict, train_student
from meddistill_gui.engine.voting import Verdicts, best_delta, curve, drawn_map, judged
from meddistill_gui.engine.voting import vote as voted
from meddistill_gui.operations.patch_sets import CUTTING_PHASES, patch_sets_read, plan_of

PHASE: Final = "voting"
VOTING_FORMAT: Final = 1

Taken = list[npt.NDArray[np.int64]]
"""What each student takes the patches of a part for: int64 `[N]` per student."""


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """What an image is judged by.

    Attributes:
        delta: Share of positive votes.
        chosen_on: Validation images that it was chosen on; 0 where it was given.
    """

    delta: float
    chosen_on: int = 0


def vote(config: VoteConfig, control: Control) -> Iterator[Event]:
    """Write `result/voting.json`: figures, their curve over the threshold, and each test image's decision and map.

    Raises:
        ConfigError: The run was not on patches.
        LabelError: The project has no patches any more.
        SplitError: There are no test patients.
        Stopped: As asked; nothing is written.
    """
    yield Started(operation="vote", phases=(*CUTTING_PHASES, PHASE))
    run, options = open_run(validate(config).run)
    result = distilled.load(run.result)
    if result.recipe.class_names != PATCH_CLASSES:
        raise ConfigError(
            [f"{run.name} was not distilled from patches: its classes are {', '.join(result.recipe.class_names)}."],
            "Divide the project's images into patches, then distil with method 'soft_label'.",
        )  # fmt: skip
    validation, test = yield from _patches(config, run, options, control)
    if run.votes.is_file():
        yield Warned(
            code="tested-before",
            message="This result was tested on these patients before; choosing by a second look would flatter it.",
        )
    taken = yield from _answers(config, result, (validation, test), control)
    threshold = yield from _threshold(config, validation, taken[0])
    record = _record(threshold, test, taken[1])
    write_whole(run.votes, json.dumps(record).encode())
    shown = {name: value for name, value in record.items() if name != "images"}
    yield Finished(summary={"text": _sentence(record), **shown, "table": _table(record)})


def _patches(
    config: VoteConfig, run: RunFolder, options: DistillConfig, control: Control
) -> Generator[Event, None, tuple[PatchSet | None, PatchSet]]:
    """Those that a threshold is chosen on, None where it is given, and those that are judged."""
    roles = ("test",) if config.delta else ("validation", "test")
    read = yield from patch_sets_read(
        run.project, options.images, roles, control, plan=plan_of(run)
    )
    test = read[-1]
    if len(test) == 0:
        raise SplitError(
            "The split has no test patients.",
            "Make a new project whose split has a share of test patients.",
        )
    return (None if config.delta else read[0]), test


def _answers(
    config: VoteConfig,
    result: DistilledSet,
    parts: tuple[PatchSet | None, ...],
    control: Control,
) -> Generator[Event, None, list[Taken]]:
    """What the students take the patches of each part for; nothing of a part that is not there."""
    device = devices.choose(config.device)
    students = 1 if result.recipe.start != ANY_START else config.students
    found: list[Taken] = [[] for _ in parts]
    for number in range(students):
        yield Progress(phase=PHASE, done=number, total=students, unit="students")
        theta = train_student(result, seed=config.seed + number, device=device, control=control)
        for part, taken in zip(parts, found, strict=True):
            if part is not None and len(part):
                scores = predict(result.recipe, theta, part.patches, device)
                taken.append(scores.argmax(axis=1).astype(np.int64))
    yield Progress(phase=PHASE, done=students, total=students, unit="students")
    return found


def _threshold(
    config: VoteConfig, validation: PatchSet | None, taken: Taken
) -> Generator[Event, None, Threshold]:
    """The one that was given, or the best one on the validation images; paper D's, with a warning, where these cannot tell."""
    if validation is None:
        return Threshold(delta=config.delta)
    count = len(validation.image_labels)
    ballots = [voted(classes, validation.image, count) for classes in taken]
    best = best_delta(ballots, validation.image_labels) if ballots else None
    if best is not None:
        return Threshold(delta=best, chosen_on=count)
    yield Warned(
        code="no-threshold",
        message="The validation images are not of both classes, so no threshold can be chosen on them; paper D's is taken.",
    )
    return Threshold(delta=PAPER_D)


def _record(threshold: Threshold, test: PatchSet, taken: Taken) -> dict[str, Any]:
    """voting.json: means over the students; decisions and maps are the first student's."""
    count = len(test.image_labels)
    ballots = [voted(classes, test.image, count) for classes in taken]
    figures = [judged(ballot, test.image_labels, threshold.delta) for ballot in ballots]
    curves = [curve(ballot, test.image_labels) for ballot in ballots]
    first = ballots[0]
    decided = first.decisions(threshold.delta)
    return {
        "format": VOTING_FORMAT,
        "delta": threshold.delta,
        "chosen_on": threshold.chosen_on,
        "students": len(taken),
        "patches": len(test),
        "image_count": count,
        "patients": test.patches.patient_count,
        **_means(figures),
        "silent_images": int(first.silent.sum()),
        "curve": [{"delta": same[0].delta, **_means(same)} for same in zip(*curves, strict=True)],
        "class_names": list(PATCH_CLASSES),
        "images": [
            {
                "id": int(test.patches.ids[test.image == number][0]),
                "label": int(test.image_labels[number]),
                "decision": int(decided[number]),
                "share": float(first.share[number]),
                **_map(test, taken[0], number),
            }
            for number in range(count)
            if (test.image == number).any()
        ],
    }


def _map(test: PatchSet, classes: npt.NDArray[np.int64], number: int) -> dict[str, Any]:
    """Rows and columns of an image's places in pixels, and what stands there; -1 where no patch does."""
    own = test.image == number
    position = test.position[own]
    return {
        "rows": np.unique(position[:, 0]).tolist(),
        "columns": np.unique(position[:, 1]).tolist(),
        "map": drawn_map(classes[own], position).tolist(),
    }


def _means(figures: list[Verdicts] | tuple[Verdicts, ...]) -> dict[str, float]:
    return {
        name: float(np.mean([getattr(one, name) for one in figures]))
        for name in ("sensitivity", "specificity", "harmonic_mean")
    }


def _table(record: Mapping[str, Any]) -> list[list[str]]:
    rows = [["threshold", "sensitivity", "specificity", "harmonic mean"]]
    for one in record["curve"]:
        figures = (one["sensitivity"], one["specificity"], one["harmonic_mean"])
        rows.append([f"{one['delta']:.2f}", *(f"{value:.3f}" for value in figures)])
    return rows


def _sentence(record: Mapping[str, Any]) -> str:
    silent = record["silent_images"]
    text = (
        f"Of {record['image_count']} test images the votes of {record['patches']:,} patches find "
        f"{record['sensitivity']:.1%} of the positive and {record['specificity']:.1%} of the negative ones "
        f"(harmonic mean {record['harmonic_mean']:.3f}, threshold {record['delta']:g}{_origin(record)})."
    )
    return f"{text} {silent} images without a vote are called negative." if silent else text


def _origin(record: Mapping[str, Any]) -> str:
    count = record["chosen_on"]
    return f", the best on {count} validation images" if count else ""
