import numpy as np
import pytest

from meddistill_gui.core.events import Frame, Metric, Started
from meddistill_gui.core.project import held
from meddistill_gui.core.run_folder import ask
from meddistill_gui.gui.pages.live_view.run_watcher import RunWatcher


class Listener:
    """Takes what comes, as a page does."""

    def __init__(self, watcher: RunWatcher) -> None:
        self.watcher = watcher
        self.events = []
        self.pixels = []
        self.last = None

    def look(self) -> None:
        news = self.watcher.take()
        if news is None:
            return
        self.events += news.events
        self.last = news
        if news.pixels is not None:
            self.pixels.append((news.frame, news.pixels))


@pytest.fixture
def watcher(qtbot):
    assert qtbot is not None  # an application must be there
    made = RunWatcher()
    yield made
    made.close()


def until(qtbot, listener, condition):
    def check() -> bool:
        listener.look()
        return bool(condition())

    qtbot.waitUntil(check, timeout=10_000)


def test_follows_a_log_that_grows_and_misses_nothing(hospital, watcher, qtbot):
    run = hospital.run()
    hospital.log(run, Started(operation="distill"))
    listener = Listener(watcher)
    watcher.watch(run.root)
    watcher.begin()
    until(qtbot, listener, lambda: len(listener.events) == 1)
    points = [Metric(name="loss", step=step, value=1.0) for step in range(500)]
    hospital.log(run, *points)
    until(qtbot, listener, lambda: len(listener.events) == 501)
    assert listener.events[1:] == points


def test_a_half_line_waits_for_its_rest(hospital, watcher, qtbot):
    run = hospital.run()
    hospital.log(run, Started(operation="distill"), Metric(name="loss", step=1, value=0.5))
    whole = run.events.read_bytes()
    run.events.write_bytes(whole[:-10])
    listener = Listener(watcher)
    watcher.watch(run.root)
    watcher.begin()
    until(qtbot, listener, lambda: len(listener.events) == 1)
    run.events.write_bytes(whole)
    until(qtbot, listener, lambda: len(listener.events) == 2)
    assert listener.events[1] == Metric(name="loss", step=1, value=0.5)


def test_only_the_newest_frame_is_read_unless_another_is_wanted(hospital, watcher, qtbot):
    run = hospital.run()
    frames = [hospital.frame(run, step, brightness=step) for step in (0, 1, 2)]
    hospital.log(run, *frames)
    listener = Listener(watcher)
    watcher.watch(run.root)
    watcher.begin()
    until(qtbot, listener, lambda: listener.pixels)
    assert [frame.step for frame, _ in listener.pixels] == [2]
    watcher.show_frame(frames[0])
    until(qtbot, listener, lambda: len(listener.pixels) == 2)
    frame, pixels = listener.pixels[-1]
    assert frame == frames[0]
    assert np.array_equal(pixels, np.load(run.root / frame.path))


def test_a_frame_that_cannot_be_read_yet_is_tried_again(hospital, watcher, qtbot):
    run = hospital.run()
    hospital.log(run, Frame(step=5, path="frames/00000005.npy"))
    listener = Listener(watcher)
    watcher.watch(run.root)
    watcher.begin()
    until(qtbot, listener, lambda: listener.events)
    assert not listener.pixels
    hospital.frame(run, 5)
    until(qtbot, listener, lambda: listener.pixels)


def test_knows_whether_a_process_holds_the_run_and_what_was_asked(hospital, watcher, qtbot):
    run = hospital.run()
    ask(run, "pause")
    listener = Listener(watcher)
    watcher.watch(run.root)
    with held(run.root, "run"):
        watcher.begin()
        until(qtbot, listener, lambda: listener.last and listener.last.alive)
        assert listener.last.wish == "pause"
    until(qtbot, listener, lambda: not listener.last.alive)


def test_a_holder_that_died_does_not_count(hospital, watcher, qtbot):
    run = hospital.run()
    (run.root / "holder").write_text("process 1 on nowhere")
    listener = Listener(watcher)
    watcher.watch(run.root)
    watcher.begin()
    until(qtbot, listener, lambda: listener.last is not None)
    assert not listener.last.alive


def test_another_run_begins_anew(hospital, watcher, qtbot):
    first, second = hospital.run("a"), hospital.run("b")
    hospital.log(first, Metric(name="loss", step=1, value=1.0))
    hospital.log(second, Metric(name="loss", step=2, value=2.0))
    listener = Listener(watcher)
    watcher.watch(first.root)
    watcher.begin()
    until(qtbot, listener, lambda: listener.events)
    watcher.watch(second.root)
    until(qtbot, listener, lambda: listener.last.root == second.root)
    assert listener.events[-1] == Metric(name="loss", step=2, value=2.0)


def test_begin_goes_on_where_close_left(hospital, watcher, qtbot):
    run = hospital.run()
    hospital.log(run, Started(operation="distill"))
    listener = Listener(watcher)
    watcher.watch(run.root)
    watcher.begin()
    until(qtbot, listener, lambda: listener.events)
    watcher.close()
    hospital.log(run, Metric(name="loss", step=1, value=1.0))
    watcher.begin()
    until(qtbot, listener, lambda: len(listener.events) == 2)
