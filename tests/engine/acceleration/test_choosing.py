"""What is taken, what is refused and why; that nothing which goes wrong in a trial gets out of it."""

import json
import logging
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from meddistill_gui.engine.acceleration import choosing, record
from meddistill_gui.engine.acceleration.choosing import Choice, Trial, checked, chosen, way_named
from meddistill_gui.engine.acceleration.compiled import Compiled
from meddistill_gui.engine.acceleration.rehearsal import LEAST_COSINE, agreement
from meddistill_gui.engine.ways import BFLOAT16, PLAIN, TF32, Way, tf32_allowed
from tests.engine.acceleration.students import Prepared, rehearsal, with_images_times

CPU = torch.device("cpu")


def no_compiler(*_: object) -> None:
    raise FileNotFoundError("no compiler here")


@pytest.fixture
def compiler(monkeypatch: pytest.MonkeyPatch):
    """Put an execution in the compiler's place."""

    def put(make) -> None:
        monkeypatch.setattr(choosing, "EXECUTIONS", {**choosing.EXECUTIONS, "compiled": make})

    return put


def named_compiled(execution: Prepared) -> Prepared:
    execution.name = "compiled"
    return execution


def test_a_right_way_is_taken_and_its_figures_are_kept(compiler) -> None:
    compiler(lambda: named_compiled(Prepared()))
    choice, way = chosen(rehearsal(), "compiled", 1)
    assert choice.taken == way.name == "float32, compiled"
    assert choice.trial is not None
    assert choice.trial.cosine == pytest.approx(1)
    assert choice.trial.speed > 0


@pytest.mark.parametrize(
    ("factor", "why"),
    [(-1.0, "cosine"), (1.2, "length"), (0.9, "length"), (float("nan"), "not finite")],
)
def test_a_way_with_a_wrong_gradient_is_refused(compiler, factor: float, why: str) -> None:
    compiler(lambda: named_compiled(Prepared(with_images_times(factor))))
    choice, way = chosen(rehearsal(), "compiled", 1)
    assert choice.taken == "float32"
    assert way is PLAIN
    assert why in choice.why
    assert choice.trials[0].refused


@pytest.mark.slow
def test_a_machine_without_a_compiler_computes_plainly_and_says_so(compiler, caplog) -> None:
    compiler(lambda: Compiled(no_compiler))
    with caplog.at_level(logging.INFO):
        choice, _ = chosen(rehearsal(), "compiled", 1)
    assert choice.taken == "float32"
    assert "no compiler here" in choice.why
    assert "\n" not in choice.why
    assert any("no compiler here" in line for line in caplog.messages)


@pytest.mark.skipif(torch.cuda.is_available(), reason="what a machine without a GPU says")
def test_cuda_graphs_without_a_gpu_are_refused_not_raised() -> None:
    plain = rehearsal().gradients(PLAIN)
    trial = choosing.tried(rehearsal(), way_named("float32, CUDA graphs"), plain, 1.0)
    assert trial.refused


@pytest.mark.parametrize("speed", ["auto", "plain"])
def test_on_a_cpu_nothing_is_tried_unless_it_is_asked_for(speed: str, monkeypatch) -> None:
    monkeypatch.setattr(choosing, "timed", no_compiler)
    assert chosen(rehearsal(), speed, 10**6) == (Choice(why="plain float32"), PLAIN)


def test_bfloat16_is_measured_and_taken_or_refused_by_its_cosine() -> None:
    """One careful step survives eight bits; several at a high rate do not."""
    found = {}
    for steps, faster in ((1, 0.01), (6, 6.0)):
        student = rehearsal(steps=steps)
        student = replace(student, task=replace(student.task, rates=student.task.rates * faster))
        compared = agreement(student.gradients(Way(precision=BFLOAT16)), student.gradients(PLAIN))
        assert compared.cosine < 1 - 1e-7, "nothing was computed in bfloat16"
        found[steps] = compared
    assert found[1].cosine > found[6].cosine
    assert found[6].cosine < LEAST_COSINE
    assert found[6].objection


def test_bfloat16_keeps_graphs_as_plain_does() -> None:
    way = Way(precision=BFLOAT16)
    replayed, stored = rehearsal().gradients(way), rehearsal(keep=3).gradients(way)
    assert agreement(stored, replayed).objection == ""


def test_nothing_is_chosen_by_a_student_without_a_gradient() -> None:
    still = replace(rehearsal(), cotangent=torch.zeros_like)
    assert chosen(still, "compiled", 1)[0].why.endswith(choosing.NOTHING_TO_COMPARE)


