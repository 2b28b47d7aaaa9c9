import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from meddistill_gui.core.errors import (
    JobDiedError,
    OutOfMemoryError,
    RunError,
    SourceError,
    Stopped,
)
from meddistill_gui.core.events import Finished, Progress, Started
from meddistill_gui.jobs import child_process

PROGRAM = Path(__file__).with_name("program.py")
pytestmark = pytest.mark.slow  # each test starts a process


def test_events_arrive_in_order_and_whole(start):
    events = list(start("many", workers=3).events())
    assert events[0] == Started(operation="scan")
    assert [event.done for event in events[1:-1]] == list(range(5000))
    assert events[-1] == Finished(summary={"text": "Größe 3"})


def test_what_libraries_print_does_not_mix_with_events(start):
    assert [type(event) for event in start("chatty").events()] == [Started, Finished]


def test_an_error_comes_back_as_the_same_class_with_its_remedy(start):
    with pytest.raises(SourceError) as caught:
        list(start("fails").events())
    assert (caught.value.message, caught.value.remedy) == ("Größe fehlt.", "Choose another folder.")


def test_a_mistake_of_ours_becomes_a_sentence(start):
    with pytest.raises(RunError, match=r"TypeError: a mistake of ours.*[Rr]eport it"):
        list(start("mistaken").events())


def test_python_out_of_memory_is_named(start):
    with pytest.raises(OutOfMemoryError):
        list(start("memory").events())


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(
    ("behaviour", "sentence"),
    [
        ("killed", "most often because memory ran out"),
        ("library_memory", "because memory ran out"),
        ("crashes", "SIGSEGV"),
        ("leaves", "exit code 7"),
    ],
)
def test_a_death_without_a_word_gets_a_meaning(start, behaviour, sentence):
    with pytest.raises(JobDiedError, match=sentence):
        list(start(behaviour).events())


def test_stop_reaches_the_work(start):
    job = start("works")
    events = job.events()
    assert isinstance(next(events), Started)
    job.stop()
    with pytest.raises(Stopped):
        list(events)


@pytest.mark.skipif(os.name != "posix", reason="niceness")
def test_the_child_lets_others_go_first(start):
    job = start("works")
    niceness = next(event.done for event in job.events() if isinstance(event, Progress))
    assert niceness >= min(19, os.nice(0) + 10)


def test_paused_work_waits_and_goes_on(start):
    job = start("works")
    events = job.events()
    for event in events:
        if isinstance(event, Progress) and event.done == 5:
            break
    job.pause()
    job.resume()
    assert isinstance(next(events), Progress)
    job.stop()
    with pytest.raises(Stopped):
        list(events)


def test_kill_ends_at_once_and_is_no_error_of_the_work(start):
    job = start("works")
    events = job.events()
    next(events)
    job.kill()
    with pytest.raises(Stopped, match="at once"):
        list(events)


def test_wishes_after_the_end_are_harmless(start):
    job = start("many")
    list(job.events())
    job.stop()
    job.kill()


def test_leaving_the_events_ends_the_child(start):
    job = start("works")
    events = job.events()
    next(events)
    events.close()
    assert job._process.returncode is not None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_the_child_ends_when_its_parent_is_killed(tmp_path):
    script = (
        "import sys; from pathlib import Path\n"
        "from meddistill_gui.core.configs.scan import ScanConfig\n"
        "from meddistill_gui.jobs import child_process\n"
        f"child_process._program = lambda: [sys.executable, {str(PROGRAM)!r}]\n"
        "job = child_process.start('scan', ScanConfig(source=Path('works'), project=Path('p')))\n"
        "events = job.events(); next(events); print(job._process.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=pipe, stdout=pipe, cwd=tmp_path
    ) as parent:
        child = int(parent.stdout.readline())
        parent.kill()
    while runs(child):  # the test's time limit is the bound
        time.sleep(0.02)


def runs(process: int) -> bool:
    """Whether a process that is not our child still runs."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    ("code", "said", "sentence"),
    [
        (-9, "", "memory ran out"),
        (1, "torch.OutOfMemoryError: CUDA out of memory. Tried", "memory ran out"),
        (1, "ModuleNotFoundError: No module named 'torch'", "No module named 'torch'"),
        (-11, "", "SIGSEGV"),
        (0xC0000005, "", "0xc0000005|crashed"),
        (3, "", "exit code 3"),
    ],
)
def test_meanings(code, said, sentence):
    message, remedy = child_process.meaning(code, said)
    assert re.search(sentence, message)
    assert remedy


@pytest.mark.parametrize(
    ("frozen", "interpreter", "expected"),
    [
        (True, "opt/meddistill-window", ["opt/meddistill", "--job"]),
        (True, "opt/meddistill.exe", ["opt/meddistill.exe", "--job"]),
        (True, "opt/meddistill-window.exe", ["opt/meddistill.exe", "--job"]),
        (False, "bin/pythonw.exe", ["bin/python.exe", "-P", "-m", "meddistill_gui", "--job"]),
        (False, "bin/python3.11", ["bin/python3.11", "-P", "-m", "meddistill_gui", "--job"]),
    ],
)
def test_the_child_is_a_program_with_pipes(monkeypatch, frozen, interpreter, expected):
    monkeypatch.setattr(sys, "frozen", frozen, raising=False)
    monkeypatch.setattr(sys, "executable", interpreter)
    assert [Path(word) for word in child_process._program()] == [Path(word) for word in expected]
