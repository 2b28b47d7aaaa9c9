"""Gates against divergence: a run never ends in NaN; it recovers, or stops with the last good set and says why."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from meddistill_gui.core.events import Warned
from meddistill_gui.engine.checkpoint import Checkpoint
from meddistill_gui.engine.method import Method, Setting, State, StepReport

SETBACKS_BEFORE_RECOVERY: Final = 5
RECOVERIES: Final = 3
_TOLD: Final = frozenset(10**power for power in range(10))


def finite(state: State) -> bool:
    """Whether every number of a state is finite."""
    return all(bool(tensor.isfinite().all()) for tensor in state.values())


def advanced(checkpoint: Checkpoint, report: StepReport) -> Checkpoint:
    """Where the run is after an iteration; one that left the finite numbers changes no number, but takes the momentum away."""
    following = checkpoint.iteration + 1
    if finite(report.state) and (math.isfinite(report.loss) or report.skipped):
        skipped = checkpoint.skipped + bool(report.skipped)
        return replace(
            checkpoint, iteration=following, state=report.state, setbacks=0, skipped=skipped
        )
    return replace(
        checkpoint,
        iteration=following,
        state=at_rest(checkpoint.state),
        setbacks=checkpoint.setbacks + 1,
    )


def at_rest(state: State) -> State:
    """The state without momentum."""
    return {
        name: tensor * 0 if name.endswith("velocity") else tensor for name, tensor in state.items()
    }


def must_recover(checkpoint: Checkpoint) -> bool:
    """Whether small remedies were tried long enough."""
    return checkpoint.setbacks >= SETBACKS_BEFORE_RECOVERY


def exhausted(checkpoint: Checkpoint) -> bool:
    """Whether going back to the best set was tried often enough too."""
    return must_recover(checkpoint) and checkpoint.recoveries >= RECOVERIES


def recovered(method: Method, setting: Setting, checkpoint: Checkpoint) -> Checkpoint:
    """Back to the images of the best set, at rest and with smaller steps."""
    learned = (
        checkpoint.best.learned if checkpoint.best else method.result(setting, checkpoint.state)
    )
    state = method.restarted(setting, checkpoint.state, learned.images)
    return replace(checkpoint, state=state, setbacks=0, recoveries=checkpoint.recoveries + 1)


def warnings_of(before: Checkpoint, after: Checkpoint, why_skipped: str) -> Iterator[Warned]:
    """What the user should know about the step from one to the other; skipped iterations are told at 1, 10, 100, ..."""
    if after.recoveries > before.recoveries:
        yield Warned(
            code="went-back",
            message=f"The run left the finite numbers several times before iteration {after.iteration} and went back to its best set.",
            remedy="If this comes again, take a smaller options.image_rate.",
        )
    elif after.setbacks == 1 and before.setbacks == 0:
        yield Warned(
            code="not-finite",
            message=f"Iteration {after.iteration} left the finite numbers; the images stay as they were.",
            remedy="Nothing needs to be done; the run goes on with other segments.",
        )
    elif after.skipped > before.skipped and after.skipped in _TOLD:
        yield Warned(
            code="skipped-iteration",
            message=f"Iteration {after.iteration} changed nothing: {why_skipped}. So far {after.skipped} did.",
            remedy="If it comes often, take a smaller options.image_rate or a larger options.skip_above.",
        )


DIVERGED: Final = Warned(
    code="diverged",
    message="The run left the finite numbers again and again; it ends here with the best set so far.",
    remedy="Begin a new run with a smaller options.image_rate.",
)
