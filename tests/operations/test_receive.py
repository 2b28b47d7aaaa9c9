"""What a receiver does with bundles, by the real operation on real files."""

import json
import subprocess
import sys
import zipfile
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import safetensors.torch
import torch

from meddistill_gui.bundle import writer
from meddistill_gui.bundle.format import ROOT
from meddistill_gui.core.configs.bundle import ReceiveConfig
from meddistill_gui.core.configs.distill import ImagesConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet, Recipe
from meddistill_gui.core.errors import BundleError, ConfigError, LabelError
from meddistill_gui.core.events import Metric, Progress
from meddistill_gui.operations import receive as module
from meddistill_gui.operations import worth
from meddistill_gui.operations.real_images import roles_read
from meddistill_gui.operations.receive import receive
from tests.operations.small_hospital import CLASSES, finished, picture

pytestmark = pytest.mark.slow


def small_set(seed: int = 0, rates: int = 1, **changes) -> DistilledSet:
    """Two pictures of each class of the small hospital, in another order of classes."""
    random, names = np.random.default_rng(seed), tuple(reversed(CLASSES))
    recipe = Recipe(
        class_names=names, size=16, channels=1, mean=(0.5,), deviation=(0.25,), network="convnet", depth=2, width=8,
        augmentation="radiograph", steps=40, batch=0, momentum=0.9, weight_decay=5e-4, method="trajectory",
        images_per_class=2, initialisation="noise", program="MedDistill 0.1.0",
    )  # fmt: skip
    images = np.stack([picture(name, random, 16) for name in names for _ in range(2)])
    return DistilledSet(
        images=images[:, None].astype(np.float32) / 255,
        labels=np.repeat(np.eye(3, dtype=np.float32), 2, axis=0),
        learning_rates=np.full(rates, 0.02, np.float32),
        recipe=replace(recipe, **changes),
    )


def write_bundle(path, distilled=None):
    papers = writer.Papers(title="Patterns", contact="", licence="", evaluation=None, audit=None)
    path.write_bytes(writer.pack(distilled or small_set(), papers))
    return path


@pytest.fixture
def bundle(tmp_path):
    return write_bundle(tmp_path / "a.distilled.zip")


def events_of(config) -> list:
    return list(receive(config, Control()))


