"""The deep audit through the operation: refused before anything is done, and gone on with where it was stopped."""

import json
from dataclasses import replace

import pytest

from meddistill_gui.audit.deep_membership import PHASE
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.configs.methods import DistributionOptions
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import ConfigError, Stopped
from meddistill_gui.core.events import Progress, Warned
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.engine import runner
from meddistill_gui.operations.audit import audit
from meddistill_gui.operations.distill import distill
from tests.operations.small_hospital import finished, small_run

pytestmark = pytest.mark.slow


@pytest.fixture
def run(project):
    small = replace(small_run(project), method="distribution", options=DistributionOptions(), iterations=2)  # fmt: skip
    finished(distill(small, Control()))
    return RunFolder(project / "runs" / "small")


def report(run):
    return json.loads((run.audit / "detailed.json").read_text())


def stopped_in_the_third(config):
    control, seen = Control(), 0
    for event in audit(config, control):
        seen += isinstance(event, Progress) and event.phase == PHASE
        if seen == 3:
            control.request_stop()


def test_it_is_stopped_goes_on_and_stands_in_the_report(run, monkeypatch):
    config = AuditConfig(run=run.root, planted=2, deep=4)
    made, usual = [], runner.distill
    monkeypatch.setattr(runner, "distill", lambda *given: made.append(given[1]) or usual(*given))
    with pytest.raises(Stopped):
        stopped_in_the_third(config)
    before = len(made)
    events = list(audit(config, Control()))
    assert any(isinstance(event, Warned) and "4 times" in event.message for event in events)
    assert before + len(made[before:]) <= 5  # finished runs are not made again
    found = report(run)["deep_membership"]
    assert found["runs"] == 4
    assert 0 <= found["positive_control"] <= 1
    assert found["negative_control"]["low"] <= 0.05
    assert "not measurable with" in " ".join(found["not_measurable"].values())
    assert "images that a run was started from" not in found["groups"]
    assert "Deep membership test" in found["sentence"]
    assert not (run.audit / "distilled again" / "0").exists()


def test_runs_from_real_images_have_a_row_for_these(project):
    real = replace(small_run(project), method="distribution", options=DistributionOptions(), iterations=2, initialisation="real")  # fmt: skip
    finished(distill(real, Control()))
    run = RunFolder(project / "runs" / "small")
    finished(audit(AuditConfig(run=run.root, planted=2, deep=4), Control()))
    assert "images that a run was started from" in report(run)["deep_membership"]["groups"]


def test_runs_that_half_of_the_patients_cannot_make_are_a_doubt(project):
    """A class has sixteen training images, of eight patients; half of them have no twelve."""
    real = replace(small_run(project), method="distribution", options=DistributionOptions(), iterations=2, initialisation="real", images_per_class=12)  # fmt: skip
    finished(distill(real, Control()))
    run = RunFolder(project / "runs" / "small")
    found = finished(audit(AuditConfig(run=run.root, planted=2, deep=4), Control()))
    assert "too few images for such a run" in " ".join(found["reasons"])
    assert set(report(run)["deep_membership"]) == {"sentence"}


@pytest.mark.parametrize(("method", "runs", "words"), [(None, 2, "fewer than 4"), ("own", 8, "trains experts")])  # fmt: skip
def test_what_cannot_be_is_refused_before_anything_is_done(project, method, runs, words):
    small = small_run(project)
    if method is None:
        small = replace(small, method="distribution", options=DistributionOptions(), iterations=2)
    finished(distill(small, Control()))
    folder = RunFolder(project / "runs" / "small")
    with pytest.raises(ConfigError, match=words):
        list(audit(AuditConfig(run=folder.root, deep=runs), Control()))
    assert not (folder.audit / "detailed.json").exists()
