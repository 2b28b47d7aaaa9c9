"""Decoding in a process of its own, for decoders that damaged data may drive mad: a broken file must not take the window or the run down.

GDCM needs it (JPEG lossless, JPEG-LS, JPEG of 12 bits): it ends the whole process on some damaged files (`benchmarks.fuzz_readers`), and no other
decoder among the dependencies reads these transfer syntaxes. Volumes need it because a whole one lies in memory while its slices are read.
What passes between the two processes never lies on a disk.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Final, TypeVar

from meddistill_gui.core.errors import SourceError

Decoded = TypeVar("Decoded")

_WORKERS: Final = 2

_lock: Final = threading.Lock()
_pools: Final[list[ProcessPoolExecutor]] = []  # one, or none before the first use and after a death


def run_apart(decode: Callable[..., Decoded], path: Path, *arguments: object) -> Decoded:
    """Decode something of a file in another process.

    Args:
        decode: A module's function of the path, as text, and of the other arguments.
        path: The file.
        *arguments: Numbers and text.

    Raises:
        SourceError: The decoder died of this file.
        Exception: Whatever the decoder raises on damaged data.
    """
    pool = _running_pool()
    with contextlib.suppress(BrokenProcessPool):
        return pool.submit(decode, str(path), *arguments).result()
    _forget(pool)
    # The death may be the fault of a file that was decoded at the same time: this one is tried again, alone.
    with _new_pool(1) as alone:
        try:
            return alone.submit(decode, str(path), *arguments).result()
        except BrokenProcessPool as error:
            raise SourceError(
                f"{path.name} is damaged so that its decoder broke down.",
                "Export it again from where it came from, or leave it out.",
            ) from error


def _running_pool() -> ProcessPoolExecutor:
    with _lock:
        if not _pools:
            _pools.append(_new_pool(_WORKERS))
        return _pools[0]


def _forget(pool: ProcessPoolExecutor) -> None:
    with _lock:
        if pool in _pools:
            _pools.remove(pool)
    pool.shutdown(wait=False)


def _new_pool(workers: int) -> ProcessPoolExecutor:
    """Fresh processes: a fork would copy the threads' locks and, in the window, Qt."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_begin)


def _begin() -> None:
    """In the new process: say nothing on the streams that a job speaks on, and end when the parent does, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)
