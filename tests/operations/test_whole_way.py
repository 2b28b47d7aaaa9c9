"""Scan to receive, as a user would: each step is the real operation on real files."""

import json
import os
import py_compile
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from meddistill_gui.core import distilled as sets
from meddistill_gui.core.config import to_mapping
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.configs.bundle import ExportConfig, ReceiveConfig, VerifyConfig
from meddistill_gui.core.configs.results import EvaluateConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import BundleError, Stopped
from meddistill_gui.core.events import Metric
from meddistill_gui.core.paths import resources
from meddistill_gui.core.run_folder import RunFolder, ask, read_events
from meddistill_gui.core.words import Verdict
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.operations.audit import audit
from meddistill_gui.operations.distill import distill, experts
from meddistill_gui.operations.evaluate import evaluate
from meddistill_gui.operations.export import export
from meddistill_gui.operations.receive import receive
from meddistill_gui.operations.verify import verify
from tests.operations.small_hospital import finished, small_run

pytestmark = pytest.mark.slow


def _at_a_loss(steps, first, act):
    """Consume the run, acting at each loss from iteration `first` on."""
    for event in steps:
        if isinstance(event, Metric) and event.name == "loss" and event.step >= first:
            act()


def test_from_folder_to_a_student_at_the_other_hospital(project, tmp_path):
    control = Control()
    run = RunFolder(project / "runs" / "small")
    finished(experts(small_run(project), control))
    finished(distill(small_run(project), control))

    figures = finished(evaluate(EvaluateConfig(run=run.root, students=2, random_draws=1), control))
    assert {row["name"] for row in figures["rows"]} >= {"distilled", "random", "whole"}

    found = finished(audit(AuditConfig(run=run.root, planted=5), control))
    # 12 hold-out patients are far fewer than a verdict needs
    assert found["verdict"] == Verdict.CANNOT_TELL
    # three synthetic images, each with its three nearest on both sides, and none of it in the page that may travel
    assert (run.audit / "detailed.html").read_text().count("data:image/png") >= 3 * (1 + 3 + 3)
    # the page that may travel shows the three synthetic images at most, and no real one
    assert (run.audit / "public.html").read_text().count("data:image/png") <= 3

    stick = tmp_path / "stick"
    stick.mkdir()
    sent = finished(export(ExportConfig(run=run.root, to=stick, name="set"), control))
    checked = finished(verify(VerifyConfig(bundle=stick / "set.distilled.zip"), control))
    assert checked["sha256"] == sent["sha256"]
    assert checked["recipe"]["initialisation"] == "noise"

    got = finished(
        receive(
            ReceiveConfig(
                bundle=stick / "set.distilled.zip", out=tmp_path / "there", project=project
            ),
            control,
        )
    )
    assert got["test_images"] == 120
    assert "flatters" in got["text"]  # the sender's own project tests it here
    received = sets.load(tmp_path / "there" / "distilled.safetensors")
    assert np.array_equal(received.images, sets.load(run.result).images)


def test_export_refuses_a_set_with_a_leak(project, tmp_path):
    finished(distill(small_run(project), Control()))
    run = RunFolder(project / "runs" / "small")
    finished(audit(AuditConfig(run=run.root, planted=5), Control()))
    report = json.loads((run.audit / "detailed.json").read_text())
    (run.audit / "detailed.json").write_text(json.dumps(report | {"verdict": Verdict.LEAK_FOUND}))
    with pytest.raises(BundleError, match="LEAK FOUND"):
        finished(export(ExportConfig(run=run.root, to=tmp_path, name="set"), Control()))
    assert not list(tmp_path.glob("*.zip"))


def test_a_stop_keeps_what_was_done_and_a_resumed_run_ends_in_the_same_bytes(project):
    finished(distill(small_run(project, "whole"), Control()))

    control = Control()
    steps = distill(small_run(project, "halves"), control)
    with pytest.raises(Stopped, match="kept"):
        _at_a_loss(steps, 2, control.request_stop)
    log, _ = read_events(RunFolder(project / "runs" / "halves").events)
    assert log[-1].code == "stopped"
    finished(distill(small_run(project, "halves"), Control()))

    results = [
        RunFolder(project / "runs" / name).result.read_bytes() for name in ("whole", "halves")
    ]
    assert results[0] == results[1]


def test_a_wish_in_the_run_folder_stops_it(project):
    steps = distill(small_run(project, iterations=10_000), Control())
    with pytest.raises(Stopped):
        _at_a_loss(steps, 0, lambda: ask(RunFolder(project / "runs" / "small"), "stop"))


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_killed_at_any_moment_it_goes_on_to_the_same_bytes(project):
    finished(distill(small_run(project, "whole", iterations=12), Control()))
    config = json.dumps(to_mapping(small_run(project, "killed", iterations=12)))
    script = (
        "import sys, json; from meddistill_gui.core.config import from_mapping;"
        "from meddistill_gui.core.configs.distill import DistillConfig;"
        "from meddistill_gui.core.control import Control; from meddistill_gui.operations.distill import distill\n"
        "for event in distill(from_mapping(DistillConfig, json.loads(sys.argv[1])), Control()): print(event, flush=True)"
    )
    for moment in ("training experts", "matching", "'loss', step=4"):
        with subprocess.Popen(
            [sys.executable, "-c", script, config], stdout=subprocess.PIPE, text=True
        ) as child:
            for line in child.stdout:
                if moment in line:
                    os.kill(child.pid, signal.SIGKILL)
                    break
            child.stdout.read()
    finished(distill(small_run(project, "killed", iterations=12), Control()))
    results = [
        RunFolder(project / "runs" / name).result.read_bytes() for name in ("whole", "killed")
    ]
    assert results[0] == results[1]


def test_a_patient_named_in_a_report_is_never_sent(project, tmp_path):
    finished(distill(small_run(project), Control()))
    run = RunFolder(project / "runs" / "small")
    finished(audit(AuditConfig(run=run.root, planted=5), Control()))
    report = json.loads((run.audit / "detailed.json").read_text())
    report["coarse_reasons"].append("Patient pwaves007 looks near.")
    (run.audit / "detailed.json").write_text(json.dumps(report))
    with pytest.raises(BundleError, match="pwaves007"):
        finished(export(ExportConfig(run=run.root, to=tmp_path, name="set"), Control()))
    assert not list(tmp_path.glob("*.zip"))


def test_a_source_file_named_as_the_bundle_names_its_own_is_no_alarm(project, tmp_path):
    with open_catalogue(project / "catalogue.sqlite") as catalogue:
        catalogue.connection.execute(
            "INSERT INTO file (path, size, modified, kind) VALUES ('README.txt', 1, 1, 'other')"
        )
    finished(distill(small_run(project), Control()))
    finished(
        export(ExportConfig(run=project / "runs" / "small", to=tmp_path, name="set"), Control())
    )


def test_a_compiled_script_among_the_resources_stops_no_export(project, tmp_path, monkeypatch):
    shutil.copytree(resources(), tmp_path / "resources")
    py_compile.compile(str(tmp_path / "resources" / "bundle" / "train_student.py"))
    monkeypatch.setenv("MEDDISTILL_RESOURCES", str(tmp_path / "resources"))
    finished(distill(small_run(project), Control()))
    finished(
        export(ExportConfig(run=project / "runs" / "small", to=tmp_path, name="set"), Control())
    )
