"""The loop: killed and resumed equals uninterrupted, to the byte; never ends in NaN; keeps the best on validation."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch

from meddistill_gui.core import distilled
from meddistill_gui.core.config import save_toml
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import ConfigError, LabelError, ProjectError, Stopped, TargetError
from meddistill_gui.core.events import Frame, Metric, Progress, Warned
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.engine import runner
from meddistill_gui.engine.method import StepReport


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    root = tmp_path / "runs" / "run"
    root.mkdir(parents=True)
    return RunFolder(root)


def run_whole(config, folder, real, control=None):
    train, validation = real(24), real(12, role="validation", seed=1)
    return list(runner.distill(config, folder, train, validation, control or Control()))


def result(folder: RunFolder) -> bytes:
    return folder.result.read_bytes()


@pytest.mark.slow
def test_yields_what_the_window_shows(small_config, folder, real) -> None:
    config = small_config(iterations=6, options__warm_start=3)
    events = run_whole(config, folder, real)
    phases = list(dict.fromkeys(e.phase for e in events if isinstance(e, Progress)))
    assert phases == ["training experts", "warming up", "evaluating", "matching trajectories"]
    curves = {e.name for e in events if isinstance(e, Metric)}
    assert {"loss", "student rate", "validation balanced accuracy"} <= curves
    scores = [e.step for e in events if isinstance(e, Metric) and e.name == runner.SCORE]
    assert scores == [3, 6, 9]
    for frame in (e for e in events if isinstance(e, Frame)):
        images = np.load(folder.root / frame.path, allow_pickle=False)
        assert (images.dtype, images.shape) == (np.uint8, (2, 8, 8))


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3])
def test_the_result_is_a_set_with_its_recipe(small_config, folder, real, channels: int) -> None:
    config = small_config(images_per_class=2, images__channels=channels, options__warm_start=2)
    train, validation = real(24, channels=channels), real(12, channels=channels)
    list(runner.distill(config, folder, train, validation, Control()))
    made = distilled.load(folder.result)
    assert made.images.shape == (4, channels, 8, 8)
    assert np.array_equal(made.labels, np.repeat(np.eye(2, dtype=np.float32), 2, axis=0))
    assert made.recipe.class_names == ("a", "b")
    assert (made.recipe.method, made.recipe.initialisation) == ("trajectory", "noise")


def stopped_after(number: int, events, control: Control) -> None:
    """Ask for a stop at the `number`-th sign of life after the experts."""
    for event in events:
        number -= isinstance(event, Progress) and event.phase != "training experts"
        if number == 0:
            control.request_stop()


_WHOLE: dict[str, tuple[bytes, bytes]] = {}


def uninterrupted(name: str, config, tmp_path: Path, real) -> tuple[bytes, bytes]:
    """Result and checkpoint of a run that nobody stopped; made once, since they name no place."""
    if name not in _WHOLE:
        whole = RunFolder(tmp_path / "whole")
        whole.root.mkdir()
        run_whole(config, whole, real)
        _WHOLE[name] = result(whole), whole.checkpoint.read_bytes()
    return _WHOLE[name]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["trajectory", "distribution"])
@pytest.mark.parametrize("stop_at", [1, 4, 6, 9])
def test_stopped_anywhere_and_resumed_is_the_same_to_the_byte(small_config, folder, tmp_path, real, method: str, stop_at: int) -> None:  # fmt: skip
    config = small_config(method, iterations=7)
    whole = uninterrupted(method, config, tmp_path, real)
    control = Control()
    begun = runner.distill(config, folder, real(24), real(12, role="validation", seed=1), control)
    with pytest.raises(Stopped):
        stopped_after(stop_at, begun, control)
    assert distilled.load(folder.result).images.shape == (2, 1, 8, 8)
    run_whole(config, folder, real)
    assert (result(folder), folder.checkpoint.read_bytes()) == whole


CHILD = textwrap.dedent("""
    import sys
    from pathlib import Path
    sys.path.insert(0, {here!r})
    from conftest import invented
    from meddistill_gui.core.config import load_toml
    from meddistill_gui.core.configs.distill import DistillConfig
    from meddistill_gui.core.control import Control
    from meddistill_gui.core.run_folder import RunFolder
    from meddistill_gui.engine import runner
    runner._SAVE_SECONDS = 0.0
    root = Path(sys.argv[1])
    config = load_toml(DistillConfig, root / "run.toml")
    for event in runner.distill(config, RunFolder(root), invented(24), invented(12, role="validation", seed=1), Control()):
        print(event, flush=True)
