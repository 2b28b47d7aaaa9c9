"""The step's pure functions, as they stand, as if prepared, and compiled, in float64 against plain autograd."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings

from meddistill_gui.engine import student_step
from meddistill_gui.engine.acceleration.compiled import Compiled
from meddistill_gui.engine.networks import convnet
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.student_step import Form, Given
from meddistill_gui.engine.unroll import Task, pullback, unroll
from meddistill_gui.engine.ways import AS_IT_STANDS, PLAIN, Way
from tests.engine.acceleration.students import Prepared
from tests.engine.plain_autograd import assert_equal, make_task, plans, reference


def given_to(task: Task, theta0: torch.Tensor) -> tuple[Form, Given]:
    """The task's first step, whole."""
    step = task.steps[0]
    draw = step.draw
    form = Form(
        network=task.network,
        count=len(step.images),
        moves=draw.moves,
        colours=draw.colours,
        cuts=draw.cuts,
    )
    tensors = (draw.affine, draw.brightness, draw.saturation, draw.contrast, draw.cutout)
    return form, Given(theta0, task.images[step.images], task.labels[step.images], *tensors)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(plan=plans())
def test_prepared_steps_equal_plain_autograd_for_any_plan(plan: dict) -> None:
    task, theta0 = make_task(**plan["task"])
    random = generator(plan["task"]["seed"], "cotangents")
    cotangents = {
        at: torch.randn(len(theta0), generator=random, dtype=torch.float64) for at in plan["places"]
    }
    execution = Prepared()
    task = replace(task, way=Way(execution=execution))
    tape = unroll(task, theta0, keep_graphs=plan["kept"])
    assert not tape.graphs, "what is prepared keeps no graph"
    assert_equal(pullback(tape, cotangents, want_theta0=True), reference(task, theta0, cotangents))


def test_steps_with_other_images_and_other_changes_need_one_preparation_each_way() -> None:
    task, theta0 = make_task(count=3, batches=[[0, 1], [2, 0], [1, 2], [0, 2]] * 3)
    execution = Prepared()
    tape = unroll(replace(task, way=Way(execution=execution)), theta0)
    pullback(tape, {12: torch.ones_like(theta0)})
    assert len(execution.forms) == 2


def test_a_step_is_a_pure_function() -> None:
    task, theta0 = make_task(count=3, batches=[[0, 1, 2]])
    form, tensors = given_to(task, theta0)
    before = [one.clone() for one in tensors]
    adjoint = torch.ones_like(theta0)
    with torch.no_grad():  # needs no graph around it
        first = student_step.pulled(form, *tensors, adjoint)
        again = student_step.pulled(form, *tensors, adjoint)
        (gradient,) = student_step.gradient(form, *tensors)
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
    assert all(torch.equal(one, other) for one, other in zip(tensors, before, strict=True))
    assert not any(one.requires_grad for one in (*first, gradient))
    assert torch.allclose(first[0], gradient, rtol=1e-12, atol=1e-15)


@pytest.mark.slow
def test_compiled_steps_equal_plain_autograd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convnet, "_LARGE", 0)  # the norm whose derivatives are written out
    task, theta0 = make_task(count=3, batches=[[0, 1, 2], [2, 1, 0]], preset="natural")
    cotangents = {2: torch.ones_like(theta0), 1: -torch.ones_like(theta0)}
    way = Way(execution=Compiled("aot_eager"))
    ours = pullback(unroll(replace(task, way=way), theta0), cotangents, want_theta0=True)
    assert_equal(ours, reference(task, theta0, cotangents))


def test_plain_is_float32_as_it_stands() -> None:
    assert PLAIN.is_plain
    assert PLAIN.keeps_graphs
    assert PLAIN.execution is AS_IT_STANDS
    assert PLAIN.name == "float32"
