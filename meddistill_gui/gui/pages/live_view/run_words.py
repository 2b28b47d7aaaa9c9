"""The state of a run in words, each with what to do about it."""

import math
from typing import Final, NamedTuple

from PySide6.QtCore import QCoreApplication

from meddistill_gui.gui.pages.live_view.run_record import RunRecord, RunState

_SLOW: Final = 0.5
"""Units a second below which a minute says more than a second."""


class Said(NamedTuple):
    """A notice: its kind ("error", "warning", "good", "info"), what is, and what to do."""

    kind: str
    message: str
    remedy: str


class Done(NamedTuple):
    """What has been done with a run: whether it has a result, was tested, was audited."""

    result: bool
    tested: bool
    audited: bool


def name_of(state: RunState) -> str:
    """The state in a word or two."""
    return {
        RunState.NEW: _tr("Not started"),
        RunState.RUNNING: _tr("Running"),
        RunState.PAUSED: _tr("Paused"),
        RunState.STOPPED: _tr("Stopped"),
        RunState.FAILED: _tr("Failed"),
        RunState.INTERRUPTED: _tr("Interrupted"),
        RunState.FINISHED: _tr("Complete"),
    }[state]


def icon_of(state: RunState) -> str:
    """The icon that stands beside the word."""
    return {
        RunState.NEW: "clock",
        RunState.RUNNING: "live",
        RunState.PAUSED: "pause",
        RunState.STOPPED: "stop",
        RunState.FAILED: "error",
        RunState.INTERRUPTED: "warning",
        RunState.FINISHED: "good",
    }[state]


def speed_in_words(rate: float, unit: str) -> str:
    """A rate as a person reads it, "2,560 images/s" or "7.7 epochs/min"; "" for NaN.

    Args:
        rate: Units a second.
        unit: What is counted.
    """
    if math.isnan(rate):
        return ""
    short = _tr("it") if unit == "iterations" else unit
    if rate < _SLOW:
        return _tr("{rate} {unit}/min").format(rate=f"{rate * 60:.1f}", unit=short)
    digits = 0 if rate >= 10 else 1
    return _tr("{rate} {unit}/s").format(rate=f"{rate:,.{digits}f}", unit=short)


def steps_in_words(record: RunRecord) -> str:
    """What the axis of the curves counts: a warm start's iterations come before those that were asked for."""
    warm = record.warm_up()
    if not warm:
        return _tr("iteration")
    first = next(iter(record.stretches))
    return _tr("iteration (the first {count} are {phase})").format(count=f"{warm:,}", phase=first)


def iterations_in_words(record: RunRecord) -> str:
    """How many iterations a complete run took; "" where it said none."""
    loss = record.latest.get("loss")
    if loss is None:
        return ""
    warm = record.warm_up()
    said = _tr("{count} iterations").format(count=f"{loss.step - warm:,}")
    return said + (_tr(" after {count} of warming up").format(count=f"{warm:,}") if warm else "")


def notice_for(state: RunState, record: RunRecord, done: Done) -> Said | None:
    """What to say above the page, or None where the page speaks for itself."""
    match state:
        case RunState.FAILED if record.failure is not None:
            return Said("error", record.failure.message, record.failure.remedy)
        case RunState.INTERRUPTED:
            return Said(
                "warning",
                _tr("The run ended without saying why: the program or the computer was stopped."),
                _tr("Only the steps since the last checkpoint are lost. Resume it to go on."),
            )
        case RunState.STOPPED:
            remedy = _tr("Resume it to go on.")
            if done.result:
                remedy = _tr("Resume it to go on, or evaluate and audit what there is.")
            return Said("info", _tr("The run was stopped; what it has is kept."), remedy)
        case RunState.PAUSED:
            return Said("info", _tr("The run waits. It keeps its memory and its place."), "")
        case RunState.FINISHED:
            return Said("good", _finished(record), _next_step(record, done))
        case _:
            return None


def _finished(record: RunRecord) -> str:
    if record.operation == "experts":
        return _tr("The experts are trained.")
    if record.best is None:
        return _tr("The run is complete.")
    return _tr(
        "The run is complete. It kept the images of iteration {step}: students trained on them reached a "
        "balanced accuracy of {value} on the validation patients."
    ).format(step=f"{record.best.step:,}", value=f"{record.best.value:.3f}")


def _next_step(record: RunRecord, done: Done) -> str:
    if record.operation == "experts":
        return _tr("Resume the run to distil.")
    if not done.tested:
        return _tr("Next: evaluate it on the test patients.")
    if not done.audited:
        return _tr("Next: look for real patients in it.")
    return _tr("It was tested and audited. Next: export it.")


def _tr(text: str) -> str:
    return QCoreApplication.translate("LiveView", text)
