"""Throw away what was cached of the real images."""

from collections.abc import Iterator

from meddistill_gui.core.config import validate
from meddistill_gui.core.configs.purge import PurgeConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Event, Finished, Started
from meddistill_gui.core.project import held, open_project
from meddistill_gui.data.images import pixels

_MIB = 2**20


def purge(config: PurgeConfig, control: Control) -> Iterator[Event]:
    """Delete the cache; source, catalogue and runs stay as they are.

    Raises:
        ProjectError: The folder is no project.
        BusyError: A run is reading the cache now.
        TargetError: The cache cannot be written to.
    """
    yield Started(operation="purge")
    control.safe_point()
    project = open_project(validate(config).project)
    with held(project.cache, "image cache of the project"):
        freed = pixels.purge(project.cache)
    yield Finished(
        summary={
            "text": f"{freed / _MIB:,.1f} MiB of cached images were deleted. They are made anew from the source when a run needs them.",
            "freed_bytes": freed,
        }
    )
