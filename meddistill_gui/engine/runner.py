"""The loop around every method: experts, iterations, evaluations, frames, checkpoints, stops. Methods own none of these.

On a CPU a run that was killed at any moment and goes on gives the same bytes as one that was not: random numbers come
from (seed, purpose, iteration), a step is a pure function of the state, and all state is in the checkpoint.
"""

import io
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.core import distilled
from meddistill_gui.core import ledger as ledgers
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import JobDiedError, Stopped
from meddistill_gui.core.events import Event, Frame, Metric, Progress
from meddistill_gui.core.files import write_whole, writing_to
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.engine import checkpoint as checkpoints
from meddistill_gui.engine import devices, gates, pacing, processes, reworking, starting
from meddistill_gui.engine.bounded import is_bounded, normaliser_for
from meddistill_gui.engine.checkpoint import Checkpoint
from meddistill_gui.engine.experts.supply import supplied, wanted_at
from meddistill_gui.engine.method import Learned, Method, Setting, StepReport
from meddistill_gui.engine.pacing import Pace
from meddistill_gui.engine.registry import make_method
from meddistill_gui.engine.selection import Publisher, balanced_accuracy, better

LOSS: Final = "loss"
SCORE: Final = "validation balanced accuracy"
_SAVE_SECONDS: Final = 30.0
_FRAMES: Final = 60  # in a whole run


@dataclass(frozen=True)
class _Run:
    """What stays the same from the first iteration to the last."""

    config: DistillConfig
    folder: RunFolder
    method: Method
    setting: Setting
    publisher: Publisher
    validation: RealImages
    control: Control
    pace: Pace

    @property
    def total(self) -> int:
        return sum(phase.iterations for phase in self.method.phases)

    def learned(self, at: Checkpoint) -> Learned:
        return self.method.result(self.setting, at.state)


def distill(
    config: DistillConfig,
    run: RunFolder,
    train: RealImages,
    validation: RealImages,
    control: Control,
) -> Iterator[Event]:
    """Distil the training images into the run folder, from where an earlier call left off.

    Args:
        config: The run's options.
        run: Its folder; `experts/`, `frames/`, `checkpoint.safetensors`, `ledger.json`, `speed.json` and `result/` are written.
        train: Images of the training patients.
        validation: Images of the validation patients; they choose which iteration's set is kept.
        control: A stop is obeyed after the iteration in progress; a checkpoint and the best set so far are kept.

    Yields:
        `Progress` in the phases "training experts", the method's own and "evaluating"; `Metric` "loss",
        "student rate", "validation balanced accuracy", those of `pacing` and the method's own; `Frame`; `Warned`.

    Raises:
        Stopped: As asked; everything done is kept.
        InputError: Options or images that cannot be used; nothing was done.
        TargetError: The disk is full or gone; what was written stays.
    """
    devices.prepare_threads()
    normaliser = normaliser_for(config, train)
    setting = starting.make_setting(config, train, normaliser)
    starting.refuse_too_large(config, setting)
    method = make_method(config)
    _refuse_idle_processes(config)
    digest = starting.run_digest(config, train)
    begun = checkpoints.load(run.checkpoint, digest, setting.device)
    with writing_to(run.root):
        for folder in (run.frames, run.experts, run.result.parent):
            folder.mkdir(parents=True, exist_ok=True)
    if method.needs_experts:
        iteration = begun.iteration if begun else 0
        total = sum(phase.iterations for phase in method.phases)
        number = wanted_at(config, iteration, total)
        setting = yield from supplied(config, run.experts, setting, number, control)
    if begun is None:
        if processes.is_first():
            ledgers.save(run.ledger, starting.ledger_of(config, setting, train, validation))
        state = method.setup(setting, starting.first_images(config, setting))
        begun = Checkpoint(digest=digest, iteration=0, state=state)
        _save(run, begun)  # noise that a method drew is drawn only once
    names, own = train.class_names, method.recipe(setting)
    publisher = Publisher(config=config, normaliser=normaliser, class_names=names, prescribed=own)
    yield from _loop(_run(config, run, method, setting, publisher, validation, control), begun)


