"""Several processes: the first decides, the others follow, and a device that cannot follow asks no one to wait."""

from collections.abc import Generator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from meddistill_gui.core.events import Event, Warned
from meddistill_gui.engine import pacing, processes
from meddistill_gui.engine.acceleration import choosing
from meddistill_gui.engine.acceleration.choosing import Choice
from meddistill_gui.engine.pacing import Pace
from meddistill_gui.engine.ways import PLAIN, Way
from tests.engine.acceleration.students import Prepared, rehearsal, with_images_times

CPU = torch.device("cpu")
FAST = "float32, compiled"


@dataclass(frozen=True)
class Given:
    """As much of a setting as pacing looks at."""

    way: Way = PLAIN
    device: torch.device = CPU


def drained(work: Generator[Event, None, Any]) -> tuple[list[Event], Any]:
    events = []
    while True:
        try:
            events.append(next(work))
        except StopIteration as end:
            return events, end.value


@pytest.fixture
def execution(monkeypatch: pytest.MonkeyPatch) -> Prepared:
    made = Prepared()
    made.name = "compiled"
    monkeypatch.setattr(choosing, "EXECUTIONS", {**choosing.EXECUTIONS, "compiled": lambda: made})
    return made


@pytest.fixture
def another_process(monkeypatch: pytest.MonkeyPatch):
    """This process is the second; what the first says is put in, and every question to it is counted."""
    first = SimpleNamespace(says=[], asked=0)

    def from_first(_: object) -> object:
        first.asked += 1
        return first.says.pop(0)

    monkeypatch.setattr(processes, "is_first", lambda: False)
    monkeypatch.setattr(processes, "from_first", from_first)
    return first


METHOD = SimpleNamespace(rehearsal=lambda setting, state, iteration: rehearsal())


def pace(tmp_path, **changes) -> Pace:
    return Pace(speed="compiled", every=3, total=9, file=tmp_path / "speed.json", **changes)


def followed(pace: Pace, given: Given, iteration: int):
    return drained(pacing.followed(pace, METHOD, given, {}, iteration))


def test_the_second_process_takes_what_the_first_chose(tmp_path, execution, another_process) -> None:  # fmt: skip
    another_process.says = [None, FAST]
    begun, given = pacing.begun(pace(tmp_path), Given())
    assert begun.choice is None
    events, (begun, given) = followed(begun, given, 0)
    assert (events, given.way.name, execution.runs) == ([], FAST, 0), "it tries nothing itself"
    assert not begun.file.exists()


def test_the_second_process_goes_on_with_what_the_first_has_written_down(tmp_path, execution, another_process) -> None:  # fmt: skip
    another_process.says = [FAST]
    begun, given = pacing.begun(pace(tmp_path), Given())
    assert given.way.name == FAST
    assert begun.watched


@pytest.mark.parametrize("keeps", [True, False])
def test_the_first_says_at_every_look_whether_to_go_on(tmp_path, execution, another_process, keeps: bool) -> None:  # fmt: skip
    another_process.says = [FAST, keeps]
    begun, given = pacing.begun(pace(tmp_path), Given())
    for iteration in (1, 2, 3):
        events, (begun, given) = followed(begun, given, iteration)
    assert given.way.is_plain == (not keeps)
    assert [e.code for e in events if isinstance(e, Warned)] == ([] if keeps else ["slower"])


def test_one_that_went_on_plainly_asks_as_often_as_the_others(tmp_path, execution, another_process) -> None:  # fmt: skip
    another_process.says = [FAST, True, True]
    begun, given = pacing.begun(pace(tmp_path), Given())
    _, (begun, given) = drained(pacing.left(begun, given, "its device is too old", 1))
    for iteration in range(2, 9):
        _, (begun, given) = followed(begun, given, iteration)
    assert given.way.is_plain
    assert another_process.asked == 3, "once at the start and at 3 and 6"


def test_the_first_tells_the_others_to_leave_what_it_left_itself(tmp_path, execution, monkeypatch) -> None:  # fmt: skip
    told = []
    monkeypatch.setattr(processes, "from_first", lambda value: told.append(value) or value)
    begun, given = pacing.begun(pace(tmp_path), Given())
    _, (begun, given) = followed(begun, given, 0)
    assert given.way.name == FAST
    _, (begun, given) = drained(pacing.left(begun, given, "its device is too old", 1))
    followed(begun, given, 3)
    assert told == [None, FAST, False]


def test_a_wrong_gradient_is_found_at_the_look(tmp_path, execution) -> None:
    begun, given = pacing.begun(pace(tmp_path), Given())
    _, (begun, given) = followed(begun, given, 0)
    execution.spoil = with_images_times(-1)
    events, (begun, given) = followed(begun, given, 3)
    assert given.way.is_plain
    assert "cosine" in events[-1].message
    assert followed(begun, given, 6)[0] == []


@pytest.mark.parametrize("speed", ["auto", "plain"])
def test_on_a_cpu_there_is_nothing_to_decide(tmp_path, speed: str) -> None:
    begun, given = pacing.begun(Pace(speed=speed, every=3, total=9, file=tmp_path / "s"), Given())
    assert begun.choice == Choice()
    assert given.way is PLAIN
    assert followed(begun, given, 0) == ([], (begun, given))
