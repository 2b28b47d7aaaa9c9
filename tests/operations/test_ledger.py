"""The ledger on its whole way: written by the run, asked by the audit, never in a bundle."""

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from meddistill_gui.core import ledger as ledgers
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.configs.bundle import ExportConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Warned
from meddistill_gui.core.run_folder import RunFolder, read_events
from meddistill_gui.core.words import Verdict
from meddistill_gui.operations.audit import audit
from meddistill_gui.operations.distill import distill
from meddistill_gui.operations.export import export
from tests.operations.small_hospital import finished, small_run

pytestmark = pytest.mark.slow


@pytest.fixture
def run(project):
    finished(distill(small_run(project, initialisation="real", images_per_class=2), Control()))
    return RunFolder(project / "runs" / "small")


def test_a_start_from_patients_is_written_down_and_asked(run):
    ledger = ledgers.load(run.ledger)
    assert len(set(ledger.started_from)) == 6
    assert set(ledger.started_from) <= set(ledger.training)
    assert not set(ledger.training) & set(ledger.validation)
    found = finished(audit(AuditConfig(run=run.root, planted=2), Control()))
    detailed = json.loads((run.audit / "detailed.json").read_text())
    assert detailed["recovery"]["started"] == 6
    assert found["verdict"] != Verdict.NO_LEAK_FOUND
    assert {"training images of this run", "hold-out not used before"} <= {
        check["name"] for check in detailed["preconditions"] if check["passed"]
    }


def test_a_start_from_patients_is_said_once_in_the_log(run, project):
    def said():
        events, _ = read_events(run.events)
        return [e for e in events if isinstance(e, Warned) and e.code == "real-start"]

    assert len(said()) == 1
    finished(distill(small_run(project, initialisation="real", images_per_class=2), Control()))
    assert len(said()) == 1


def test_patients_divided_anew_cannot_tell(run):
    """Images of a later division may hold the run's own training patients in the hold-out."""
    ledger = ledgers.load(run.ledger)
    ledgers.save(run.ledger, replace(ledger, training=ledger.training[1:]))
    found = finished(audit(AuditConfig(run=run.root, planted=2), Control()))
    assert found["verdict"] == Verdict.CANNOT_TELL
    assert "divided anew" in " ".join(found["reasons"])


def test_the_sixth_audit_on_a_holdout_cannot_tell(run):
    numbers = []
    for seed in [*range(6), 0]:
        finished(audit(AuditConfig(run=run.root, planted=1, seed=seed), Control()))
        detailed = json.loads((run.audit / "detailed.json").read_text())
        numbers.append(detailed["audits_on_this_holdout"])
        worn = {c["name"]: c["passed"] for c in detailed["preconditions"]}["hold-out not worn out"]
        assert worn == (numbers[-1] <= 5)
    assert numbers == [1, 2, 3, 4, 5, 6, 6]


def test_no_bundle_holds_the_ledger_or_the_list_of_audits(run, tmp_path):
    """Not as a file, and not its numbers: these are made long enough to be found anywhere."""
    ledger = ledgers.load(run.ledger)
    marked = [987650000 + number for number in range(6)]
    ledgers.save(
        run.ledger,
        replace(ledger, started_from=tuple(marked), training=(*marked, *ledger.training)),
    )
    path = finished(export(ExportConfig(run=run.root, to=tmp_path), Control()))["bundle"]
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    assert not [name for name in contents if "ledger" in name or "audits" in name]
    together = b"".join(contents.values())
    for number in marked:
        for form in (str(number).encode(), np.int64(number).tobytes(), np.int32(number).tobytes()):
            assert form not in together
    assert b"started_from" not in together
