"""Decoding in a process of its own, for the decoder that aborts on damaged data: a broken file must not take the window or the run down.

Only GDCM needs it (JPEG lossless and JPEG-LS): it ends the whole process on some damaged files (`benchmarks.fuzz_readers`), and no other decoder
among the dependencies reads these transfer syntaxes. What passes between the two processes never lies on a disk.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Final

import numpy.typing as npt
import pydicom
from pydicom.pixels.utils import pixel_array

from meddistill_gui.core.errors import SourceError

_WORKERS: Final = 2

_lock: Final = threading.Lock()
_pools: Final[list[ProcessPoolExecutor]] = []  # one, or none before the first use and after a death


def decode_apart(path: Path, frame: int, decoder: str) -> npt.NDArray[Any]:
    """Stored values of one frame, decoded in another process.

    Raises:
        SourceError: The decoder died of this file.
        Exception: Whatever pydicom raises on damaged data.
    """
    pool = _running_pool()
    with contextlib.suppress(BrokenProcessPool):
        return pool.submit(_decode, str(path), frame, decoder).result()
    _forget(pool)
    # The death may be the fault of a file that was decoded at the same time: this one is tried again, alone.
    with _new_pool(1) as alone:
        try:
            return alone.submit(_decode, str(path), frame, decoder).result()
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


def _decode(path: str, frame: int, decoder: str) -> npt.NDArray[Any]:
    dataset = pydicom.dcmread(path, force=True)
    return pixel_array(dataset, index=frame, decoding_plugin=decoder)
