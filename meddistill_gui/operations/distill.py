"""Distil a project's training images; go on where an interrupted run stopped."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Final

from meddistill_gui.core.config import validate
from meddistill_gui.core.configs.distill import REAL_START, DistillConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import MedDistillError, Stopped
from meddistill_gui.core.events import Event, Finished, Started, Warned
from meddistill_gui.core.project import held
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.core.run_folder import (
    EventLog,
    RunFolder,
    ask,
    asked,
    beginning,
    create_run,
    has_begun,
)
from meddistill_gui.engine import devices, processes, runner
from meddistill_gui.operations.patch_sets import CUTTING_PHASES, keep_plan, run_images
from meddistill_gui.operations.real_images import READING_PHASES

PHASES: Final = (
    *READING_PHASES,
    *CUTTING_PHASES,
    "training experts",
    "warming up",
    "matching trajectories",
    "evaluating",
)
Work = Callable[[DistillConfig, RunFolder, RealImages, RealImages, Control], Iterator[Event]]


def distill(config: DistillConfig, control: Control) -> Iterator[Event]:
    """Make the run's distilled set; an existing run of the same config is resumed.

    Raises:
        ConfigError: An option is out of range, or the name is taken by another config.
        Stopped: After everything was saved.
    """
    yield from _in_run_folder("distill", runner.distill, config, control)


def experts(config: DistillConfig, control: Control) -> Iterator[Event]:
    """Train the run's experts and stop there.

    Raises:
        ConfigError: An option is out of range, or the name is taken by another config.
        Stopped: After everything was saved.
    """
    yield from _in_run_folder("experts", runner.experts, config, control)


def _in_run_folder(
    operation: str, work: Work, config: DistillConfig, control: Control
) -> Iterator[Event]:
    """Do the work in the run folder, in this process or, under torchrun, in several."""
    validate(config)
    with processes.joined(devices.choose(config.device)):
        if processes.is_first():
            yield from _held(operation, work, config, control)
        else:
            _assist(operation, work, config, control)


def _assist(operation: str, work: Work, config: DistillConfig, control: Control) -> None:
    """Do this process's share; the first one holds the folder, writes, and tells the user."""
    processes.wait_for_all()
    run = RunFolder(config.project / "runs" / config.name)
    watched = control.watching(lambda: asked(run))
    for _ in _steps(operation, work, config, run, watched):
        pass


def _held(operation: str, work: Work, config: DistillConfig, control: Control) -> Iterator[Event]:
    """Hold the run folder, and write every event down there."""
    _forget_refused(RunFolder(config.project / "runs" / config.name))
    run = create_run(config)
    with held(run.root, "run"), contextlib.closing(EventLog(run.events)) as log:
        ask(run, "")
        processes.wait_for_all()
        watched = control.watching(lambda: asked(run))
        try:
            for event in _steps(operation, work, config, run, watched):
                log.append(event)
                yield event
        except Stopped as stop:
            log.append(Warned(code="stopped", message=stop.message, remedy=stop.remedy))
            raise Stopped(
                stop.message, f"What was done is kept in {run.root}; resume it to go on."
            ) from stop
        except MedDistillError as error:
            log.append(Warned(code="failed", message=error.message, remedy=error.remedy))
            raise


def _forget_refused(run: RunFolder) -> None:
    """A run that was refused before it made anything (its network did not fit) does not keep its name.

    Raises:
        BusyError: It is just beginning, in another process.
    """
    if run.config.is_file() and not has_begun(run):
        with held(run.root, "run"):
            for file in beginning(run):
                file.unlink(missing_ok=True)


def _steps(
    operation: str, work: Work, config: DistillConfig, run: RunFolder, control: Control
) -> Iterator[Event]:
    yield Started(operation=operation, phases=PHASES)
    if config.initialisation == "real" and not run.checkpoint.is_file():
        remedy = "Stop it and begin another run with initialisation noise, if this was not meant."
        yield Warned(code="real-start", message=REAL_START, remedy=remedy)
    with processes.in_turn():
        keep_plan(run, config)
        train, validation = yield from run_images(run, config, ("train", "validation"), control)
    result: Finished | None = None
    for event in work(config, run, train, validation, control):
        if isinstance(event, Finished):
            result = event
        else:
            yield event
    summary = dict(result.summary) if result else {}
    yield Finished(summary={"text": f"Done: {run.root}", "run": str(run.root), **summary})
