"""What is worth comparing of a run, read from its folder, and where configs differ. No Qt."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.core import distilled
from meddistill_gui.core.config import Option, options_of, value_at
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.core.events import Metric
from meddistill_gui.core.run_folder import RunFolder, open_run, read_evaluation, read_events
from meddistill_gui.core.words import Verdict

FIGURES: Final = ("balanced_accuracy", "accuracy", "macro_f1", "auroc")
_JUDGED_BY: Final = "validation balanced accuracy"
_OWN: Final = {"name", "project"}


@dataclass(frozen=True, kw_only=True)
class RunCard:
    """One run.

    Attributes:
        name: Its name.
        config: Its frozen config.
        images: uint8 `[N, H, W]` or `[N, H, W, 3]` of its result, or None.
        labels: Class of each image.
        class_names: Names of the classes.
        best: Highest score on the validation patients and its iteration, or None.
        figures: Row "distilled" of the test figures, or None.
        verdict: Of its audit, or None.
        problem: Why something of it cannot be read; "" if all can.
    """

    name: str
    config: DistillConfig
    images: npt.NDArray[np.uint8] | None = None
    labels: tuple[int, ...] = ()
    class_names: tuple[str, ...] = ()
    best: Metric | None = None
    figures: Mapping[str, Any] | None = None
    verdict: Verdict | None = None
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """An option that is not the same in all runs.

    Attributes:
        option: Which.
        values: Its value in each run; "" where the run has no such option.
    """

    option: Option
    values: tuple[str, ...]


def read_card(run: RunFolder) -> RunCard:
    """Read a run; parts that cannot be read are left out and said in `problem`.

    Raises:
        MedDistillError: Not even its config can be read.
    """
    _, config = open_run(run.root)
    parts: dict[str, Any] = {}
    problems: list[str] = []
    for read in (_result, _figures, _verdict, _best):
        try:
            parts |= read(run)
        except (MedDistillError, ValueError, KeyError, TypeError, OSError) as error:
            problems.append(str(error))
    return RunCard(name=run.name, config=config, problem=" ".join(problems), **parts)


def differences(configs: Sequence[DistillConfig]) -> tuple[Difference, ...]:
    """The options that are not the same in all of these, in the order in which they are declared."""
    options: dict[str, Option] = {}
    for config in configs:
        options |= {one.path: one for one in options_of(config) if one.path not in _OWN}
    found = []
    for path, option in options.items():
        values = tuple(_value(config, path) for config in configs)
        if len(set(values)) > 1:
            found.append(Difference(option=option, values=values))
    return tuple(found)


def _value(config: DistillConfig, path: str) -> str:
    if path not in {one.path for one in options_of(config)}:
        return ""
    value = value_at(config, path)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _result(run: RunFolder) -> dict[str, Any]:
    if not run.result.is_file():
        return {}
    found = distilled.load(run.result)
    return {
        "images": distilled.displayed(found.images),
        "labels": tuple(int(row.argmax()) for row in found.labels),
        "class_names": found.recipe.class_names,
    }


def _figures(run: RunFolder) -> dict[str, Any]:
    evaluation = read_evaluation(run)
    if evaluation is None:
        return {}
    [row] = [one for one in evaluation["rows"] if one["name"] == "distilled"]
    return {"figures": row}


def _verdict(run: RunFolder) -> dict[str, Any]:
    path = run.audit / "public.json"
    if not path.is_file():
        return {}
    return {"verdict": Verdict(json.loads(path.read_text(encoding="utf-8"))["verdict"])}


def _best(run: RunFolder) -> dict[str, Any]:
    events, _ = read_events(run.events)
    scores: dict[int, Metric] = {}
    for event in events:
        if isinstance(event, Metric) and event.name == _JUDGED_BY and not math.isnan(event.value):
            scores[event.step] = event
    return {"best": max(scores.values(), key=lambda one: one.value)} if scores else {}
