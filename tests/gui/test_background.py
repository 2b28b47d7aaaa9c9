import threading

import pytest
from PySide6.QtCore import QObject

from meddistill_gui.core.errors import RunError, SourceError
from meddistill_gui.gui.background import Background


class Log(QObject):
    def __init__(self, background):
        super().__init__()
        self.done = []
        self.failed = []
        background.done.connect(self.on_done)
        background.failed.connect(self.on_failed)

    def on_done(self, key, result):
        self.done.append((key, result))

    def on_failed(self, key, error):
        self.failed.append((key, error))


@pytest.fixture
def background():
    made = Background(1)
    yield made
    made.close()


def test_answers_arrive_with_their_keys(qtbot, background):
    log = Log(background)
    background.ask([(n, lambda n=n: n * n) for n in range(5)])
    qtbot.waitUntil(lambda: len(log.done) == 5)
    assert log.done == [(n, n * n) for n in range(5)]


def test_newer_wishes_replace_those_that_still_wait(qtbot, background):
    log = Log(background)
    begun, gate = threading.Event(), threading.Event()

    def slow():
        begun.set()
        gate.wait(10)
        return "slow"

    background.ask([("a", slow), ("b", lambda: "b"), ("c", lambda: "c")])
    assert begun.wait(10)
    background.ask([("d", lambda: "d"), ("a", slow)])
    gate.set()
    qtbot.waitUntil(lambda: len(log.done) == 2)
    assert log.done == [("a", "slow"), ("d", "d")]


def test_failures_of_both_kinds_are_told(qtbot, background):
    log = Log(background)
    known = SourceError("no", "yes")

    def raise_known():
        raise known

    background.ask([(1, raise_known), (2, lambda: 1 / 0), (3, lambda: "goes on")])
    qtbot.waitUntil(lambda: len(log.done) + len(log.failed) == 3)
    assert log.failed[0] == (1, known)
    assert isinstance(log.failed[1][1], RunError)
    assert log.done == [(3, "goes on")]