def experts(
    config: DistillConfig,
    run: RunFolder,
    train: RealImages,
    validation: RealImages,  # noqa: ARG001 - the operations call it as they call `distill`
    control: Control,
) -> Iterator[Event]:
    """Train the run's experts and stop there (the operation `experts`); a method that needs none trains none.

    Args:
        config: The run's options.
        run: Its folder; `experts/` is written.
        train: Images of the training patients.
        validation: Not looked at.
        control: A stop is obeyed at the experts' next safe point.

    Raises:
        Stopped: As asked; complete experts are kept.
    """
    devices.prepare_threads()
    setting = starting.make_setting(config, train, normaliser_for(config, train))
    with writing_to(run.root):
        run.experts.mkdir(parents=True, exist_ok=True)
    if make_method(config).needs_experts:
        yield from supplied(config, run.experts, setting, config.experts.count, control)


def _run(
    config: DistillConfig,
    folder: RunFolder,
    method: Method,
    setting: Setting,
    publisher: Publisher,
    validation: RealImages,
    control: Control,
) -> _Run:
    """The run, at the pace that it had before."""
    total = sum(phase.iterations for phase in method.phases)
    pace = Pace(speed=config.speed, every=config.evaluation.every, total=total, file=folder.speed)
    pace, setting = pacing.begun(pace, setting)
    return _Run(config, folder, method, setting, publisher, validation, control, pace)


def _refuse_idle_processes(config: DistillConfig) -> None:
    segments = getattr(config.options, "segments", 1)
    processes.check_shares(
        segments,
        "Set options.segments to the number of processes or more."
        if hasattr(config.options, "segments")
        else f"The method {config.method} computes in one process: start it without torchrun.",
    )


def _loop(run: _Run, at: Checkpoint) -> Iterator[Event]:
    saved = time.monotonic()
    try:
        while not _complete(run, at):
            processes.safe_point(run.control)
            run = yield from _with_enough_experts(run, at)
            run = yield from _at_its_pace(run, at)
            if _to_be_evaluated(run, at):
                at = yield from _evaluated(run, at)
            else:
                run, at = yield from _iteration(run, at)
            if time.monotonic() - saved > _SAVE_SECONDS:
                _save(run.folder, at)
                saved = time.monotonic()
    except (Stopped, JobDiedError):
        _save(run.folder, at)
        if at.best is None:
            _publish(run, run.learned(at))
        raise
    if gates.exhausted(at):
        yield gates.DIVERGED
    _save(run.folder, at)
    if at.best is not None:
        _publish(run, at.best.learned)


def _save(folder: RunFolder, at: Checkpoint) -> None:
    if processes.is_first():
        checkpoints.save(folder.checkpoint, at)


def _publish(run: _Run, learned: Learned) -> None:
    """Write the set that is handed out."""
    if processes.is_first():
        distilled.save(run.folder.result, run.publisher.published(learned))


def _with_enough_experts(run: _Run, at: Checkpoint) -> Generator[Event, None, _Run]:
    """The run with as many experts as the coming iteration draws from."""
    number = wanted_at(run.config, at.iteration, run.total)
    if run.setting.experts is None or run.setting.experts.count >= number:
        return run
    setting = yield from supplied(run.config, run.folder.experts, run.setting, number, run.control)
    return replace(run, setting=setting)


def _at_its_pace(run: _Run, at: Checkpoint) -> Generator[Event, None, _Run]:
    """The run with the way by which the coming iteration computes its students' steps."""
    if at.iteration >= run.total:
        return run
    pace, setting = yield from pacing.followed(
        run.pace, run.method, run.setting, at.state, at.iteration
    )
    return replace(run, pace=pace, setting=setting)


def _complete(run: _Run, at: Checkpoint) -> bool:
    over = at.iteration >= run.total or gates.exhausted(at)
    return over and not _to_be_evaluated(run, at)


def _to_be_evaluated(run: _Run, at: Checkpoint) -> bool:
    """Whether an evaluation is due; one that was interrupted is due again."""
    due = _due(at.iteration, run.config.evaluation.every, run.total)
    return (due and at.evaluated < at.iteration) or (gates.exhausted(at) and at.best is None)


