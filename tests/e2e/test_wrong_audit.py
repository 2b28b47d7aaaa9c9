"""Everything that may be wrong about an audit, on the command line: CANNOT TELL with the reason or exit code 2, never a green verdict.

The world's own audit finds nothing and says so, so what turns it over in each test is what that test does wrong.
"""

import contextlib
import io
import json
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from meddistill_gui.cli.main import main
from meddistill_gui.core import distilled
from meddistill_gui.core import ledger as ledgers
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.core.words import Verdict
from tests.audit.conftest import hospital
from tests.e2e.world import World, kept, refused

pytestmark = pytest.mark.slow
PATTERN = r"(p\d+)\.png$"
PLANTED = ("--planted", 5)
RUN = [
    "--method", "distribution", "--iterations", 2, "--images-per-class", 2, "--images-size", 16, "--network-depth", 2,
    "--network-width", 8, "--evaluation-students", 1, "--evaluation-steps", 5, "--evaluation-every", 2,
    "--evaluation-validation-students", 1, "--device", "cpu",
]  # fmt: skip


def drawn(folder: Path, images: RealImages) -> Path:
    """A source: one file a patient, in a folder for each class."""
    for pixels, own, number in zip(images.images, images.labels, images.patients, strict=True):
        path = folder / images.class_names[own] / f"p{number:05d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels[0]).save(path)
    return folder


def done(*words) -> dict:
    """What a command line says that goes well."""
    code, out = said(*words)
    assert code == 0, out
    return json.loads(out)


def said(*words) -> tuple[int, str]:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = main([*map(str, words), "--json"])
    return code, out.getvalue()


def divided(source: Path, project: Path, *, seed: int = 0, pattern: str | None = PATTERN) -> Path:
    done("scan", source, "--project", project, *(["--patient-pattern", pattern] if pattern else []))
    done("label", "--project", project)
    done("split", "--project", project, "--test", 0, "--holdout", 0.35, "--seed", seed)
    return project


def distilled_in(project: Path, name: str = "small", *more) -> RunFolder:
    done("distill", "--project", project, "--name", name, *RUN, *more)
    return RunFolder(project / "runs" / name)


def holding(run: RunFolder, images: np.ndarray) -> RunFolder:
    """The run with these images, 0..1, as its result, under its own recipe."""
    made = distilled.load(run.result)
    distilled.save(run.result, replace(made, images=images.astype(np.float32)))
    return run


@dataclass(frozen=True)
class Found:
    verdict: str
    reasons: str


def audited(run: RunFolder, *more) -> Found:
    told = done("audit", run.root, *(more or PLANTED))
    detailed = json.loads((run.audit / "detailed.json").read_text())
    assert detailed["verdict"] == told["verdict"]
    public = json.loads((run.audit / "public.json").read_text())
    assert public["verdict"] == told["verdict"]
    return Found(told["verdict"], " ".join(told["reasons"]))


def strangers(count: int = 4, seed: int = 3) -> np.ndarray:
    return hospital(count, seed=seed).images.astype(np.float32) / 255


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> World:
    world = World(tmp_path_factory.mktemp("audited"))
    project = divided(drawn(world.source, hospital(300, seed=1)), world.project)
    run = holding(distilled_in(project), strangers())
    assert audited(run).verdict == Verdict.NO_LEAK_FOUND
    done("export", run.root, "--to", world.root, "--name", "set")
    return world


@pytest.fixture
def world(made, tmp_path) -> World:
    """A copy that a test may damage."""
    shutil.copytree(made.root, tmp_path / "world")
    return World(tmp_path / "world")


@pytest.fixture
def run(world) -> RunFolder:
    return RunFolder(world.run)


def cannot_tell(found: Found, why: str) -> None:
    assert found.verdict == Verdict.CANNOT_TELL, found
    assert why in found.reasons


def packed(run: RunFolder, world: World, capsys) -> str:
    """What `export` says when it refuses, and `capsule-export` for the same reason; nothing is written and nothing changed."""
    before = kept(world)
    capsys.readouterr()
    where = [run.root, "--to", world.root, "--name", "other"]
    text, of_capsule = (refused([one, *where], capsys) for one in ("export", "capsule-export"))
    assert text == of_capsule
    assert kept(world) == before
    return text


