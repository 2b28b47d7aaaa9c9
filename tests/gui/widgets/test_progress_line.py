from meddistill_gui.core.events import Progress
from meddistill_gui.gui.widgets.progress_line import ProgressLine


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_count_and_time_left_come_from_the_pace(qtbot):
    clock = Clock()
    line = ProgressLine(clock)
    qtbot.addWidget(line)
    line.begin("Looking")
    line.show_progress(Progress(phase="scanning", done=0, total=12_000, unit="files"))
    assert "left" not in line.text()
    clock.now = 10.0
    line.show_progress(Progress(phase="scanning", done=1_000, total=12_000, unit="files"))
    assert line.text() == "Scanning 1,000 of 12,000 files · about 2 min left"
    assert line.bar.value() == 83
    assert line.bar.accessibleDescription() == "1,000 of 12,000 files · about 2 min left"


def test_an_unknown_total_shows_a_busy_bar(qtbot):
    line = ProgressLine()
    qtbot.addWidget(line)
    line.show_progress(Progress(phase="scanning", done=7, unit="files"))
    assert (line.bar.minimum(), line.bar.maximum()) == (0, 0)
    assert line.text() == "Scanning 7 files"


def test_more_units_than_a_qt_integer_holds_do_not_overflow(qtbot):
    line = ProgressLine()
    qtbot.addWidget(line)
    line.show_progress(Progress(phase="writing", done=3 * 2**40, total=4 * 2**40, unit="bytes"))
    assert line.bar.value() == 750


def test_stop_can_be_asked_once_and_again_for_the_next_work(qtbot):
    line = ProgressLine()
    qtbot.addWidget(line)
    line.begin("A")
    with qtbot.waitSignal(line.cancelled):
        line.cancel.click()
    assert not line.cancel.isEnabled()
    line.begin("B")
    assert line.cancel.isEnabled()
