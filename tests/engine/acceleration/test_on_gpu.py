"""The ways that only a GPU has."""

from dataclasses import replace

import pytest
import torch

from meddistill_gui.engine.acceleration.choosing import chosen, tried, way_named
from meddistill_gui.engine.acceleration.rehearsal import Rehearsal, agreement
from meddistill_gui.engine.ways import PLAIN
from tests.engine.acceleration.students import rehearsal

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA"),
]


def on_gpu(kind: torch.dtype = torch.float32) -> Rehearsal:
    student, device = rehearsal(kind=kind), torch.device("cuda")
    task = student.task
    steps = tuple(
        replace(s, images=s.images.to(device), draw=s.draw.to(device)) for s in task.steps
    )
    task = replace(task, images=task.images.to(device), labels=task.labels.to(device), rates=task.rates.to(device), steps=steps)  # fmt: skip
    return replace(
        student,
        task=task,
        start=student.start.to(device),
        cotangent=lambda found: student.cotangent(found.cpu()).to(device),
    )


@pytest.mark.parametrize("precision", ["float32", "TF32", "bfloat16"])
def test_recorded_steps_are_the_recorded_function(precision: str) -> None:
    student = on_gpu()
    plain = student.gradients(way_named(precision))
    for _ in range(2):  # recorded, then played again
        found = agreement(student.gradients(way_named(f"{precision}, CUDA graphs")), plain)
        assert found.objection == ""


def test_recorded_steps_equal_plain_ones_in_double_precision() -> None:
    student = on_gpu(torch.float64)
    found = agreement(student.gradients(way_named("float32, CUDA graphs")), student.gradients(PLAIN))  # fmt: skip
    assert found.cosine == pytest.approx(1, abs=1e-10)
    assert found.length < 1e-9


def test_no_trial_raises_and_flags_stay() -> None:
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    student = on_gpu()
    plain = student.gradients(PLAIN)
    for name in ("TF32", "bfloat16", "float32, compiled", "float32, compiled, CUDA graphs"):
        tried(student, way_named(name), plain, 1.0)
    assert chosen(student, "auto", 10**6)[0].why
    assert (torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32) == before
