import io

import pytest
from rich.console import Console

from meddistill_gui.cli.progress import Bars, EventLines, Lines, Silent
from meddistill_gui.core import events
from meddistill_gui.core.events import Finished, Metric, Progress, Started, Warned


class Clock:
    """A clock that goes on by one second each time it is looked at."""

    def __init__(self, step: float = 1.0) -> None:
        self.now = 0.0
        self.step = step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def console(*, terminal: bool = False) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, color_system=None)


def scanning(done: int, total: int | None = 40) -> Progress:
    return Progress(phase="scanning", done=done, total=total, unit="files")


def test_lines_are_few_and_tell_begin_and_end():
    out = console()
    with Lines(out, Clock()) as lines:
        for done in range(41):
            lines.show(scanning(done))
    said = out.file.getvalue().splitlines()
    assert said[0] == "scanning: 0 of 40 files"
    assert said[1] == "scanning: 10 of 40 files, about 30 s left"
    assert said[-1] == "scanning: 40 of 40 files"
    assert len(said) == 5


def test_lines_tell_each_new_phase_at_once():
    out = console()
    lines = Lines(out, Clock(0.001))
    lines.show(scanning(1, None))
    lines.show(Progress(phase="training experts", done=3, total=10, unit="epochs"))
    assert out.file.getvalue() == "scanning: 1 files\ntraining experts: 3 of 10 epochs\n"


@pytest.mark.parametrize("display", [Lines, Bars])
def test_warnings_are_shown_word_for_word(display):
    out = console(terminal=display is Bars)
    with display(out) as shown:
        shown.show(Warned(code="x", message="File [red]a[/red] is odd.", remedy="Look at it."))
    assert "File [red]a[/red] is odd. Look at it." in out.file.getvalue()


def test_bars_show_count_time_left_and_figures():
    out = console(terminal=True)
    with Bars(out, Clock()) as bars:
        bars.show(Started(operation="scan"))
        for done in range(31):
            bars.show(scanning(done))
        bars.show(Metric(name="loss", step=1, value=0.12345))
        bars.show(scanning(31))
        bars._progress.refresh()
        said = out.file.getvalue()
    assert "31 of 40 files" in said
    assert "a few seconds left" in said
    assert "loss 0.123" in said


def test_long_figures_never_crowd_out_a_phase_or_its_count():
    out = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)
    with Bars(out, Clock()) as bars:
        bars.show(Progress(phase="learning images and labels", done=30, total=40, unit="steps"))
        for name in ("loss", "student rate", "certainty of the labels", "validation accuracy"):
            bars.show(Metric(name=name, step=1, value=0.12345))
        bars.show(Progress(phase="learning images and labels", done=31, total=40, unit="steps"))
        bars.show(scanning(3))
        bars._progress.refresh()
        said = out.file.getvalue().splitlines()
    assert any("learning images and labels" in line and "31 of 40 steps" in line for line in said)
    assert not any("scanning" in line and "loss" in line for line in said)


def test_bars_keep_a_line_for_every_phase():
    out = console(terminal=True)
    with Bars(out, Clock()) as bars:
        bars.show(scanning(3, None))
        bars.show(Progress(phase="training experts", done=10, total=10, unit="epochs"))
    last = out.file.getvalue()
    assert "scanning" in last
    assert "training experts" in last
    assert last.count("✓") >= 2


def test_phases_that_take_turns_are_told_no_more_often_than_one():
    out = console()
    lines = Lines(out, Clock())
    for step in range(30):
        lines.show(Progress(phase="matching", done=step, total=30, unit="iterations"))
        lines.show(Progress(phase="evaluating", done=2, total=2, unit="students"))
    said = out.file.getvalue().splitlines()
    assert len(said) <= 12
    assert "left" in said[2]


def test_phases_that_take_turns_share_two_bars():
    out = console(terminal=True)
    with Bars(out, Clock()) as bars:
        for step in range(1, 5):
            bars.show(Progress(phase="matching", done=step * 10, total=40, unit="iterations"))
            bars.show(Progress(phase="evaluating", done=1, total=2, unit="students"))
            bars.show(Progress(phase="evaluating", done=2, total=2, unit="students"))
    assert [task.description for task in bars._progress.tasks] == ["matching", "evaluating"]
    assert all(task.finished for task in bars._progress.tasks)


def test_event_lines_can_be_read_back():
    out = console()
    said = [Started(operation="scan"), scanning(3), Finished(summary={"text": "x" * 300})]
    with EventLines(out) as lines:
        for event in said:
            lines.show(event)
    assert [events.from_json(line) for line in out.file.getvalue().splitlines()] == said


def test_silent_says_nothing(capfd):
    with Silent() as display:
        display.show(scanning(3))
        display.say("x")
    assert capfd.readouterr() == ("", "")
