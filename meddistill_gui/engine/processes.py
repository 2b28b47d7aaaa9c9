"""The processes of one run, as `torchrun` starts them; without it there is one, and nothing here costs anything.

All see the same project folder. The first one writes the run folder and tells the others; what must be the same
everywhere (state, stops, scores) comes from it. Values travel as tensors and as JSON, never pickled.
"""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

import torch
import torch.distributed as dist
from torch import Tensor

from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import ConfigError, JobDiedError, Stopped

_PATIENCE: Final = timedelta(
    hours=6
)  # the first process may read a hospital's images while the others wait


@contextlib.contextmanager
def joined(device: torch.device) -> Iterator[None]:
    """Meet the other processes that `torchrun` announces in the environment; part at the end of the block.

    Args:
        device: Where this process computes.

    Raises:
        ConfigError: They cannot be met.
    """
    if dist.is_initialized() or int(os.environ.get("WORLD_SIZE", "1")) < 2:
        yield
        return
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    try:
        dist.init_process_group(backend, timeout=_PATIENCE)
    except (RuntimeError, ValueError) as error:
        raise ConfigError(
            [f"The other processes of this run cannot be met: {error}"],
            "Start all of them with torchrun; docs/clusters.md has examples.",
        ) from error
    try:
        yield
    finally:
        dist.destroy_process_group()


def several() -> bool:
    """Whether this run has more than one process."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def is_first() -> bool:
    """Whether this process is the one that writes and speaks."""
    return not several() or dist.get_rank() == 0


def share(count: int) -> range:
    """Which of `count` pieces of work are this process's."""
    return range(dist.get_rank(), count, dist.get_world_size()) if several() else range(count)


def check_shares(pieces: int, why: str) -> None:
    """Make sure that each process has something to do.

    Args:
        pieces: Pieces of work in each iteration.
        why: What the user can do about too few.

    Raises:
        ConfigError: Some process would have nothing to do.
    """
    if several() and pieces < dist.get_world_size():
        raise ConfigError(
            [f"This run has {dist.get_world_size()} processes and work for {pieces} of them."], why
        )


@contextlib.contextmanager
def in_turn() -> Iterator[None]:
    """The block is gone through by one process after the other, the first one first.

    Raises:
        JobDiedError: One of them did not come to its end.
    """
    earlier = dist.get_rank() if several() else 0
    for _ in range(earlier):
        wait_for_all()
    yield
    later = dist.get_world_size() - earlier if several() else 0
    for _ in range(later):
        wait_for_all()


def wait_for_all() -> None:
    """Return when every process of the run has come here.

    Raises:
        JobDiedError: One of them will not come.
    """
    if several():
        with _none_lost():
            dist.barrier()


def summed(tensor: Tensor) -> Tensor:
    """The sum of this tensor over all processes, the same bits in each of them.

    Raises:
        JobDiedError: A process is lost.
    """
    if several():
        tensor = tensor.clone()
        with _none_lost():
            dist.all_reduce(tensor)
    return tensor


def from_first(value: Any) -> Any:
    """What the first process has: numbers, texts, lists and mappings of them.

    Raises:
        JobDiedError: A process is lost.
    """
    if not several():
        return value
    content = bytearray(json.dumps(value).encode()) if is_first() else bytearray()
    length = torch.tensor(len(content))
    with _none_lost():
        dist.broadcast(length, 0)
        letters = torch.empty(int(length), dtype=torch.uint8)
        if is_first():
            letters = torch.frombuffer(content, dtype=torch.uint8)
        dist.broadcast(letters, 0)
    return json.loads(bytes(letters.tolist()))


def state_of_first(state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """The first process's tensors under the same names; all have the same names and shapes.

    Raises:
        JobDiedError: A process is lost.
    """
    if not several():
        return state
    copies = {name: tensor.detach().clone().contiguous() for name, tensor in state.items()}
    with _none_lost():
        for name in sorted(copies):
            dist.broadcast(copies[name], 0)
    return copies


def safe_point(control: Control) -> None:
    """As `Control.safe_point`, for all at once: a stop that reaches any process stops every one at the same iteration.

    Raises:
        Stopped: A stop was requested somewhere.
        JobDiedError: A process is lost.
    """
    stop: Stopped | None = None
    try:
        control.safe_point()
    except Stopped as asked:
        stop = asked
    if float(summed(torch.tensor(float(stop is not None)))) > 0:
        raise stop or Stopped("Stopped as you asked.", "What was done is kept.")


@contextlib.contextmanager
def _none_lost() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # what torch raises for a lost peer or a time-out
        raise JobDiedError(
            "Another process of this run has ended.",
            "Start the run again with the same command: everything up to the last checkpoint is kept, and every complete expert.",
        ) from error
