"""The script that travels in each bundle trains the same student as the program itself."""

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open

from benchmarks.bundle_sample import make_papers, make_set
from meddistill_gui.bundle import writer
from meddistill_gui.bundle.format import ROOT
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.engine.evaluation import students

CPU = torch.device("cpu")


def unpacked(distilled: DistilledSet, folder: Path) -> Path:
    """The script in an unpacked bundle, as a receiver without this program has it."""
    bundle = folder / "b.zip"
    bundle.write_bytes(writer.pack(distilled, make_papers(evaluation=None)))
    with zipfile.ZipFile(bundle) as zipped:
        zipped.extractall(folder)
    return folder / ROOT / "data" / "train_student.py"


def run(script: Path, *arguments: str | Path) -> str:
    """Run it without this program on the path."""
    done = subprocess.run(
        [sys.executable, "-I", script, "--device", "cpu", *arguments],
        capture_output=True, text=True, cwd=script.parent, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def weights(path: Path) -> torch.Tensor:
    """The saved student as one vector, in the order of the layers."""
    with safe_open(path, "pt") as file:
        names = sorted(
            file.keys(), key=lambda name: (int(name.split(".")[0]), name.endswith("bias"))
        )
        assert "recipe" in file.metadata()
        return torch.cat([file.get_tensor(name).flatten() for name in names])


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"augmentation": "none"},
        {"augmentation": "radiograph", "rates": 20},
        {"augmentation": "natural", "channels": 3, "per_class": 3, "batch": 5},
    ],
    ids=str,
)
def test_it_trains_the_programs_student_to_the_last_bit(options, tmp_path):
    distilled = make_set(**options)
    run(unpacked(distilled, tmp_path), "--seed", "3", "--out", tmp_path / "s.safetensors")
    expected = students.train_student(distilled, seed=3, device=CPU, control=Control())
    assert torch.equal(weights(tmp_path / "s.safetensors"), expected)


@pytest.mark.slow
def test_its_test_figures_are_the_programs(tmp_path):
    distilled, random = make_set(steps=60), np.random.default_rng(1)
    labels = random.integers(0, 4, 200)
    means = 255 * distilled.images[labels, 0].clip(0, 1)
    pixels = (means + random.normal(0, 120, means.shape)).clip(0, 255).astype(np.uint8)
    np.savez(tmp_path / "own.npz", test_images=pixels, test_labels=labels[:, None])
    printed = run(unpacked(distilled, tmp_path), "--test", tmp_path / "own.npz")
    theta = students.train_student(distilled, seed=0, device=CPU, control=Control())
    own = RealImages(
        images=pixels[:, None],
        labels=labels,
        patients=labels,
        ids=labels,
        class_names=distilled.recipe.class_names,
        role="test",
    )
    answers = students.predict(distilled.recipe, theta, own, CPU).argmax(axis=1)
    assert 0.3 < (answers == labels).mean() < 0.999
    assert f"accuracy           {(answers == labels).mean():.4f}" in printed
    sensitivity = [(answers == labels)[labels == k].mean() for k in range(4)]
    assert f"balanced accuracy  {np.mean(sensitivity):.4f}" in printed


@pytest.mark.slow
def test_it_tests_on_a_folder_of_class_folders(tmp_path):
    script = unpacked(make_set(steps=2), tmp_path)
    for name, count in (("normal", 2), ("FOCAL OPACITY", 1)):
        (tmp_path / "own" / name).mkdir(parents=True)
        for index in range(count):
            Image.new("RGB", (40, 30), (index, 90, 20)).save(
                tmp_path / "own" / name / f"{index}.png"
            )
    assert "3 test images" in run(script, "--test", tmp_path / "own")
    (tmp_path / "own" / "stranger").mkdir()
    done = subprocess.run([sys.executable, script, "--device", "cpu", "--test", tmp_path / "own"], capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode != 0
    assert "stranger is none of the classes" in done.stderr
