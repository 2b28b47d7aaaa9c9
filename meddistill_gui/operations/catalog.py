"""From the name of an operation to the code that does it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Event
from meddistill_gui.operations.audit import audit
from meddistill_gui.operations.demo import demo
from meddistill_gui.operations.distill import distill, experts
from meddistill_gui.operations.estimate import estimate
from meddistill_gui.operations.evaluate import evaluate
from meddistill_gui.operations.export import export
from meddistill_gui.operations.label import label
from meddistill_gui.operations.receive import receive
from meddistill_gui.operations.scan import scan
from meddistill_gui.operations.split import split
from meddistill_gui.operations.verify import verify

Operation = Callable[[Any, Control], Iterator[Event]]

OPERATIONS: Final[Mapping[str, Operation]] = {
    "scan": scan,
    "label": label,
    "split": split,
    "estimate": estimate,
    "experts": experts,
    "distill": distill,
    "evaluate": evaluate,
    "audit": audit,
    "export": export,
    "verify": verify,
    "receive": receive,
    "demo": demo,
}
"""The same names as `core.specs.OPERATIONS`, which holds their options and sentences; a test compares the two."""


def run(name: str, config: object, control: Control) -> Iterator[Event]:
    """Do an operation.

    Args:
        name: Name in `OPERATIONS`.
        config: Its config.
        control: Pause and stop.
    """
    return OPERATIONS[name](config, control)
