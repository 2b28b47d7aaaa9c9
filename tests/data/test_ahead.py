"""Files are read one after the other, or several at a time where reading waits; who stops is never kept waiting."""

import threading
import time
from collections.abc import Iterator

import pytest

from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import SourceError, Stopped
from meddistill_gui.data.ahead import read_ahead


class Disk:
    """Counts how many files are read at once.

    Args:
        wait: Seconds that each read waits.
        work: Whether the processor works meanwhile.
    """

    def __init__(self, wait: float, *, work: bool) -> None:
        self._wait, self._work = wait, work
        self._lock = threading.Lock()
        self._now = self.most = 0

    def read(self, file: int) -> int:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        if self._work:
            until = time.thread_time() + self._wait
            while time.thread_time() < until:
                pass
        else:
            time.sleep(self._wait)
        with self._lock:
            self._now -= 1
        return -file


@pytest.mark.slow
@pytest.mark.parametrize(("work", "most"), [(True, {1}), (False, {6, 7})])
def test_only_where_reading_waits_several_files_are_read_at_once(
    work: bool, most: set[int]
) -> None:
    disk = Disk(0.002, work=work)
    found = list(read_ahead(disk.read, iter(range(150)), 6, Control()))
    assert found == [-n for n in range(150)]
    assert disk.most in most  # one more while the first thread ends


def test_one_thread_stays_one() -> None:
    disk = Disk(0.001, work=False)
    assert len(list(read_ahead(disk.read, iter(range(60)), 1, Control()))) == 60
    assert disk.most == 1


def test_never_far_ahead_of_whoever_takes_the_results() -> None:
    asked: list[int] = []

    def files() -> Iterator[int]:
        for number in range(1000):
            asked.append(number)
            yield number

    results = read_ahead(Disk(0.0, work=True).read, files(), 4, Control())
    assert [next(results) for _ in range(10)] == [-n for n in range(10)]
    assert len(asked) < 40


def test_a_read_that_hangs_does_not_hold_up_a_stop() -> None:
    control, freed = Control(), threading.Event()

    def hang(_file: int) -> int:
        freed.wait(30)
        return 0

    threading.Timer(0.05, control.request_stop).start()
    try:
        with pytest.raises(Stopped):
            list(read_ahead(hang, iter(range(5)), 4, control))
        assert not freed.is_set()
    finally:
        freed.set()


@pytest.mark.parametrize("error", [SourceError("The share is gone.", ""), TimeoutError("too late")])
def test_what_reading_raises_is_raised(error: Exception) -> None:
    def fail(file: int) -> int:
        if file == 3:
            raise error
        return file

    results = read_ahead(fail, iter(range(9)), 2, Control())
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(type(error)):
        next(results)
