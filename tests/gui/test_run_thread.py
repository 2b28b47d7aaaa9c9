import logging
import threading

import pytest
from PySide6.QtCore import QObject, QThread
from PySide6.QtWidgets import QApplication

from meddistill_gui.core.errors import RunError, SourceError, Stopped
from meddistill_gui.core.events import Finished, Frame, Metric, Progress, Started, Warned
from meddistill_gui.gui.run_thread import Mailbox, RunThread


class Receiver(QObject):
    """Writes down what arrives, in which order, and in which thread."""

    def __init__(self, work: RunThread) -> None:
        super().__init__()
        self.got: list[tuple[str, object]] = []
        self.threads: set[bool] = set()
        self.running_at_end: bool | None = None
        work.started.connect(self.on_started)
        work.reported.connect(self.on_event)
        work.failed.connect(self.on_failed)
        work.finished.connect(self.on_finished)
        self.work = work

    def _note(self, kind: str, thing: object) -> None:
        self.threads.add(QThread.currentThread() is QApplication.instance().thread())
        self.got.append((kind, thing))

    def on_started(self, thing):
        self._note("started", thing)

    def on_event(self, thing):
        self._note("event", thing)

    def on_failed(self, thing):
        self.running_at_end = self.work.running
        self._note("failed", thing)

    def on_finished(self, thing):
        self.running_at_end = self.work.running
        self._note("finished", thing)

    def kinds(self):
        return [kind for kind, _ in self.got]


@pytest.fixture
def work(start_fake):
    made = RunThread(start_fake)
    yield made
    assert made.close()


def test_events_arrive_in_order_in_the_gui_thread_and_finished_is_last(qtbot, start_fake, work):
    start_fake.scripts["scan"] = [
        Started(operation="scan"),
        Warned(code="a", message="one"),
        Warned(code="a", message="two"),
        Finished(summary={"images": 3}),
    ]
    receiver = Receiver(work)
    with qtbot.waitSignal(work.finished, timeout=5000):
        work.start("scan", "config")
    assert receiver.kinds() == ["started", "event", "event", "finished"]
    assert [thing.message for kind, thing in receiver.got if kind == "event"] == ["one", "two"]
    assert receiver.got[-1][1] == {"images": 3}
    assert receiver.threads == {True}
    assert receiver.running_at_end is False
    assert start_fake.asked == [("scan", "config")]


def test_ten_thousand_progress_events_become_few_signals_and_the_last_one_is_never_lost(
    qtbot, start_fake, work
):
    many = [Progress(phase="matching", done=i, total=10_000) for i in range(10_001)]
    start_fake.scripts["distill"] = [Started(operation="distill"), *many, Finished()]
    receiver = Receiver(work)
    with qtbot.waitSignal(work.finished, timeout=20_000):
        work.start("distill", None)
    seen = [thing.done for kind, thing in receiver.got if kind == "event"]
    assert seen == sorted(seen)
    assert seen[-1] == 10_000
    assert len(seen) < 1000


def test_mailbox_keeps_the_latest_of_each_curve_and_every_warning():
    box = Mailbox()
    assert box.put(Metric(name="loss", step=1, value=3.0))
    assert not box.put(Metric(name="accuracy", step=1, value=0.5))
    box.put(Warned(code="w", message="first"))
    box.put(Frame(step=1, path="a"))
    box.put(Metric(name="loss", step=2, value=2.0))
    box.put(Warned(code="w", message="first"))
    box.put(Frame(step=2, path="b"))
    assert box.take() == [
        Metric(name="accuracy", step=1, value=0.5),
        Warned(code="w", message="first"),
        Metric(name="loss", step=2, value=2.0),
        Warned(code="w", message="first"),
        Frame(step=2, path="b"),
    ]
    assert box.take() == []


