"""Experts shared out over the processes of one run (`torchrun`); without torch.distributed there is one process, which trains all.

The process group is made by whoever starts the run; all processes see the same store folder. Experts are independent of
each other, so any number of processes gives the same files.
"""

import torch.distributed as dist

from meddistill_gui.core.errors import JobDiedError


def share(count: int) -> range:
    """Which of `count` experts this process trains."""
    if not _several():
        return range(count)
    return range(dist.get_rank(), count, dist.get_world_size())


def wait_for_all() -> None:
    """Return when every process of the run has come here.

    Raises:
        JobDiedError: One of them will not come.
    """
    if not _several():
        return
    try:
        dist.barrier()
    except RuntimeError as error:  # what torch raises for a lost peer or a time-out
        raise JobDiedError(
            "Another process of this run has ended.",
            "Start the run again with the same command: every complete expert is kept.",
        ) from error


def _several() -> bool:
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1