""")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
def test_killed_at_any_moment_and_resumed_is_the_same_to_the_byte(small_config, tmp_path, real) -> None:  # fmt: skip
    config = small_config(iterations=12, options__warm_start=4)
    whole, killed = (RunFolder(tmp_path / "runs" / name) for name in ("whole", "killed"))
    for one in (whole, killed):
        one.root.mkdir(parents=True)
        save_toml(one.config, config)
    run_whole(config, whole, real)
    script = tmp_path / "child.py"
    script.write_text(CHILD.format(here=str(Path(__file__).parent)))
    _killed_after(40, [sys.executable, str(script), str(killed.root)])
    run_whole(config, killed, real)
    assert result(killed) == result(whole)


def _killed_after(lines: int, command: list[str]) -> None:
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ) as child:
        for number, _ in enumerate(child.stdout, start=1):
            if number == lines:
                os.kill(child.pid, signal.SIGKILL)
    assert child.returncode in {-signal.SIGKILL, 0}


@pytest.mark.slow
def test_keeps_the_set_that_is_best_on_validation(small_config, folder, real, monkeypatch) -> None:
    scores = iter([0.4, 0.9, 0.9, 0.2])
    steps = []

    def scored(candidate, *_, **__):
        steps.append(candidate)
        return next(scores)
        yield

    monkeypatch.setattr(runner, "balanced_accuracy", scored)
    run_whole(small_config("distribution", iterations=12), folder, real)
    assert result(folder) == distilled.to_bytes(steps[2])  # of equals, the later one


@pytest.mark.slow
def test_nan_never_reaches_the_result(small_config, folder, real, monkeypatch) -> None:
    """Every step after the second is poisoned; the run ends with finite images and says why."""
    from meddistill_gui.engine.matching.features import FeatureMatching

    honest = FeatureMatching.step

    def poisoned(self, setting, state, iteration):
        report = honest(self, setting, state, iteration)
        if iteration < 2:
            return report
        broken = {**report.state, "images": report.state["images"] * torch.nan}
        return StepReport(state=broken, loss=report.loss)

    monkeypatch.setattr(FeatureMatching, "step", poisoned)
    events = run_whole(small_config("distribution", iterations=60), folder, real)
    codes = [e.code for e in events if isinstance(e, Warned)]
    assert "not-finite" in codes
    assert "went-back" in codes
    assert codes[-1] == "diverged"
    assert np.isfinite(distilled.load(folder.result).images).all()


@pytest.mark.slow
def test_huge_steps_never_end_in_nan(small_config, folder, real) -> None:
    run_whole(small_config(iterations=8, options__warm_start=0, options__image_rate=1e7, options__rate_rate=10.0), folder, real)  # fmt: skip
    assert np.isfinite(distilled.load(folder.result).images).all()


@pytest.mark.slow
def test_starting_from_real_images_is_marked(small_config, folder, real) -> None:
    run_whole(small_config("distribution", initialisation="real"), folder, real)
    assert distilled.load(folder.result).recipe.initialisation == "real"


def test_one_class_is_refused(small_config, folder, real) -> None:
    with pytest.raises(LabelError, match="only one class"):
        list(runner.distill(small_config(), folder, real(6, classes=1), real(6, classes=1), Control()))  # fmt: skip
    assert not folder.checkpoint.exists()


def test_more_real_images_than_a_class_has_are_refused(small_config, folder, real) -> None:
    config = small_config(initialisation="real", images_per_class=20)
    with pytest.raises(LabelError, match="12 training images; 20 are needed"):
        run_whole(config, folder, real)


def test_images_of_another_size_are_refused(small_config, folder, real) -> None:
    with pytest.raises(ConfigError, match="the options say"):
        run_whole(small_config(images__size=16), folder, real)


@pytest.mark.slow
def test_other_training_images_are_refused_and_nothing_is_lost(small_config, folder, real) -> None:
    config = small_config("distribution")
    run_whole(config, folder, real)
    before = result(folder)
    with pytest.raises(ProjectError, match="belongs to other training images"):
        list(runner.distill(config, folder, real(24, seed=9), real(12), Control()))
    assert result(folder) == before


@pytest.mark.slow
def test_a_damaged_checkpoint_is_refused_before_any_work(small_config, folder, real) -> None:
    config = small_config("distribution")
    run_whole(config, folder, real)
    folder.checkpoint.write_bytes(folder.checkpoint.read_bytes()[:-8])
    with pytest.raises(ProjectError, match="Delete this one file"):
        run_whole(config, folder, real)


@pytest.mark.slow
def test_a_full_disk_keeps_what_was_written(small_config, folder, real, monkeypatch) -> None:
    config = small_config("distribution", iterations=6)
    honest, left = runner.write_whole, [2]

    def filling(path, content):
        left[0] -= 1
        if left[0] < 0:
            raise TargetError("There is no room left.", "Free some space.")
        honest(path, content)

    monkeypatch.setattr(runner, "write_whole", filling)
    with pytest.raises(TargetError, match="no room"):
        run_whole(config, folder, real)
    monkeypatch.setattr(runner, "write_whole", honest)
    run_whole(config, folder, real)
    assert np.isfinite(distilled.load(folder.result).images).all()


@pytest.mark.slow
def test_going_on_with_a_complete_run_changes_nothing(small_config, folder, real) -> None:
    config = small_config("distribution")
    run_whole(config, folder, real)
    before = result(folder), folder.checkpoint.read_bytes()
    run_whole(config, folder, real)
    assert (result(folder), folder.checkpoint.read_bytes()) == before


@pytest.mark.slow
def test_no_path_or_name_of_a_person_in_the_result(small_config, folder, real) -> None:
    run_whole(small_config("distribution"), folder, real)
    content = result(folder)
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert str(folder.root.parent.parent) not in json.dumps(header)
