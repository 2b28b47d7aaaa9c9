"""The program as a user starts it: real operations, real processes, real signals."""

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.operations.small_hospital import write_source

pytestmark = pytest.mark.slow
PROGRAM = [sys.executable, "-m", "meddistill_gui"]


def meddistill(*words) -> subprocess.CompletedProcess:
    return subprocess.run([*PROGRAM, *map(str, words)], capture_output=True, text=True, check=False)


def test_from_a_folder_to_a_split_and_back_to_the_first_mistake(tmp_path):
    source, project = write_source(tmp_path / "images"), tmp_path / "project"
    pattern = r"([a-z]+\d+)_\d\.png$"
    scanned = meddistill(
        "scan", source, "--project", project, "--patient-pattern", pattern, "--json"
    )
    assert json.loads(scanned.stdout)["patients"] == 60
    labelled = meddistill("label", "--project", project)
    assert labelled.returncode == 0
    assert "dots" in labelled.stdout
    divided = meddistill("split", "--project", project, "--json")
    assert sum(json.loads(divided.stdout)["images"].values()) == 120
    wrong = meddistill("split", "--project", project, "--validation", "0.9")
    assert wrong.returncode == 2
    assert "validation is 0.9" in wrong.stderr


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_ctrl_c_stops_a_running_operation(tmp_path):
    out = tmp_path / "demo"
    with subprocess.Popen(
        [*PROGRAM, "demo", "--out", str(out), "--events", "jsonl"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as demo:
        for line in demo.stdout:
            if json.loads(line)["event"] == "progress":
                break
        demo.send_signal(signal.SIGINT)
        _, said = demo.communicate()
    assert demo.returncode == 130
    assert "Stopped" in said
    assert "Traceback" not in said
