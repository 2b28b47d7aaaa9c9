"""Where the engine computes."""

import os
import sys

import torch

from meddistill_gui.core.errors import ConfigError
from meddistill_gui.engine import container_memory


def choose(device: str) -> torch.device:
    """The device for "auto", "cpu" or "cuda".

    Raises:
        ConfigError: A GPU was asked for and there is none that torch can use.
    """
    found = torch.cuda.is_available()
    if device == "cuda" and not found:
        raise ConfigError(
            ["device is 'cuda', but torch finds no GPU on this machine."],
            "Choose device 'auto' or 'cpu', or install the GPU's driver.",
        )
    if not found or device == "cpu":
        return torch.device("cpu")
    # one GPU for each process that `torchrun` started on this machine
    local = os.environ.get("LOCAL_RANK")
    return torch.device("cuda", int(local)) if local else torch.device("cuda")


def prepare_threads() -> None:
    """Leave one core to the window and the rest of the machine; processes of one run share what is left."""
    together = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    torch.set_num_threads(max(1, (_cores() - 1) // together))


def _cores() -> int:
    """Cores that this process may use; a container's limit counts where the system tells it."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_bytes(device: torch.device) -> int | None:
    """Memory of the GPU or of the machine, or what a container leaves of it; None where the system does not tell."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    if not hasattr(os, "sysconf"):
        return None
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(there, container_memory.limit_bytes() or there)


def peak_bytes(device: torch.device) -> int | None:
    """The most memory this process has held so far: on the GPU, or of the machine; None where the system does not tell."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415 - only POSIX has it

    scale = 1 if sys.platform == "darwin" else 1024  # Linux counts in KiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
