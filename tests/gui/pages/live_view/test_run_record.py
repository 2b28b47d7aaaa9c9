import pytest

from meddistill_gui.core.events import Finished, Frame, Metric, Progress, Started, Warned
from meddistill_gui.gui.pages.live_view.run_record import JUDGED_BY, RunRecord, RunState
from meddistill_gui.gui.pages.live_view.run_words import iterations_in_words, steps_in_words


@pytest.fixture
def record() -> RunRecord:
    made = RunRecord()
    made.take([Started(operation="distill")], 0.0)
    return made


@pytest.mark.parametrize(
    ("events", "alive", "wish", "state"),
    [
        ([], True, "", RunState.RUNNING),
        ([], True, "pause", RunState.PAUSED),
        ([], False, "", RunState.INTERRUPTED),
        ([], False, "pause", RunState.INTERRUPTED),
        ([Warned(code="stopped", message="m")], False, "stop", RunState.STOPPED),
        ([Warned(code="failed", message="m")], False, "", RunState.FAILED),
        ([Warned(code="skipped", message="m")], False, "", RunState.INTERRUPTED),
        ([Finished()], False, "", RunState.FINISHED),
        ([Finished(), Started(operation="distill")], False, "", RunState.INTERRUPTED),
        (
            [Warned(code="failed", message="m"), Started(operation="distill"), Finished()],
            False,
            "",
            RunState.FINISHED,
        ),
    ],
)
def test_state(record, events, alive, wish, state):
    record.take(events, 1.0)
    assert record.state(alive=alive, wish=wish) is state


def test_a_run_that_never_began_is_new():
    assert RunRecord().state(alive=False, wish="") is RunState.NEW


def test_the_best_iteration_is_the_highest_score_since_the_run_went_back(record):
    def score(step, value):
        return Metric(name=JUDGED_BY, step=step, value=value)

    record.take([score(10, 0.5), score(20, 0.8), score(30, float("nan")), score(40, 0.7)], 0.0)
    assert (record.best.step, record.best.value) == (20, 0.8)
    record.take([score(20, 0.6)], 0.0)
    assert (record.best.step, record.best.value) == (20, 0.6)


def test_frames_of_steps_that_are_done_again_are_replaced(record):
    record.take([Frame(step=step, path=f"a{step}") for step in (0, 10, 20)], 0.0)
    record.take([Frame(step=10, path="b10")], 0.0)
    assert [frame.path for frame in record.frames] == ["a0", "b10"]


def test_speed_comes_from_when_the_log_was_read(record):
    record.take([Progress(phase="p", done=10, total=100, unit="iterations")], 10.0)
    record.take([Progress(phase="p", done=30, total=100, unit="iterations")], 14.0)
    assert record.pace.rate == pytest.approx(5.0)


def test_iterations_of_a_warm_start_are_told_apart(record):
    def progress(phase, done, total):
        return Progress(phase=phase, done=done, total=total, unit="iterations")

    record.take([progress("warming up", 200, 200), Metric(name="loss", step=200, value=1.0)], 1.0)
    assert steps_in_words(record) == "iteration"
    last = progress("matching trajectories", 2000, 2000)
    record.take([last, Metric(name="loss", step=2200, value=0.5)], 2.0)
    assert steps_in_words(record) == "iteration (the first 200 are warming up)"
    assert iterations_in_words(record) == "2,000 iterations after 200 of warming up"


def test_the_time_of_a_pause_is_not_time_of_the_work(record):
    def at(done):
        return [Progress(phase="p", done=done, total=100, unit="iterations")]

    record.take(at(0), 0.0)
    record.take(at(10), 10.0)
    record.take([], 10.0, paused=True)
    record.take([], 500.0, paused=True)
    record.take([], 1000.0)
    record.take(at(11), 1001.0)
    assert record.pace.rate == pytest.approx(1.0)