def test_unknown_patients(world, tmp_path):
    project = divided(world.source, tmp_path / "unknown", pattern=None)
    cannot_tell(audited(holding(distilled_in(project), strangers())), "patients are not known")


def test_patients_divided_anew_after_the_run(run, world, tmp_path):
    """The hold-out of another division holds patients that the run has learned from."""
    project = divided(world.source, tmp_path / "anew", seed=7)
    shutil.copytree(run.root, project / "runs" / "small")
    cannot_tell(audited(RunFolder(project / "runs" / "small")), "divided anew")


def test_a_hold_out_that_chose_the_set(run):
    ledger = ledgers.load(run.ledger)
    trained = {*ledger.training, *ledger.validation}
    other = next(number for number in range(1, 301) if number not in trained)
    ledgers.save(run.ledger, replace(ledger, validation=(*ledger.validation, other)))
    cannot_tell(audited(run), "1 hold-out images were used")


def test_images_that_are_no_longer_those_of_the_run(tmp_path, capsys):
    """Other patients of the same kind and brightness under the old names."""
    source, project = drawn(tmp_path / "images", hospital(300, seed=1)), tmp_path / "project"
    run = holding(distilled_in(divided(source, project)), strangers())
    drawn(source, hospital(300, seed=9))
    done("scan", source, "--project", project, "--patient-pattern", PATTERN)
    capsys.readouterr()
    assert "not divided yet" in refused(["audit", run.root, *PLANTED], capsys)
    divided(source, project)
    cannot_tell(audited(run), "the run was made")


def test_one_class_never_comes_to_an_audit(world, capsys):
    before = kept(world)
    words = ["label", "--project", world.project, "--rename", "normal=one", "opacity=one"]
    assert "All images are of one class" in refused(words, capsys)
    assert kept(world) == before


def test_a_hold_out_that_served_too_often(run, world):
    path = world.project / "audits.json"
    known = {name: [*audits, *"abcd"] for name, audits in json.loads(path.read_text()).items()}
    path.write_text(json.dumps(known))
    assert audited(run).verdict == Verdict.NO_LEAK_FOUND  # the same audit is no new one
    cannot_tell(audited(run, *PLANTED, "--seed", 1), "audit 6 on this hold-out")


def test_a_damaged_list_of_audits(run, world, capsys):
    (world.project / "audits.json").write_text("{")
    before = kept(world)
    assert "nobody can say how often" in refused(["audit", run.root, *PLANTED], capsys)
    assert kept(world) == before


def test_a_damaged_ledger(run, world, capsys):
    run.ledger.write_text(run.ledger.read_text()[:-20])
    before = kept(world)
    text = refused(["audit", run.root, *PLANTED], capsys)
    assert "nobody can say what the images were started from" in text
    assert kept(world) == before


def test_a_ledger_of_another_run(run, world):
    other = distilled_in(world.project, "real", "--initialisation", "real")
    shutil.copy(other.ledger, run.ledger)
    cannot_tell(audited(run), "it is the list of another run")
    many = ledgers.load(run.ledger)
    ledgers.save(run.ledger, replace(many, started_from=(None,) * 7))
    cannot_tell(audited(run), "it is the list of another run")


def test_a_test_that_was_asked_for_and_could_not_be_made(run):
    cannot_tell(audited(run, *PLANTED, "--reidentification"), "not assessable")


KILLED = """
import os, signal, sys
from meddistill_gui.cli.main import main
from meddistill_gui.engine import runner
usual, made = runner.distill, []
def killed(*given):
    made.append(given)
    if len(made) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return usual(*given)
runner.distill = killed
main(sys.argv[1:])
"""


