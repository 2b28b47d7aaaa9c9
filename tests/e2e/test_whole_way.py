"""The whole way on the command line, as a script would take it: every sub-command, stopped, killed and gone on with."""

import json
import os
import signal
import subprocess
import sys
from functools import partial

import pytest

from meddistill_gui.cli.main import main
from meddistill_gui.core.configs.distill import (
    EvaluationConfig,
    ExpertsConfig,
    ImagesConfig,
    NetworkConfig,
)
from meddistill_gui.core.errors import Stopped
from meddistill_gui.core.specs import OPERATIONS
from meddistill_gui.operations import demo
from tests.operations.small_hospital import make_project, write_source

pytestmark = pytest.mark.slow
PROGRAM = [sys.executable, "-m", "meddistill_gui"]
SMALL = [
    "--iterations", "12", "--device", "cpu", "--images-size", "16", "--network-depth", "2",
    "--network-width", "8", "--experts-count", "2", "--experts-epochs", "4", "--experts-batch", "32",
    "--evaluation-keep-sets", "--evaluation-students", "1", "--evaluation-steps", "10", "--evaluation-every", "3", "--method", "trajectory",
    "--options-inner-steps", "3", "--options-max-start", "2", "--options-expert-epochs", "1", "--options-warm-start", "2",
]  # fmt: skip


# large images: tests/operations/test_patches_way.py; keys: tests/operations/test_key.py
ELSEWHERE = {"demo", "key", "regions", "patches", "vote", "capsule-export", "capsule-open"}


def way(root) -> dict[str, list[object]]:
    """A command for each operation but those `ELSEWHERE`, in the order in which a user needs them."""
    project, run = root / "project", root / "project" / "runs" / "first"
    bundle = root / "first.distilled.zip"
    begin = ["--project", project, "--name", "first", *SMALL]
    return {
        "scan": [root / "images", "--project", project, "--patient-pattern", r"([a-z]+\d+)_\d\.png$"],
        "label": ["--project", project, "--rename", "waves=ripples", "--ignore", "stripes"],
        "patients": ["--project", project, "--pattern", r"([a-z]+\d+)_\d\.png$"],
        "split": ["--project", project, "--validation", "0.2", "--test", "0.2", "--seed", "3"],
        "estimate": begin,
        "experts": begin,
        "distill": ["--resume", run],
        "evaluate": [
            run, "--students", "1", "--random-draws", "1", "--coresets", "herding", "k-center", "--few-shot", "2",
            "--best-over-test", "--architectures", "vgg11",
        ],
        "audit": [run, "--planted", "5"],
        "review": [run, "--image", "1", "--decision", "accepted", "--reviewer", "R", "--reason", "Noise"],
        "export": [run, "--to", root],
        "verify": [bundle],
        "receive": [bundle, "--out", root / "received", "--device", "cpu"],
        "rework": [run, "--images", "1", "--reviewer", "R", "--reason", "Too near"],
        "senders": [],
        "purge": [project],
    }  # fmt: skip


def test_every_sub_command_prints_its_result_as_json(tmp_path, capsys):
    write_source(tmp_path / "images")
    lines = way(tmp_path)
    assert {*lines, *ELSEWHERE} == {*OPERATIONS}
    said = {}
    for name, words in lines.items():
        code = main([name, *map(str, words), "--json"])
        out, err = capsys.readouterr()
        assert code == 0, err
        assert err == ""
        said[name] = json.loads(out)
        assert said[name]["text"]
    assert said["scan"]["patients"] == 60
    assert said["label"]["classes"] == {"dots": 40, "ripples": 40}
    assert said["label"]["unlabelled"] == 40
    assert sum(said["split"]["images"].values()) == 80
    assert [row["name"] for row in said["evaluate"]["rows"]] == [
        "distilled", "random", "herding", "k-center", "distilled-vgg11", "scratch", "best-over-test", "whole"
    ]  # fmt: skip
    for row in said["evaluate"]["rows"]:
        assert 0 <= row["balanced_accuracy"]["mean"] <= 1
        assert {"sensitivity", "specificity", "harmonic_mean", "auroc"} <= row["per_class"][
            0
        ].keys()
    assert set(said["evaluate"]["label_fair"]) == {"hlr", "ior", "score"}
    assert said["verify"]["sha256"] == said["export"]["sha256"]
    assert said["verify"]["audit"]["verdict"] == said["audit"]["verdict"]


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)]
)
def test_an_interrupted_run_is_gone_on_with_to_the_same_bytes(number, code, tmp_path):
    project = make_project(write_source(tmp_path / "images"), tmp_path / "project")
    results = {}
    for name in ("whole", "cut"):
        words = ["distill", "--project", str(project), "--name", name, *SMALL, "--events", "jsonl"]
        with subprocess.Popen(
            [*PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as child:
            for line in child.stdout:
                event = json.loads(line)
                if name == "cut" and event.get("name") == "loss" and event["step"] == 2:
                    child.send_signal(number)
                    break
            child.communicate()
        assert child.returncode == (code if name == "cut" else 0)
        run = project / "runs" / name
        if name == "cut":
            assert main(["distill", "--resume", str(run), "--json"]) == 0
        results[name] = (run / "result" / "distilled.safetensors").read_bytes()
    assert results["cut"] == results["whole"]


@pytest.fixture
def small_demo(monkeypatch):
    """The demo with a smaller network, fewer students and fewer plants: as it is it takes minutes."""
    small = {
        "images": ImagesConfig(size=16),
        "network": NetworkConfig(depth=2, width=8),
        "experts": ExpertsConfig(count=1, epochs=6),
        "evaluation": EvaluationConfig(students=1, steps=10),
    }
    monkeypatch.setattr(demo, "_STUDENTS", 1)
    for name, changes in (
        ("DistillConfig", small),
        ("EvaluateConfig", {"random_draws": 1}),
        ("AuditConfig", {"planted": 5}),
    ):
        monkeypatch.setattr(demo, name, partial(getattr(demo, name), **changes))


def test_the_demo_takes_a_free_folder_where_the_user_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "_prepare", stopped_at_once)
    for name in ("meddistill-demo", "meddistill-demo-2", "meddistill-demo-3"):
        assert main(["demo"]) == 130
        assert (tmp_path / name / "usb-stick").is_dir()


def stopped_at_once(*_):
    raise Stopped("Stopped.", "Start again.")


@pytest.mark.usefixtures("small_demo")
def test_the_demo_closes_with_what_the_set_is_worth(tmp_path, capsys):
    words = ["--out", str(tmp_path / "demo"), "--patients", "60", "--iterations", "3"]
    assert main(["demo", *words, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    header, *rows = result["table"]
    assert len({len(header), *map(len, rows)}) == 1
    assert any("accuracy" in name for name in header)
    shown = [row[0] for row in rows]
    assert len(shown) == 3
    assert "4 synthetic" in shown[0]
    assert "random real" in shown[1]
    assert "all" in shown[2]
    assert result["source_bytes"] > 10 * result["bundle_bytes"] > 0
    assert result["verdict"] in {"LEAK FOUND", "CANNOT TELL", "NO LEAK FOUND BY THESE TESTS"}
    page = (tmp_path / "demo" / "report.html").read_text()
    assert result["report"] == str(tmp_path / "demo" / "report.html")
    assert "Invented data" in page
    assert page.count("data:image/png") >= 4
