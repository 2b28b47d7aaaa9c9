"""The invented hospital of the demo as a job, for those who have no images at hand."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Event, Finished


@dataclass(frozen=True, kw_only=True)
class HospitalConfig:
    """Where to write the invented images.

    Attributes:
        folder: Made by the job.
    """

    folder: Path


class HospitalJob:
    """A `Job` that writes it, in the thread that consumes its events.

    Args:
        config: Where to.
    """

    def __init__(self, config: HospitalConfig) -> None:
        self._config = config
        self._control = Control()

    def events(self) -> Iterator[Event]:
        """See `Job.events`."""
        from meddistill_gui.data.phantoms.hospital import write_hospital

        yield from write_hospital(self._config.folder, control=self._control)
        yield Finished(summary={"folder": str(self._config.folder)})

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


def start_hospital(_name: str, config: object) -> HospitalJob:
    """A `StartJob` for the invented hospital."""
    if not isinstance(config, HospitalConfig):
        raise TypeError(config)
    return HospitalJob(config)