def test_a_known_error_arrives_as_it_is(qtbot, start_fake, work):
    error = SourceError("The folder is gone.", "Plug it in.")
    start_fake.scripts["scan"] = [Started(operation="scan"), error]
    receiver = Receiver(work)
    with qtbot.waitSignal(work.failed, timeout=5000):
        work.start("scan", None)
    assert receiver.got[-1] == ("failed", error)
    assert "finished" not in receiver.kinds()
    assert receiver.running_at_end is False


def test_a_bug_in_the_work_becomes_an_error_with_its_traceback_in_the_log(
    qtbot, start_fake, work, caplog
):
    start_fake.scripts["scan"] = [ZeroDivisionError("oops")]
    receiver = Receiver(work)
    with caplog.at_level(logging.ERROR), qtbot.waitSignal(work.failed, timeout=5000):
        work.start("scan", None)
    assert isinstance(receiver.got[-1][1], RunError)
    assert "ZeroDivisionError: oops" in caplog.text


def test_stop_reaches_a_job_that_is_busy_between_events(qtbot, start_fake, work):
    def wait_for_stop(job):
        assert job.wished.wait(10)
        raise Stopped("Stopped as you asked.", "What was done is kept.")

    begun = threading.Event()
    start_fake.scripts["distill"] = [lambda _job: begun.set(), wait_for_stop]
    receiver = Receiver(work)
    work.start("distill", None)
    assert begun.wait(10)
    with qtbot.waitSignal(work.failed, timeout=5000):
        work.stop()
    assert isinstance(receiver.got[-1][1], Stopped)
    assert start_fake.jobs[0].wishes == ["stop"]


def test_a_stop_before_the_job_began_is_not_forgotten(qtbot, start_fake):
    gate = threading.Event()

    def slow_start(name, config):
        assert gate.wait(10)
        return start_fake(name, config)

    start_fake.scripts["scan"] = [Finished()]
    work = RunThread(slow_start)
    with qtbot.waitSignal(work.finished, timeout=5000):
        work.start("scan", None)
        work.stop()
        gate.set()
    assert start_fake.jobs[0].wishes == ["stop"]


def test_close_stops_waits_and_still_delivers_the_end(start_fake):
    def wait_for_stop(job):
        assert job.wished.wait(10)

    start_fake.scripts["scan"] = [Started(operation="scan"), wait_for_stop, Finished()]
    work = RunThread(start_fake)
    receiver = Receiver(work)
    work.start("scan", None)
    assert work.close()
    assert receiver.kinds() == ["started", "finished"]
    assert not work.running


def test_close_kills_a_job_that_does_not_stop(start_fake):
    def only_a_kill_helps(job):
        while "kill" not in job.wishes:
            job.wished.wait(0.01)
        raise Stopped("Ended.", "")

    start_fake.scripts["scan"] = [only_a_kill_helps]
    work = RunThread(start_fake)
    work.start("scan", None)
    assert work.close(patience_ms=50) or work.close()
    assert start_fake.jobs[0].wishes[:2] == ["stop", "kill"]


def test_one_after_another_reuses_nothing_of_the_last_and_two_at_once_are_refused(
    qtbot, start_fake, work
):
    start_fake.scripts["scan"] = [Finished(summary={"n": 1})]
    start_fake.scripts["label"] = [Finished(summary={"n": 2})]
    receiver = Receiver(work)
    for name in ("scan", "label", "scan"):
        with qtbot.waitSignal(work.finished, timeout=5000):
            work.start(name, None)
            with pytest.raises(RuntimeError, match="still running"):
                work.start(name, None)
    assert [thing["n"] for _, thing in receiver.got] == [1, 2, 1]


def test_the_next_work_may_begin_in_the_receiver_of_the_end(qtbot, start_fake, work):
    class Chain(QObject):
        def go_on(self, _summary):
            if len(start_fake.asked) < 3:
                work.start("scan", None)

    start_fake.scripts["scan"] = [Finished()]
    chain = Chain()
    work.finished.connect(chain.go_on)
    work.start("scan", None)
    qtbot.waitUntil(lambda: len(start_fake.asked) == 3 and not work.running, timeout=5000)
