"""Work in a faster way that falls back to plain float32 when something goes wrong in it."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeVar

from meddistill_gui.engine.acceleration.choosing import reason
from meddistill_gui.engine.unroll import Task
from meddistill_gui.engine.ways import PLAIN

_NOT_FINITE: Final = "its numbers are not finite"
_LOG: Final = logging.getLogger(__name__)
Done = TypeVar("Done")


def done_somehow(
    task: Task, work: Callable[[Task], Done], sane: Callable[[Done], bool]
) -> tuple[Done, str]:
    """The work in the task's way; where that fails, or gives numbers that plain float32 does not, plainly.

    Args:
        task: What a student learns from.
        work: What is done with it; in plain float32 its errors are the caller's.
        sane: Whether the numbers are finite.

    Returns:
        What was done, and why the way must be left; "" where it need not.
    """
    if task.way.is_plain:
        return work(task), ""
    why = ""
    try:
        done = work(task)
        if sane(done):
            return done, ""
    except Exception as error:  # noqa: BLE001 - compilers and drivers raise what they like; plain float32 needs none of them
        why = reason(error)
    task.way.release()  # outside the handler, whose traceback would hold on to tensors
    done = work(replace(task, way=PLAIN))
    if not why and not sane(done):
        return done, ""  # they are nobody's fault; the gates see to it
    _LOG.warning("%s was left for plain float32: %s", task.way.name, why or _NOT_FINITE)
    return done, why or _NOT_FINITE