def test_a_deep_audit_that_was_killed_cannot_tell_and_goes_on(run, world, tmp_path, monkeypatch):
    monkeypatch.setattr("meddistill_gui.audit.deep_membership._REDRAWN", 99)
    shutil.rmtree(run.audit)
    shutil.copytree(world.root, tmp_path / "whole")
    words = ["audit", "", *PLANTED, "--deep", "4"]
    whole = RunFolder(World(tmp_path / "whole").run)
    audited(whole, *words[2:])
    words[1] = run.root
    code = subprocess.run([sys.executable, "-c", KILLED, *map(str, words)], check=False, capture_output=True).returncode  # fmt: skip
    assert code == -signal.SIGKILL
    begun = json.loads((run.audit / "detailed.json").read_text())
    assert begun["verdict"] == Verdict.CANNOT_TELL
    assert begun["reasons"] == ["The audit was begun and did not come to its end."]
    kept_runs = {path.stem for path in (run.audit / "unfinished").iterdir()}
    assert kept_runs == {"audit", "deep-0", "deep-1"}
    audited(run, *words[2:])
    reports = [json.loads((one.audit / "detailed.json").read_text()) for one in (run, whole)]
    assert reports[0]["deep_membership"] == reports[1]["deep_membership"]
    assert reports[0]["deep_membership"]["runs"] == 4
    assert not (run.audit / "unfinished").exists()


def test_a_leak_is_not_exported_whatever_is_done_to_its_reports(run, world, capsys):
    holding(run, hospital(300, seed=1).images.astype(np.float32)[:16:4] / 255)
    assert "changed after its audit" in packed(run, world, capsys)
    found = audited(run)
    assert found.verdict == Verdict.LEAK_FOUND, found
    assert "LEAK FOUND" in packed(run, world, capsys)
    done("review", run.root, "--image", 1, "--decision", "accepted", "--reviewer", "R", "--reason", "No")  # fmt: skip
    (run.audit / "public.json").unlink()
    assert "LEAK FOUND" in packed(run, world, capsys)


def test_a_leak_that_an_earlier_audit_found_stays(run, world, capsys):
    """As when a test is not asked for any more that had found it."""
    path = run.audit / "detailed.json"
    report = json.loads(path.read_text())
    leak = "Membership test: AUC 0.900."
    path.write_text(json.dumps(report | {"verdict": "LEAK FOUND", "leaks": [leak], "reasons": [leak]}))  # fmt: skip
    found = audited(run)
    assert found.verdict == Verdict.LEAK_FOUND
    assert "earlier audit of this very set found: Membership test" in found.reasons
    assert "LEAK FOUND" in packed(run, world, capsys)


def test_a_report_of_another_set(run, world, capsys):
    other = holding(distilled_in(world.project, "other"), strangers(seed=4))
    shutil.copytree(run.audit, other.audit, dirs_exist_ok=True)
    assert "changed after its audit" in packed(other, world, capsys)


def test_a_bundle_never_carries_the_coarse_report_of_another_audit(run, world):
    path = run.audit / "public.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"reasons": ["Of another set."]}))
    bundle = done("export", run.root, "--to", world.root, "--name", "other")["bundle"]
    assert b"Of another set." not in Path(bundle).read_bytes()


def test_a_damaged_report(run, world, capsys):
    path = run.audit / "detailed.json"
    path.write_text(path.read_text()[:-100])
    assert "Run the audit again" in packed(run, world, capsys)
    assert audited(run).verdict == Verdict.NO_LEAK_FOUND


@pytest.mark.parametrize("damage", [lambda line: line.replace(b"leak", b"none", 1), lambda line: b"\xff\xfe" + line, lambda _: b"{"])  # fmt: skip
def test_a_damaged_log_of_reviews(damage, run, world, capsys):
    words = ["--image", 1, "--decision", "leak", "--reviewer", "R", "--reason", "A face"]
    done("review", run.root, *words)
    assert "shows a patient" in packed(run, world, capsys)
    run.reviews.write_bytes(damage(run.reviews.read_bytes()))
    assert "not as it was written" in packed(run, world, capsys)
    before = kept(world)
    assert "not as it was written" in refused(["review", run.root, *words], capsys)
    assert kept(world) == before


def test_a_leak_that_a_reviewer_saw_before_any_audit(run, world, capsys):
    for report in run.audit.iterdir():
        report.unlink()
    done("review", run.root, "--image", 1, "--decision", "leak", "--reviewer", "R", "--reason", "A face")  # fmt: skip
    assert "shows a patient" in packed(run, world, capsys)
