"""Files read ahead of whoever takes them: one after the other from a quick disk, several at a time where reading waits.

On a quick disk nearly all the time of a header is Python's own, and two threads that fight for the interpreter take twice the processor's time for it
(`benchmarks.scan`); on a network share a thread does nothing but wait, and eight of them are eight times as fast. Which it is, is seen from the files.
"""

import collections
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from statistics import median
from typing import Final, Generic, TypeVar

from meddistill_gui.core.control import Control

_AHEAD: Final = 4  # files handed to each thread before one is asked for
_LOOKED_AT: Final = 24
_WAITING: Final = 3.0  # times the processor's time, of the middle file: a busy machine makes few files wait, a share all
_LISTEN_SECONDS: Final = 0.1

File = TypeVar("File")
Result = TypeVar("Result")


def read_ahead(
    read: Callable[[File], Result], files: Iterator[File], workers: int, control: Control
) -> Iterator[Result]:
    """Results in the order of the files; never more than a few files ahead of whoever takes them.

    Args:
        read: Reads one file; called in other threads.
        files: What to read.
        workers: How many files are read at a time at most.
        control: Asked to stop while a result is waited for, too: a read that hangs on a dead share is left alone.

    Raises:
        Stopped: On request.
    """
    timed = _Timed(read)
    pool, hands = ThreadPoolExecutor(1, thread_name_prefix="read"), 1
    waiting: collections.deque[Future[Result]] = collections.deque()
    try:
        for file in files:
            if hands < workers and timed.waits():
                pool.shutdown(wait=False)
                pool, hands = ThreadPoolExecutor(workers, thread_name_prefix="read"), workers
            waiting.append(pool.submit(timed, file))
            if len(waiting) >= hands * _AHEAD:
                yield _result(waiting.popleft(), control)
        while waiting:
            yield _result(waiting.popleft(), control)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class _Timed(Generic[File, Result]):
    """Reads, and knows whether reading is waiting.

    Args:
        read: Reads one file.
    """

    def __init__(self, read: Callable[[File], Result]) -> None:
        self._read = read
        self._shares: collections.deque[float] = collections.deque(maxlen=_LOOKED_AT)

    def __call__(self, file: File) -> Result:
        began, busy = time.perf_counter(), time.thread_time()
        result = self._read(file)
        busy = max(time.thread_time() - busy, 1e-6)
        self._shares.append((time.perf_counter() - began) / busy)
        return result

    def waits(self) -> bool:
        """Whether most of the last files took much longer than the processor worked on them."""
        shares = list(self._shares)
        return len(shares) == _LOOKED_AT and median(shares) > _WAITING


def _result(future: Future[Result], control: Control) -> Result:
    control.safe_point()
    while True:
        try:
            return future.result(timeout=_LISTEN_SECONDS)
        except TimeoutError:
            if future.done():  # the read itself timed out
                raise
            control.safe_point()
