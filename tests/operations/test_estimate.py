"""An estimate is a dry run, multiplied; it must grow with what is asked for and leave nothing behind."""

from dataclasses import replace

import pytest

from meddistill_gui.core.config import with_values
from meddistill_gui.core.configs.distill import DistillConfig, ExpertsConfig
from meddistill_gui.core.configs.trajectories import TrajectoryOptions
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Finished, Metric
from meddistill_gui.core.specs import EXPERTS_ON_DISK, NETWORK_MEMORY
from meddistill_gui.engine import runner
from meddistill_gui.operations.distill import experts
from meddistill_gui.operations.estimate import estimate
from tests.operations.small_hospital import finished, small_run

pytestmark = pytest.mark.slow


def test_every_part_is_measured_and_the_project_stays_as_it_was(project):
    before = sorted(path.relative_to(project) for path in project.rglob("*"))
    config = small_run(
        project,
        iterations=1000,
        options=TrajectoryOptions(inner_steps=3, max_start=2, expert_epochs=1, warm_start=50),
    )
    found = finished(estimate(config, Control()))
    parts = [
        found[f"seconds_{name}"] for name in ("experts", "warm_start", "iterations", "evaluation")
    ]
    assert min(parts) >= 0
    assert found["seconds_iterations"] > 0
    assert found["seconds"] == pytest.approx(sum(parts), abs=0.3)
    assert found["device"] == "cpu"
    assert sorted(path.relative_to(project) for path in project.rglob("*")) == before


def test_twice_the_iterations_and_experts_are_counted(project, monkeypatch):
    """The measured seconds are replaced by one a unit, so that only the counting is left."""
    monkeypatch.setattr(
        "meddistill_gui.operations.estimate._Stopwatch.typical", lambda _self, _name: 1.0
    )
    once = small_run(project, iterations=100)
    twice = replace(once, iterations=200, experts=ExpertsConfig(count=4, epochs=4, batch=32))
    small, large = (finished(estimate(config, Control())) for config in (once, twice))
    assert large["seconds_iterations"] == 2 * small["seconds_iterations"]
    assert large["seconds_experts"] == 2 * small["seconds_experts"]


def told_before_anything_ran(config, monkeypatch):
    """Figures told before the dry run, whose experts have learned noise."""
    ran, told = [], {}
    honest = runner.distill

    def distil(*given):
        ran.append(True)
        return honest(*given)

    monkeypatch.setattr("meddistill_gui.operations.estimate.runner.distill", distil)
    for event in estimate(config, Control()):
        if isinstance(event, Metric) and not ran:
            told[event.name] = event.value
        if isinstance(event, Finished):
            return told, event.summary
    raise AssertionError("it did not finish")


@pytest.mark.parametrize("storing", [{}, {"half": True}, {"waypoints": 2}], ids=str)
def test_the_experts_disk_space_is_told_before_anything_runs_and_is_what_they_take(project, monkeypatch, storing):  # fmt: skip
    options = TrajectoryOptions(inner_steps=3, max_start=3, expert_epochs=1, warm_start=0)
    config = small_run(project, name=f"size {storing}".replace(":", ""), options=options)
    config = replace(config, experts=replace(config.experts, **storing))
    told, summary = told_before_anything_ran(config, monkeypatch)
    finished(experts(config, Control()))
    used = sum(
        file.stat().st_size for file in (project / "runs" / config.name / "experts").iterdir()
    )
    assert told[EXPERTS_ON_DISK] == pytest.approx(used / 1e9, abs=3e-6)
    assert summary["experts_bytes"] == pytest.approx(used, abs=3000)
    lost = summary["experts_off"], summary["experts_length_off"]
    if not storing:
        assert lost == (None, None)
    else:
        assert 0 < lost[1] <= 2 * lost[0]
        assert (lost[0] < 2e-3) == ("half" in storing)
        assert "Stored so, an expert is off by" in summary["text"]


def test_a_method_without_experts_takes_no_disk_for_them(project):
    config = with_values(small_run(project, iterations=3), {"method": "distribution"})
    assert finished(estimate(config, Control()))["experts_bytes"] is None


def test_a_run_with_a_formal_bound_is_measured_though_the_made_up_patients_are_few(project):
    config = with_values(small_run(project, iterations=100_000), {"method": "noisy_distribution"})
    assert finished(estimate(config, Control()))["seconds"] > 0


def test_the_memory_of_a_large_network_is_told_before_anything_runs(project, monkeypatch):
    ran = []
    monkeypatch.setattr(
        "meddistill_gui.operations.estimate.runner.distill",
        lambda *_: ran.append(True) or iter(()),
    )
    config = with_values(
        DistillConfig(project=project),
        {"method": "soft_label", "network.family": "vgg19", "images.size": 224},
    )
    for event in estimate(config, Control()):
        if isinstance(event, Metric):
            assert not ran
            assert event.name == NETWORK_MEMORY
            assert 5 < event.value < 30
            break
    else:
        pytest.fail("it was not told")