def _iteration(run: _Run, at: Checkpoint) -> Generator[Event, None, tuple[_Run, Checkpoint]]:
    own = run.method.step(run.setting, at.state, at.iteration)
    if own.way_left:  # of this process's device; others may go on
        pace, setting = yield from pacing.left(run.pace, run.setting, own.way_left, at.iteration)
        run = replace(run, pace=pace, setting=setting)
    report = _of_first(own)
    after = gates.advanced(at, report)
    if gates.must_recover(after) and not gates.exhausted(after):
        after = gates.recovered(run.method, run.setting, after)
    after = replace(after, state=reworking.holding(at.state, after.state))
    yield _progress(run, after.iteration)
    yield from _metrics(report, after.iteration)
    yield from gates.warnings_of(at, after, report.skipped)
    if processes.is_first() and _due(after.iteration, max(1, run.total // _FRAMES), run.total):
        yield _frame(run, after)
    return run, after


def _evaluated(run: _Run, at: Checkpoint) -> Generator[Event, None, Checkpoint]:
    """Score the set on the validation patients; a new best is written out at once."""
    learned = run.learned(at)
    if run.config.evaluation.keep_sets and processes.is_first():
        with writing_to(run.folder.root):
            run.folder.evaluated.mkdir(exist_ok=True)
        path = run.folder.evaluated / f"{at.iteration:08d}.safetensors"
        distilled.save(path, run.publisher.published(learned))
    score = yield from _score(run, learned)
    yield Metric(name=SCORE, step=at.iteration, value=score)
    latest = None if is_bounded(run.config) else at.best
    best = better(latest, learned, score, at.iteration)
    if best is not at.best:
        _publish(run, learned)
    return replace(at, best=best, evaluated=at.iteration)


def _score(run: _Run, learned: Learned) -> Generator[Event, None, float]:
    """Balanced accuracy on the validation patients; the first process finds it and tells the others."""
    score: float | None = None
    if processes.is_first():
        try:
            score = yield from balanced_accuracy(
                run.publisher.published(learned),
                run.validation,
                students=run.config.evaluation.validation_students,
                seed=run.config.seed,
                device=run.setting.device,
                control=run.control,
            )
        except Stopped:
            processes.from_first(None)
            raise
    score = processes.from_first(score)
    if score is None:
        raise Stopped("Stopped as you asked.", "What was done is kept.")
    return score


def _of_first(report: StepReport) -> StepReport:
    """What the first process made of an iteration: devices round differently, and all must go on from the same numbers."""
    loss, metrics, skipped = processes.from_first(
        [report.loss, dict(report.metrics), report.skipped]
    )
    state = processes.state_of_first(report.state)
    return StepReport(state=state, loss=loss, metrics=metrics, skipped=skipped)


def _due(iteration: int, every: int, total: int) -> bool:
    return iteration % every == 0 or iteration == total


def _progress(run: _Run, iteration: int) -> Progress:
    """Where the iteration stands in its phase."""
    first = 0
    for phase in run.method.phases:
        if iteration <= first + phase.iterations:
            break
        first += phase.iterations
    return Progress(
        phase=phase.name, done=iteration - first, total=phase.iterations, unit="iterations"
    )


def _metrics(report: StepReport, iteration: int) -> Iterator[Event]:
    yield Metric(name=LOSS, step=iteration, value=report.loss)
    for name, value in report.metrics.items():
        yield Metric(name=name, step=iteration, value=value)


def _as_npy(values: npt.NDArray[Any]) -> bytes:
    content = io.BytesIO()
    np.save(content, values, allow_pickle=False)
    return content.getvalue()


def _frame(run: _Run, at: Checkpoint) -> Frame:
    """Write a snapshot of the images as a screen shows them, and of their labels where these are soft."""
    published = run.publisher.published(run.learned(at))
    path = run.folder.frames / f"{at.iteration:08d}.npy"
    if not distilled.are_hard(published.labels):
        write_whole(path.with_suffix(".labels"), _as_npy(published.labels))
    write_whole(path, _as_npy(distilled.displayed(published.images)))
    return Frame(step=at.iteration, path=str(path.relative_to(run.folder.root).as_posix()))
