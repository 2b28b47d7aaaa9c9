"""Ctrl-C once stops where nothing is lost, twice stops at once."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM") if hasattr(signal, name))


@contextlib.contextmanager
def stopping(ask: Callable[[], None]) -> Iterator[None]:
    """Within this block the first Ctrl-C (or SIGTERM) calls `ask`; the second raises KeyboardInterrupt.

    Args:
        ask: Asks the work to stop and tells the user so.
    """
    asked = False

    def first_or_second(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a handler's arguments
        nonlocal asked
        if asked:
            # a third time must work even while a library's own code keeps Python from running
            signal.signal(number, signal.SIG_DFL)
            raise KeyboardInterrupt
        asked = True
        ask()

    before = {number: signal.signal(number, first_or_second) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
