"""An operation in this very process: for the command line, for the child process, and for tests."""

import logging
from collections.abc import Iterator

from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import MedDistillError, OutOfMemoryError, RunError
from meddistill_gui.core.events import Event
from meddistill_gui.operations import catalog

_LOG = logging.getLogger(__name__)


class InProcessJob:
    """A `Job` that works in the thread that consumes its events.

    Args:
        name: Operation.
        config: Its config.
    """

    def __init__(self, name: str, config: object) -> None:
        self._name = name
        self._config = config
        self._control = Control()

    def events(self) -> Iterator[Event]:
        """Do the work, event by event; see `Job.events`."""
        try:
            yield from catalog.run(self._name, self._config, self._control)
        except MedDistillError:
            raise
        except MemoryError as error:
            raise OutOfMemoryError(
                "The computer has too little memory for this.",
                "Close other programs, or choose smaller images or fewer of them.",
            ) from error
        except (
            Exception
        ) as error:  # a mistake of ours: the user gets a sentence, the log its traceback
            _LOG.exception("%s failed", self._name)
            raise RunError(
                f"An unexpected error ended '{self._name}': {type(error).__name__}: {error}.",
                "This is a mistake in the program. Please report it together with the log file.",
            ) from error

    def stop(self) -> None:
        """See `Job.stop`."""
        self._control.request_stop()

    def pause(self) -> None:
        """See `Job.pause`."""
        self._control.request_pause()

    def resume(self) -> None:
        """See `Job.resume`."""
        self._control.request_resume()

    def kill(self) -> None:
        """See `Job.kill`; a thread cannot be killed, so this is a stop."""
        self._control.request_stop()


def start(name: str, config: object) -> InProcessJob:
    """A job that runs here; the work begins with the first event asked for."""
    return InProcessJob(name, config)
