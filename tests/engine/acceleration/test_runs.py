"""Runs in a faster way: what they choose stays, and whatever fails in it, they end as a plain run does."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from meddistill_gui.core import distilled
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Metric, Warned
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.engine import runner
from meddistill_gui.engine.acceleration import choosing
from meddistill_gui.engine.acceleration.falling_back import done_somehow
from meddistill_gui.engine.acceleration.rehearsal import finite
from meddistill_gui.engine.matching.pulls import pull_along
from meddistill_gui.engine.pacing import COSINE, SPEED_UP
from meddistill_gui.engine.unroll import Task
from meddistill_gui.engine.ways import PLAIN, Way
from tests.engine.acceleration.students import Prepared, rehearsal, with_images_times


@pytest.fixture
def run(small_config, real, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable:
    """Runs with an execution in the compiler's place."""

    def made(name: str, execution: Prepared | None, method: str = "trajectory", **options):
        if execution is not None:
            execution.name = "compiled"
            monkeypatch.setattr(
                choosing, "EXECUTIONS", {**choosing.EXECUTIONS, "compiled": lambda: execution}
            )
        folder = RunFolder(tmp_path / name)
        folder.root.mkdir(exist_ok=True)
        options = {"speed": "plain" if execution is None else "compiled", **options}
        config = small_config(method, **options)
        events = list(runner.distill(config, folder, real(24), real(12, role="validation", seed=1), Control()))  # fmt: skip
        return folder, events

    return made


def warnings(events) -> list[str]:
    return [event.code for event in events if isinstance(event, Warned)]


def curve(events, name: str) -> list[int]:
    return [event.step for event in events if isinstance(event, Metric) and event.name == name]


def written(folder: RunFolder) -> dict:
    return json.loads(folder.speed.read_text())


@pytest.mark.slow
@pytest.mark.parametrize("method", ["trajectory", "progressive", "soft_label"])
def test_a_run_takes_the_way_says_so_and_looks_again(run, method: str) -> None:
    execution = Prepared()
    folder, events = run("fast", execution, method)
    assert warnings(events) == []
    assert curve(events, SPEED_UP) == [0]
    assert curve(events, COSINE) == [0, 3]
    assert written(folder)["taken"] == "float32, compiled"
    plain, _ = run("plain", None, method)
    assert not plain.speed.exists()
    fast, slow = (distilled.load(one.result).images for one in (folder, plain))
    assert np.allclose(fast, slow, rtol=1e-3, atol=1e-3)


@pytest.mark.slow
def test_a_way_chosen_after_the_warm_up_is_chosen_when_students_begin(run) -> None:
    _, events = run("fast", Prepared(), options__warm_start=2)
    assert curve(events, SPEED_UP) == [2]


@pytest.mark.slow
@pytest.mark.parametrize(
    "execution",
    [Prepared(fails_after=0), Prepared(with_images_times(-1)), Prepared(with_images_times(float("nan")))],
    ids=["fails", "wrong", "not finite"],
)  # fmt: skip
def test_a_run_whose_way_is_refused_has_the_bytes_of_a_plain_one(run, execution) -> None:
    folder, events = run("refused", execution)
    assert warnings(events) == ["plain-steps"]
    assert written(folder)["taken"] == "float32"
    plain, _ = run("plain", None)
    assert folder.result.read_bytes() == plain.result.read_bytes()
    assert folder.checkpoint.read_bytes() == plain.checkpoint.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["trajectory", "soft_label"])
def test_a_way_that_fails_on_the_way_is_left_for_good(run, method: str) -> None:
    trial = Prepared()
    run("counted", trial, method, iterations=1)
    execution = Prepared(fails_after=trial.runs + 2)  # within the second iteration
    folder, events = run("left", execution, method)
    assert warnings(events) == ["slower"]
    assert "a planted fault" in next(e.message for e in events if isinstance(e, Warned))
    assert written(folder)["taken"] == "float32"
    assert "iteration" in written(folder)["why"]
    assert folder.result.exists()
    used = execution.runs
    _, again = run("left", execution, method)  # a resumed run does not try it again
    assert warnings(again) == []
    assert execution.runs == used


@pytest.mark.slow
def test_a_way_whose_gradient_turns_wrong_is_left_at_the_next_evaluation(run) -> None:
    execution = Prepared()
    counted = Prepared()
    run("counted", counted, iterations=1)

    def spoil(function, found):
        late = execution.runs > counted.runs + 4
        return with_images_times(-1)(function, found) if late else found

    execution.spoil = spoil
    folder, events = run("turned", execution)
    assert warnings(events) == ["slower"]
    assert "cosine" in written(folder)["why"]


@pytest.mark.slow
def test_a_resumed_run_takes_the_same_way_without_a_trial(run) -> None:
    whole, _ = run("whole", Prepared(), iterations=5)
    part, _ = run("part", Prepared(), iterations=5)
    # as if it had been killed at its first checkpoint, after its choice
    part.checkpoint.unlink()
    begun = written(part)
    _, events = run("part", Prepared(), iterations=5)
    assert curve(events, SPEED_UP) == []
    assert written(part) == begun
    assert part.result.read_bytes() == whole.result.read_bytes()


def test_numbers_that_plain_float32_does_not_find_finite_either_are_nobodys_fault() -> None:
    student = rehearsal()
    way = Way(execution=Prepared())
    hot = replace(student.task, way=way, rates=student.task.rates * float("inf"))

    def work(task: Task):
        return replace(student, task=task).gradients(task.way)

    found, why = done_somehow(hot, work, finite)
    assert why == ""
    assert not finite(found)


def test_an_error_of_plain_float32_is_the_callers() -> None:
    def fails(task: Task) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        done_somehow(rehearsal().task, fails, bool)


def test_too_little_memory_halves_the_pieces_and_stays_on_the_way() -> None:
    class Cramped(Prepared):
        def run(self, function, form, tensors):
            if len(tensors[1]) > 1:
                raise torch.OutOfMemoryError("out of memory")
            return super().run(function, form, tensors)

    student, execution = rehearsal(kind=torch.float64), Cramped()
    target = student.start + 0.1

    def work(task: Task):
        return pull_along(
            task, student.start, target,
            weights=torch.ones_like, memory="replay", room=0, skip_above=0.0,
        )  # fmt: skip

    (pull, room), why = done_somehow(
        replace(student.task, way=Way(execution=execution)), work, lambda _: True
    )
    assert why == ""
    assert room == 3
    assert execution.released == 3
    plain = work(replace(student.task, way=PLAIN))[0]
    ours, theirs = pull.gradients.images.flatten(), plain.gradients.images.flatten()
    assert float(F.cosine_similarity(ours, theirs, dim=0)) == pytest.approx(1, abs=1e-12)