def test_weights_onnx_figures_and_card_are_those_of_the_script(bundle, project, tmp_path):
    out = tmp_path / "out"
    events = events_of(ReceiveConfig(bundle=bundle, out=out, project=project, device="cpu", seed=3))
    summary = events[-1].summary

    own = _own_as_npz(project, tmp_path)
    with zipfile.ZipFile(bundle) as zipped:
        zipped.extractall(tmp_path)
    script = tmp_path / ROOT / "data" / "train_student.py"
    done = subprocess.run(
        [sys.executable, "-I", script, "--seed", "3", "--device", "cpu", "--test", own, "--out", tmp_path / "s"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    theirs, ours = (
        safetensors.torch.load_file(path)
        for path in (tmp_path / "s", out / "student-1.safetensors")
    )
    assert theirs.keys() == ours.keys()
    assert all(torch.equal(theirs[name], ours[name]) for name in ours)
    (test,) = summary["tests"]
    assert f"accuracy           {test['accuracy']:.4f}" in done.stdout
    assert f"balanced accuracy  {test['balanced_accuracy']:.4f}" in done.stdout
    for one, row in zip(test["per_class"], test["confusion"], strict=True):
        assert f"sensitivity {one['sensitivity']:.3f}   taken for {row}" in done.stdout

    with np.load(own) as arrays:
        images, labels = arrays["test_images"], arrays["test_labels"].ravel()
    session = onnxruntime.InferenceSession(out / "student-1.onnx")
    (answers,) = session.run(None, {"images": images[:, None].astype(np.float32) / 255})
    assert np.mean(answers.argmax(axis=1) == labels) == pytest.approx(test["accuracy"])

    card = (out / "MODEL_CARD.md").read_text()
    for expected in (
        "Not for clinical use",
        "Patterns",
        f"{test['balanced_accuracy']:.3f}",
        "waves, stripes, dots",
    ):
        assert expected in card
    assert "nan" not in card
    assert json.loads((out / "received.json").read_text())["test_images"] == len(labels)


def _own_as_npz(project, folder):
    """The project's labelled images as the bundle's classes are numbered, for the script."""
    steps = roles_read(project, ImagesConfig(size=16), module.ROLES, Control())
    while True:
        try:
            next(steps)
        except StopIteration as end:
            parts = end.value
            break
    order = np.array([tuple(reversed(CLASSES)).index(name) for name in parts[0].class_names])
    np.savez(
        folder / "own.npz",
        test_images=np.concatenate([part.images[:, 0] for part in parts]),
        test_labels=order[np.concatenate([part.labels for part in parts])][:, None],
    )
    return folder / "own.npz"


def test_the_curve_of_each_student_is_told_while_it_trains(bundle, tmp_path):
    events = events_of(ReceiveConfig(bundle=bundle, out=tmp_path / "out", students=2, device="cpu"))
    steps = [event.step for event in events if isinstance(event, Metric)]
    assert steps == [*range(1, 41), *range(1, 41)]
    assert {event.name for event in events if isinstance(event, Metric)} == {module.LOSS}
    assert "tests" not in events[-1].summary
    assert "no labelled images were given" in (tmp_path / "out" / "MODEL_CARD.md").read_text()


def test_the_comparison_says_what_the_bundle_is_worth_beside_own_images(bundle, project, tmp_path):
    config = ReceiveConfig(
        bundle=bundle, out=tmp_path / "out", project=project, students=3, own_images=4, whole=True, device="cpu",
    )  # fmt: skip
    events = events_of(config)
    summary = events[-1].summary
    rows = {row["name"]: row for row in summary["rows"]}
    assert [row["training_images"] for row in summary["rows"]] == [6, 12, 18, 48]
    assert list(rows) == ["bundle", "own", "both", "own-whole"]
    assert summary["test_images"] == 72  # 12 of 20 patients with two images, three classes
    for row in rows.values():
        assert row["students"] == 3
        for name in ("balanced_accuracy", "auroc", "calibration_error"):
            figure = row[name]
            assert figure["low"] <= figure["mean"] <= figure["high"]
            assert figure["mean"] == pytest.approx(np.mean(figure["values"]))
        assert np.sum(row["confusion"]) == pytest.approx(72)
    assert rows["own-whole"]["balanced_accuracy"]["mean"] > 0.5
    done = [e.done for e in events if isinstance(e, Progress) and e.phase == worth.PHASE]
    assert done == [*range(9), 9]
    again = events_of(replace(config, out=tmp_path / "again", whole=False))
    assert again[-1].summary["rows"][1]["auroc"] == rows["own"]["auroc"]


def test_no_image_is_trained_on_and_tested_with(bundle, project, tmp_path, monkeypatch):
    seen = {}
    monkeypatch.setattr(worth, "compared", lambda here: seen.update(here=here) or _nothing())
    events_of(ReceiveConfig(bundle=bundle, out=tmp_path / "o", project=project, own_images=1))
    here = seen["here"]
    assert not set(here.train.ids) & set(here.test.ids)
    assert not set(here.train.patients) & set(here.test.patients)
    assert here.train.class_names == here.test.class_names == tuple(reversed(CLASSES))


def test_what_a_recipe_prescribes_image_by_image_is_not_asked_of_own_images(project, tmp_path):
    taught = small_set(rates=40, order=((0, 2, 4), (1, 3, 5)) * 20, start=7)
    path = write_bundle(tmp_path / "taught.distilled.zip", taught)
    config = ReceiveConfig(
        bundle=path, out=tmp_path / "o", project=project, own_images=1, device="cpu"
    )
    rows = events_of(config)[-1].summary["rows"]
    assert [row["training_images"] for row in rows] == [6, 3, 9]


def _nothing():
    yield from ()
    return []


def test_several_bundles_are_one_training_set(bundle, project, tmp_path):
    other = write_bundle(
        tmp_path / "b.distilled.zip", small_set(1, class_names=CLASSES, mean=(0.4,))
    )
    config = ReceiveConfig(
        bundle=bundle, also=(str(other),), out=tmp_path / "out", project=project, device="cpu"
    )
    summary = finished(iter(events_of(config)))
    assert summary["images"] == 12
    assert len(list((tmp_path / "out").glob("*.png"))) == 12
    assert (tmp_path / "out" / "MODEL_CARD.md").read_text().count("SHA-256") == 2
    strange = write_bundle(tmp_path / "c.distilled.zip", small_set(1, depth=1))
    with pytest.raises(BundleError, match="depth is 2 in the first and 1"):
        events_of(replace(config, also=(str(strange),)))


def test_a_damaged_second_bundle_writes_nothing(bundle, tmp_path):
    content = bytearray(bundle.read_bytes())
    content[len(content) // 2] ^= 4
    (tmp_path / "b.distilled.zip").write_bytes(content)
    config = ReceiveConfig(
        bundle=bundle, also=(str(tmp_path / "b.distilled.zip"),), out=tmp_path / "out"
    )
    with pytest.raises(BundleError):
        events_of(config)
    assert not (tmp_path / "out").exists()


def test_other_classes_are_refused_before_anything_is_trained(project, tmp_path):
    strange = write_bundle(tmp_path / "s.distilled.zip", small_set(class_names=("a", "b", "c")))
    with pytest.raises(LabelError, match="The bundle's classes are a, b, c"):
        events_of(ReceiveConfig(bundle=strange, out=tmp_path / "out", project=project))
    assert not (tmp_path / "out").exists()


def test_to_compare_a_project_is_needed(bundle, tmp_path):
    with pytest.raises(ConfigError, match="choose the project"):
        events_of(ReceiveConfig(bundle=bundle, out=tmp_path / "out", own_images=3))
