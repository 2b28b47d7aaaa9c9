"""No method ever ends in numbers that are not finite, whatever step sizes, bounds and images it is given.

Each example is a whole run of the program's own loop with options that nobody should choose but that are allowed. It may skip,
go back, or end early and say so; what it hands out is finite, and every rate is positive.
"""

import dataclasses
import math
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meddistill_gui.core import distilled
from meddistill_gui.core.config import options_of, problems, with_values
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.methods import METHOD_OPTIONS
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Warned
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.engine import runner
from meddistill_gui.engine.method import StepReport
from meddistill_gui.engine.registry import METHODS, make_method
from tests.conformance.test_every_method import config_of, real

pytestmark = pytest.mark.slow
TOLD = {"not-finite", "went-back", "diverged", "skipped-iteration"}
HUGE = {
    "options.image_rate", "options.warm_rate", "options.label_rate", "options.rate_rate", "options.shape",
    "options.student_rate", "options.rate_high",
}  # fmt: skip


def whole_run(config, train=None):
    """The set of a run, and the codes of its warnings."""
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(Path(folder))
        images = train or real(16), real(8, seed=1)
        events = list(runner.distill(config, run, *images, Control()))
        return distilled.load(run.result), [e.code for e in events if isinstance(e, Warned)]


def assert_sound(made):
    for values in (made.images, made.labels, made.learning_rates):
        assert np.isfinite(values).all()
    assert (made.learning_rates > 0).all()
    if not made.recipe.order:  # who prescribes the steps may weigh classes as it likes
        np.testing.assert_allclose(made.labels.sum(axis=1), 1, atol=1e-4)


@st.composite
def hostile(draw):
    """A method with some of its numbers at the end of their range, or anywhere in it."""
    name = draw(st.sampled_from(sorted(METHODS)))
    config = config_of(name)
    own = [one for one in options_of(config) if one.path in HUGE]
    values = {}
    for one in own:
        low, high = one.about.minimum, one.about.maximum
        if draw(st.booleans()):
            values[one.path] = draw(st.sampled_from([low, high, math.sqrt(max(low, 1e-6) * high)]))
    values["initialisation"] = draw(st.sampled_from(["noise", "real"]))
    values["seed"] = draw(st.integers(0, 5))
    made = with_values(config, values)
    return config if problems(made) else made


@given(hostile())
@settings(max_examples=8, deadline=None, derandomize=True)
def test_options_at_the_end_of_their_range(config):
    made, codes = whole_run(config)
    assert_sound(made)
    assert set(codes) <= TOLD


@pytest.mark.parametrize("name", sorted(METHODS))
@pytest.mark.parametrize("kind", ["all black", "one white pixel", "all the same but one class"])
def test_images_that_say_nothing(name, kind):
    train = real(16)
    pixels = np.zeros_like(train.images)
    if kind == "one white pixel":
        pixels[:, :, 0, 0] = 255
    elif kind != "all black":
        pixels[train.labels == 1] = 255
    made, codes = whole_run(config_of(name), dataclasses.replace(train, images=pixels))
    assert_sound(made)
    assert set(codes) <= TOLD


@pytest.mark.parametrize("name", sorted(METHODS))
@pytest.mark.parametrize("where", ["images", "loss", "velocity"])
def test_a_planted_nan_in_any_step_is_not_taken(name, where, monkeypatch):
    config = with_values(config_of(name), {"iterations": 6, "evaluation.every": 3})
    method = make_method(config)
    steps = []

    class Poisoned:
        """The method, whose every third step is spoiled."""

        phases, needs_experts = method.phases, method.needs_experts
        setup, restarted, result, recipe = method.setup, method.restarted, method.result, method.recipe  # fmt: skip

        def step(self, setting, state, iteration):
            report = method.step(setting, state, iteration)
            steps.append(iteration)
            if iteration % 3 != 1:
                return report
            if where == "loss":
                return dataclasses.replace(report, loss=math.nan)
            key = next(
                key for key in report.state
                if (key.endswith("velocity") if where == "velocity" else key.endswith("images"))
            )  # fmt: skip
            spoiled = report.state[key].clone()
            spoiled.view(-1)[-1] = math.inf
            return StepReport(state={**report.state, key: spoiled}, loss=report.loss)

    monkeypatch.setattr(runner, "make_method", lambda _config: Poisoned())
    made, codes = whole_run(config)
    assert_sound(made)
    assert "not-finite" in codes
    assert len(steps) == sum(phase.iterations for phase in method.phases)


@pytest.mark.parametrize("kind", METHOD_OPTIONS.values(), ids=METHOD_OPTIONS)
def test_no_option_allows_a_rate_that_is_not_positive(kind):
    for one in options_of(kind, "options."):
        if one.path in {"options.rate_low", "options.rate_high"}:
            assert one.about.minimum > 0
        elif one.path in HUGE:
            assert one.about.minimum >= 0
        values = {"method": next(n for n, k in METHOD_OPTIONS.items() if k is kind), one.path: math.nan}  # fmt: skip
        if one.kind is float:
            with_nan = with_values(DistillConfig(project=Path("p")), values)
            assert any(one.path in sentence for sentence in problems(with_nan))
