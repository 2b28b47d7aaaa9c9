from pathlib import Path

import pytest

from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.errors import OutOfMemoryError, RunError, SourceError, Stopped
from meddistill_gui.core.events import Finished, Progress, Started

CONFIG = ScanConfig(source=Path("s"), project=Path("p"))


@pytest.fixture
def doing(fake_operations):
    """Starts a job that does `work(control)`."""

    def use(work):
        fake_operations(lambda _name, _config, control: work(control))
        from meddistill_gui.jobs import in_process

        return in_process.start("scan", CONFIG)

    return use


def test_events_pass_unchanged(doing):
    said = [Started(operation="scan"), Finished(summary={"text": "x"})]
    assert list(doing(lambda _control: iter(said)).events()) == said


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (SourceError("What.", "Do."), SourceError),
        (MemoryError(), OutOfMemoryError),
        (ZeroDivisionError("x"), RunError),
    ],
)
def test_only_errors_of_the_tree_come_out(doing, raised, expected):
    def work(_control):
        raise raised
        yield

    with pytest.raises(expected) as caught:
        list(doing(work).events())
    assert caught.value.remedy


def test_stop_and_kill_reach_the_work(doing):
    def work(control):
        while True:
            control.safe_point()
            yield Progress(phase="x", done=0)

    for wish in ("stop", "kill"):
        job = doing(work)
        events = job.events()
        next(events)
        getattr(job, wish)()
        with pytest.raises(Stopped):
            next(events)


def test_paused_work_can_be_stopped(doing):
    def work(control):
        yield Progress(phase="x", done=0)
        control.safe_point()

    job = doing(work)
    events = job.events()
    next(events)
    job.pause()
    job.stop()
    with pytest.raises(Stopped):
        next(events)
