"""An audit that is stopped says CANNOT TELL, goes on where it stood, and ends as if nobody had stopped it."""

import json
from dataclasses import replace

import pytest

from meddistill_gui.audit import copy_search
from meddistill_gui.audit.search import MARGIN, VIEWING
from meddistill_gui.core import distilled
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.configs.bundle import ExportConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import BundleError, Stopped
from meddistill_gui.core.events import Progress
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.core.words import Verdict
from meddistill_gui.operations.audit import audit
from meddistill_gui.operations.distill import distill
from meddistill_gui.operations.export import export
from tests.operations.small_hospital import finished, small_run

pytestmark = pytest.mark.slow


@pytest.fixture
def run(project):
    finished(distill(small_run(project), Control()))
    return RunFolder(project / "runs" / "small")


def report(run):
    return json.loads((run.audit / "detailed.json").read_text())


def stopped_in(run, phase, after=3):
    """Run the audit and stop it at the `after`-th event of a phase."""
    with pytest.raises(Stopped):
        _consumed(run, phase, after)


def _consumed(run, phase, after):
    control, seen = Control(), 0
    for event in audit(AuditConfig(run=run.root, planted=5), control):
        seen += isinstance(event, Progress) and event.phase == phase
        if seen == after:
            control.request_stop()


@pytest.mark.parametrize("phase", [MARGIN, VIEWING])
def test_it_goes_on_and_ends_as_if_nobody_had_stopped_it(run, phase, monkeypatch):
    monkeypatch.setattr(copy_search, "_ROWS", 16)
    finished(audit(AuditConfig(run=run.root, planted=5), Control()))
    whole = report(run)
    (run.audit / "detailed.json").unlink()
    stopped_in(run, phase)
    begun = report(run)
    assert begun["verdict"] == Verdict.CANNOT_TELL
    assert begun["reasons"] == ["The audit was begun and did not come to its end."]
    assert (run.audit / "unfinished").is_dir()
    events = list(audit(AuditConfig(run=run.root, planted=5), Control()))
    done = [e.done for e in events if isinstance(e, Progress) and e.phase == phase]
    assert done[0] > 1
    assert report(run) == whole
    assert not (run.audit / "unfinished").exists()


def test_a_report_of_the_same_set_outlives_a_stop(run):
    finished(audit(AuditConfig(run=run.root, planted=5), Control()))
    whole = report(run)
    stopped_in(run, VIEWING)
    assert report(run) == whole


def test_a_set_that_was_changed_after_its_audit_is_not_packed(run, tmp_path):
    finished(audit(AuditConfig(run=run.root, planted=5), Control()))
    result = distilled.load(run.result)
    distilled.save(run.result, replace(result, images=result.images + 0.01))
    with pytest.raises(BundleError, match="changed after its audit"):
        finished(export(ExportConfig(run=run.root, to=tmp_path), Control()))
    stopped_in(run, VIEWING)
    assert report(run)["verdict"] == Verdict.CANNOT_TELL
