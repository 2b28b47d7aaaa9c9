"""Decide about each large image by voting over its patches (paper D), and compare with the truth on the test patients."""

import json
from collections.abc import Generator, Iterator, Mapping
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
from meddistill_gui.engine import devices
from meddistill_gui.engine.evaluation.students import predict, train_student
from meddistill_gui.engine.voting import Verdicts, curve, drawn_map, judged
from meddistill_gui.engine.voting import vote as voted
from meddistill_gui.operations.patch_sets import CUTTING_PHASES, patch_sets_read, plan_of

PHASE: Final = "voting"
VOTING_FORMAT: Final = 1


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
    test = yield from _test_patches(run, options, control)
    if run.votes.is_file():
        yield Warned(
            code="tested-before",
            message="This result was tested on these patients before; choosing by a second look would flatter it.",
        )
    taken = yield from _answers(config, result, test, control)
    record = _record(config, test, taken)
    write_whole(run.votes, json.dumps(record).encode())
    shown = {name: value for name, value in record.items() if name != "images"}
    yield Finished(summary={"text": _sentence(record), **shown, "table": _table(record)})


def _test_patches(
    run: RunFolder, options: DistillConfig, control: Control
) -> Generator[Event, None, PatchSet]:
    (test,) = yield from patch_sets_read(
        run.project, options.images, ("test",), control, plan=plan_of(run)
    )
    if len(test) == 0:
        raise SplitError(
            "The split has no test patients.",
            "Make a new project whose split has a share of test patients.",
        )
    return test


def _answers(
    config: VoteConfig, result: DistilledSet, test: PatchSet, control: Control
) -> Generator[Event, None, list[npt.NDArray[np.int64]]]:
    """What each student takes the patches for: int64 `[N]` per student."""
    device = devices.choose(config.device)
    students = 1 if result.recipe.start != ANY_START else config.students
    found = []
    for number in range(students):
        yield Progress(phase=PHASE, done=number, total=students, unit="students")
        theta = train_student(result, seed=config.seed + number, device=device, control=control)
        scores = predict(result.recipe, theta, test.patches, device)
        found.append(scores.argmax(axis=1).astype(np.int64))
    yield Progress(phase=PHASE, done=students, total=students, unit="students")
    return found


def _record(
    config: VoteConfig, test: PatchSet, taken: list[npt.NDArray[np.int64]]
) -> dict[str, Any]:
    """voting.json: means over the students; decisions and maps are the first student's."""
    count = len(test.image_labels)
    ballots = [voted(classes, test.image, count) for classes in taken]
    figures = [judged(ballot, test.image_labels, config.delta) for ballot in ballots]
    curves = [curve(ballot, test.image_labels) for ballot in ballots]
    first = ballots[0]
    decided = first.decisions(config.delta)
    return {
        "format": VOTING_FORMAT,
        "delta": config.delta,
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
        f"(harmonic mean {record['harmonic_mean']:.3f}, threshold {record['delta']:g})."
    )
    return f"{text} {silent} images without a vote are called negative." if silent else text
