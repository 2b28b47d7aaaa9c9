"""Test a run's result beside baselines, on the test patients."""

import json
from collections.abc import Iterator
from dataclasses import replace

from meddistill_gui.core import distilled
from meddistill_gui.core.config import validate
from meddistill_gui.core.configs.results import EvaluateConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.errors import ConfigError, SplitError
from meddistill_gui.core.events import Event, Finished, Started, Warned
from meddistill_gui.core.files import write_whole
from meddistill_gui.core.run_folder import RunFolder, open_run, read_evaluation
from meddistill_gui.engine.evaluation.comparison import PHASE, WHOLE_PHASE, check, compare
from meddistill_gui.operations.patch_sets import CUTTING_PHASES, run_images
from meddistill_gui.operations.real_images import READING_PHASES


def evaluate(config: EvaluateConfig, control: Control) -> Iterator[Event]:
    """Write `result/evaluation.json`: the distilled set, random real images and all images, one protocol.

    Raises:
        SplitError: There are no test patients.
        ConfigError: The weights to begin from cannot be used, or the run kept no sets to test; nothing was read yet.
    """
    whole = (WHOLE_PHASE,) if config.whole else ()
    yield Started(operation="evaluate", phases=(*READING_PHASES, *CUTTING_PHASES, PHASE, *whole))
    run, run_config = open_run(validate(config).run)
    config = replace(config, students=config.students or run_config.evaluation.students)
    result = distilled.load(run.result)
    check(config, result.recipe)
    evaluated = _evaluated(run) if config.best_over_test else []
    train, test = yield from run_images(run, run_config, ("train", "test"), control)
    if len(test) == 0:
        raise SplitError(
            "The split has no test patients.",
            "Make a new project whose split has a share of test patients.",
        )
    if read_evaluation(run) is not None:
        yield Warned(
            code="tested-before",
            message="This result was tested on these patients before; choosing by a second look would flatter it.",
        )
    figures = yield from compare(config, result, train, test, control, evaluated)
    write_whole(run.evaluation, json.dumps(figures, indent=1).encode())
    yield Finished(summary={"text": _sentence(figures), **figures})


def _evaluated(run: RunFolder) -> list[DistilledSet]:
    """The sets of the run's evaluations, in the order of their iterations."""
    paths = sorted(run.evaluated.glob("*.safetensors"))
    if not paths:
        raise ConfigError(
            [f"{run.name} kept no sets of its evaluations, so none can be the best over test."],
            "Leave best_over_test out, or make a run with evaluation.keep_sets.",
        )
    return [distilled.load(path) for path in paths]


def _sentence(figures: dict) -> str:  # type: ignore[type-arg]  # the JSON of the contract
    best = figures["rows"][0]
    accuracy = best["balanced_accuracy"]
    fair = figures.get("label_fair")
    ranking = (
        f" DD-Ranking's numbers: {fair['hlr']:.3f} short of all images with hard labels, {fair['ior']:.3f} above random real images."
        if fair
        else ""
    )
    return (
        f"A student trained on {best['title']} reaches a balanced accuracy of {accuracy['mean']:.3f} "
        f"({accuracy['low']:.3f} to {accuracy['high']:.3f}) on {figures['test_images']} test images.{ranking}"
    )
