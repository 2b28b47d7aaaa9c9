"""Where the engine computes."""

import os
import sys

import torch

from meddistill_gui.core.errors import ConfigError


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
    return torch.device("cuda" if found and device != "cpu" else "cpu")


def prepare_threads() -> None:
    """Leave one core to the window and the rest of the machine."""
    torch.set_num_threads(max(1, _cores() - 1))


def _cores() -> int:
    """Cores that this process may use; a container's limit counts where the system tells it."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def peak_bytes(device: torch.device) -> int | None:
    """The most memory this process has held so far: on the GPU, or of the machine; None where the system does not tell."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415 - only POSIX has it

    scale = 1 if sys.platform == "darwin" else 1024  # Linux counts in KiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