def test_looking_again_finds_a_gradient_that_went_wrong_since() -> None:
    execution = Prepared()
    way = Way(execution=execution)
    assert not checked(rehearsal(), way).refused
    execution.spoil = with_images_times(-1)
    assert "cosine" in checked(rehearsal(), way).refused
    execution.fails_after = 0
    assert checked(rehearsal(), way).refused == "RuntimeError: a planted fault"
    assert execution.released == 0, "a way in use keeps what it has prepared"


def test_of_those_that_may_be_taken_the_fastest_is_and_only_if_it_is_worth_it() -> None:
    trials = [
        Trial(name="a", cosine=0.9, speed=9.0, refused="wrong"),
        Trial(name="b", cosine=1.0, speed=1.3),
        Trial(name="c", cosine=1.0, speed=1.5),
    ]
    best = Way(execution=Prepared())
    assert choosing._verdict(trials, best, slowest=choosing.WORTH_IT)[1] is best
    assert choosing._verdict(trials, best, slowest=choosing.WORTH_IT)[0].taken == "c"
    little, way = choosing._verdict(
        [Trial(name="d", cosine=1.0, speed=1.04)], best, slowest=choosing.WORTH_IT
    )
    assert (little.taken, way) == ("float32", PLAIN)
    assert "no faster" in little.why
    assert best.execution.released == 1


@pytest.mark.parametrize(("seconds", "compilers"), [(5.0, 0), (7.0, 2)])
def test_precision_comes_first_and_compilers_only_for_long_runs(
    monkeypatch, seconds: float, compilers: int
) -> None:
    """As on a GPU: every figure of a trial is put in."""
    speeds = {"TF32": 1.2, "bfloat16": 3.0, "float32, CUDA graphs": 1.1, "TF32, CUDA graphs": 1.8}
    asked, made = [], {}

    def trial(_, way: Way, *__: object) -> Trial:
        asked.append(way.name)
        made[way.name] = way
        refused = "its cosine is low" if way.half else ""
        return Trial(name=way.name, cosine=1.0, speed=speeds.get(way.name, 1.5), refused=refused)

    student = rehearsal()
    on_gpu = SimpleNamespace(start=SimpleNamespace(is_cuda=True))
    monkeypatch.setattr(choosing, "timed", lambda *_: (student.gradients(PLAIN), seconds))
    monkeypatch.setattr(choosing, "tried", trial)
    choice, way = chosen(on_gpu, "auto", 100)
    cheap = [
        "float32, CUDA graphs",
        "TF32",
        "TF32, CUDA graphs",
        "bfloat16",
        "bfloat16, CUDA graphs",
    ]
    assert asked == cheap + ["TF32, compiled", "TF32, compiled, CUDA graphs"][:compilers]
    assert choice.taken == "TF32, CUDA graphs"
    assert way is made[choice.taken]
    assert chosen(on_gpu, "auto", 99)[1] is PLAIN


@pytest.mark.parametrize("allowed", [True, False])
def test_tf32_stays_inside_its_block_also_after_an_error(allowed: bool) -> None:
    def flags() -> tuple[bool, bool]:
        return torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32

    def block() -> None:
        with tf32_allowed(torch.device("cuda"), allowed=allowed):
            assert flags() == (allowed, allowed)
            raise RuntimeError("in between")

    before = flags()
    with pytest.raises(RuntimeError, match="in between"):
        block()
    assert flags() == before
    with Way(precision=TF32).arithmetic(CPU):
        assert flags() == before


@pytest.mark.parametrize("precision", ["float32", "TF32", "bfloat16"])
@pytest.mark.parametrize("execution", choosing.EXECUTIONS)
def test_a_way_is_found_by_its_name(precision: str, execution: str) -> None:
    name = ", ".join(part for part in (precision, execution) if part)
    assert way_named(name).name == name
    with pytest.raises(ValueError, match="no way of computing"):
        way_named(f"{name}, by hand")


def test_the_choice_stays_for_this_device_and_version(tmp_path: Path) -> None:
    file = tmp_path / "speed.json"
    assert record.load(file, CPU) is None
    choice = Choice(
        taken="TF32, compiled", why="fast", trials=(Trial(name="TF32, compiled", cosine=1.0, speed=2.0),)
    )  # fmt: skip
    record.save(file, choice, CPU)
    assert record.load(file, CPU) == choice
    content = json.loads(file.read_text())
    for change in ({"torch": "1.0"}, {"device": "another"}, {"format": 2}, {"taken": "magic"}):
        file.write_text(json.dumps({**content, **change}))
        assert record.load(file, CPU) is None
    file.write_text('{"format": 1')
    assert record.load(file, CPU) is None
