import threading

import pytest

from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import Stopped


def test_without_a_wish_work_goes_on():
    Control().safe_point()


def test_a_stop_is_obeyed_at_the_next_point():
    control = Control()
    control.request_stop()
    with pytest.raises(Stopped):
        control.safe_point()


def test_paused_work_waits_until_it_is_resumed():
    control = Control()
    control.request_pause()
    passed = threading.Event()
    thread = threading.Thread(target=lambda: (control.safe_point(), passed.set()))
    thread.start()
    assert not passed.wait(0.05)
    control.request_resume()
    assert passed.wait(10)
    thread.join()


def test_paused_work_can_be_stopped():
    control = Control()
    control.request_pause()
    control.request_stop()
    with pytest.raises(Stopped):
        control.safe_point()


def test_a_wish_from_outside_counts_as_well():
    inner = Control()
    watching = inner.watching(lambda: "stop")
    assert not inner.stop_requested
    with pytest.raises(Stopped):
        watching.safe_point()


def test_one_who_watches_still_hears_the_first():
    inner = Control()
    watching = inner.watching(lambda: "")
    assert not watching.paused
    inner.request_stop()
    with pytest.raises(Stopped):
        inner.watching(lambda: "pause").safe_point()
