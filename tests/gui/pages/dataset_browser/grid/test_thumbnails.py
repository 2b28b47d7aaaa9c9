import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication

from meddistill_gui.core.errors import SourceError
from meddistill_gui.data.catalogue import ImageRow
from meddistill_gui.gui.pages.dataset_browser.grid import thumbnails
from meddistill_gui.gui.pages.dataset_browser.grid.thumbnails import Thumbnails, image_of

pytestmark = pytest.mark.usefixtures("qapp")


def rows(*numbers):
    return [
        ImageRow(
            id=n,
            path=Path(str(n)),
            frame=0,
            class_name=None,
            patient=None,
            role=None,
            modality="",
            width=1,
            height=1,
        )
        for n in numbers
    ]


@pytest.fixture
def service():
    made = []

    def make(read):
        made.append(Thumbnails(read))
        return made[-1]

    yield make
    for one in made:
        one.close()


def grey_of(path, _frame, side):
    if path.name == "7":
        raise SourceError("broken", "leave it out")
    return np.full((side, side), int(path.name), np.uint8)


def test_pictures_are_read_off_the_windows_thread_and_kept(qtbot, service):
    threads = set()

    def read(path, frame, side):
        threads.add(QThread.currentThread() is QApplication.instance().thread())
        return grey_of(path, frame, side)

    one = service(read)
    one.want(rows(1, 2, 7))
    qtbot.waitUntil(lambda: one.pixmap(2) is not None and one.unreadable(7))
    assert one.pixmap(1).toImage().pixelColor(5, 5).red() == 1
    assert not one.unreadable(1)
    assert threads == {False}


def test_what_is_in_view_now_is_read_before_what_was(qtbot, service, monkeypatch):
    monkeypatch.setattr(thumbnails.os, "cpu_count", lambda: 1)
    order = []
    begun, gate = threading.Event(), threading.Event()

    def read(path, frame, side):
        order.append(int(path.name))
        begun.set()
        gate.wait(10)
        return grey_of(path, frame, side)

    one = service(read)
    one.want(rows(1, 2, 3, 4))
    assert begun.wait(10)
    one.want(rows(50, 51))
    gate.set()
    qtbot.waitUntil(lambda: one.pixmap(51) is not None)
    assert order == [1, 50, 51]


def test_pictures_of_another_catalogue_never_appear(qtbot, service):
    begun, gate = threading.Event(), threading.Event()

    def read(path, frame, side):
        begun.set()
        gate.wait(10)
        return grey_of(path, frame, side)

    one = service(read)
    one.want(rows(1))
    assert begun.wait(10)
    one.show_cache(None)
    gate.set()
    one.want(rows(2))
    qtbot.waitUntil(lambda: one.pixmap(2) is not None)
    assert one.pixmap(1) is None


def test_the_cache_is_bounded_and_forgets_what_was_not_looked_at(qtbot, service, monkeypatch):
    monkeypatch.setattr(thumbnails, "CAPACITY", 3)
    one = service(grey_of)
    one.want(rows(1, 2, 3))
    qtbot.waitUntil(lambda: one.pixmap(3) is not None)
    one.pixmap(1)
    one.want(rows(4))
    qtbot.waitUntil(lambda: one.pixmap(4) is not None)
    assert one.pixmap(2) is None
    assert one.pixmap(1) is not None


def test_an_image_owns_its_memory_and_carries_no_text():
    pixels = np.zeros((6, 5, 3), np.uint8)
    image = image_of(pixels[:, ::-1])
    pixels[:] = 255
    assert image.pixelColor(0, 0).red() == 0
    assert (image.width(), image.height()) == (5, 6)
    assert image.textKeys() == []
