"""From the name of an operation to the code that does it.

Each operation is imported when it is first asked for: torch takes seconds to load, and checking a bundle does not need it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Event

Operation = Callable[[Any, Control], Iterator[Event]]


def run(name: str, config: object, control: Control) -> Iterator[Event]:
    """Do an operation.

    Args:
        name: Name in `OPERATIONS`.
        config: Its config.
        control: Pause and stop.
    """
    return OPERATIONS[name]()(config, control)


def _scan() -> Operation:
    from meddistill_gui.operations.scan import scan

    return scan


def _label() -> Operation:
    from meddistill_gui.operations.label import label

    return label


def _patients() -> Operation:
    from meddistill_gui.operations.patients import patients

    return patients


def _split() -> Operation:
    from meddistill_gui.operations.split import split

    return split


def _regions() -> Operation:
    from meddistill_gui.operations.regions import regions

    return regions


def _patches() -> Operation:
    from meddistill_gui.operations.patches import patches

    return patches


def _estimate() -> Operation:
    from meddistill_gui.operations.estimate import estimate

    return estimate


def _experts() -> Operation:
    from meddistill_gui.operations.distill import experts

    return experts


def _distill() -> Operation:
    from meddistill_gui.operations.distill import distill

    return distill


def _evaluate() -> Operation:
    from meddistill_gui.operations.evaluate import evaluate

    return evaluate


def _audit() -> Operation:
    from meddistill_gui.operations.audit import audit

    return audit


def _review() -> Operation:
    from meddistill_gui.operations.review import review

    return review


def _rework() -> Operation:
    from meddistill_gui.operations.rework import rework

    return rework


def _export() -> Operation:
    from meddistill_gui.operations.export import export

    return export


def _verify() -> Operation:
    from meddistill_gui.operations.verify import verify

    return verify


def _receive() -> Operation:
    from meddistill_gui.operations.receive import receive

    return receive


def _key() -> Operation:
    from meddistill_gui.operations.key import key

    return key


def _senders() -> Operation:
    from meddistill_gui.operations.senders import known_senders

    return known_senders


def _purge() -> Operation:
    from meddistill_gui.operations.purge import purge

    return purge


def _vote() -> Operation:
    from meddistill_gui.operations.vote import vote

    return vote


def _capsule_export() -> Operation:
    from meddistill_gui.operations.capsule import capsule_export

    return capsule_export


def _capsule_open() -> Operation:
    from meddistill_gui.operations.capsule import capsule_open

    return capsule_open


def _demo() -> Operation:
    from meddistill_gui.operations.demo import demo

    return demo


OPERATIONS: Final[Mapping[str, Callable[[], Operation]]] = {
    "scan": _scan,
    "label": _label,
    "patients": _patients,
    "split": _split,
    "regions": _regions,
    "patches": _patches,
    "estimate": _estimate,
    "experts": _experts,
    "distill": _distill,
    "evaluate": _evaluate,
    "audit": _audit,
    "review": _review,
    "rework": _rework,
    "export": _export,
    "verify": _verify,
    "receive": _receive,
    "key": _key,
    "senders": _senders,
    "purge": _purge,
    "vote": _vote,
    "capsule-export": _capsule_export,
    "capsule-open": _capsule_open,
    "demo": _demo,
}
"""The same names as `core.specs.OPERATIONS`, which holds their options and sentences; a test compares the two."""
