"""From large images with regions to decisions about patients, and to a capsule that another hospital rebuilds."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from meddistill_gui.bundle import capsule as capsules
from meddistill_gui.bundle import export_log
from meddistill_gui.core.config import with_values
from meddistill_gui.core.configs.capsule import (
    CapsuleExportConfig,
    CapsuleOpenConfig,
    VoteConfig,
)
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.patches import PatchesConfig
from meddistill_gui.core.configs.regions import RegionsConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import BundleError, ConfigError, TargetError
from meddistill_gui.core.events import Warned
from meddistill_gui.core.project import Project
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.core.voted import PAPER_D
from meddistill_gui.data.phantoms.fold_hospital import IMAGES, MASKS, write_fold_hospital
from meddistill_gui.data.phantoms.folds import FOLDS
from meddistill_gui.engine.voting import best_delta
from meddistill_gui.operations.capsule import capsule_export, capsule_open
from meddistill_gui.operations.distill import distill
from meddistill_gui.operations.label import label
from meddistill_gui.operations.patches import patches
from meddistill_gui.operations.regions import regions
from meddistill_gui.operations.scan import scan
from meddistill_gui.operations.split import split
from meddistill_gui.operations.vote import vote
from tests.operations.small_hospital import finished

pytestmark = pytest.mark.slow


def done(events) -> list:
    return list(events)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> RunFolder:
    """A short run on patches of a small invented hospital."""
    place = tmp_path_factory.mktemp("folds")
    hospital, project = place / "hospital", place / "project"
    done(write_fold_hospital(hospital, patients=14, side=128, seed=1, control=Control()))
    done(scan(ScanConfig(source=hospital / IMAGES, project=project), Control()))
    done(label(LabelConfig(project=project), Control()))
    masks = RegionsConfig(masks=hospital / MASKS, project=project, author="test")
    done(regions(masks, Control()))
    parts = SplitConfig(project=project, validation=0.2, test=0.3, holdout=0.0, seed=0)
    done(split(parts, Control()))
    window = PatchesConfig(project=project, positive=FOLDS[1], size=24, stride=12)
    done(patches(window, Control()))
    config = with_values(DistillConfig(project=project), {"method": "soft_label"})
    small = {
        "images.size": 12,
        "network.depth": 2,
        "network.width": 4,
        "iterations": 4,
        "evaluation.every": 2,
        "options.images": 2,
        "options.batch": 1,
        "options.real_batch": 12,
        "device": "cpu",
    }
    return RunFolder(Path(finished(distill(with_values(config, small), Control()))["run"]))


@pytest.fixture
def sent(folder, tmp_path):
    """The capsule of the run."""
    found = finished(capsule_export(CapsuleExportConfig(run=folder.root, to=tmp_path), Control()))
    assert found["bytes"] == (tmp_path / f"{folder.name}.capsule").stat().st_size
    return tmp_path / f"{folder.name}.capsule"


def test_every_test_image_is_decided_and_drawn(folder):
    found = finished(vote(VoteConfig(run=folder.root, device="cpu"), Control()))
    record = json.loads((folder.result.parent / "voting.json").read_text())
    assert 0 <= found["sensitivity"] <= 1
    assert len(record["images"]) == record["image_count"] > 2
    assert len(record["curve"]) == 21
    for image in record["images"]:
        shape = np.array(image["map"]).shape
        assert shape == (len(image["rows"]), len(image["columns"])) == (9, 9)
        flat = np.array(image["map"])
        votes = (flat == 2).sum() + (flat == 1).sum()
        assert image["share"] == pytest.approx((flat == 2).sum() / max(1, votes))
        assert image["decision"] == int(votes > 0 and image["share"] >= record["delta"])
    warned = [one for one in vote(VoteConfig(run=folder.root, device="cpu"), Control()) if isinstance(one, Warned)]  # fmt: skip
    assert [one.code for one in warned] == ["tested-before"]


def test_the_threshold_is_chosen_on_validation_images_or_given(folder, monkeypatch):
    """The rule is asked about the validation images and no others."""
    chosen = finished(vote(VoteConfig(run=folder.root, device="cpu"), Control()))
    assert chosen["chosen_on"] > 0
    assert f"the best on {chosen['chosen_on']} validation images" in chosen["text"]
    asked = []

    def remembered(ballots, labels):
        asked.append(len(labels))
        return best_delta(ballots, labels)

    monkeypatch.setattr("meddistill_gui.operations.vote.best_delta", remembered)
    finished(vote(VoteConfig(run=folder.root, device="cpu"), Control()))
    assert asked == [chosen["chosen_on"]]
    given = finished(vote(VoteConfig(run=folder.root, delta=0.35, device="cpu"), Control()))
    assert (given["delta"], given["chosen_on"]) == (0.35, 0)
    assert "threshold 0.35)." in given["text"]
    monkeypatch.setattr("meddistill_gui.operations.vote.best_delta", lambda *_: None)
    events = list(vote(VoteConfig(run=folder.root, device="cpu"), Control()))
    assert [one.code for one in events if isinstance(one, Warned)] == [
        "tested-before",
        "no-threshold",
    ]
    assert events[-1].summary["delta"] == PAPER_D


def test_a_capsule_is_rebuilt_to_the_bit(sent, tmp_path):
    config = CapsuleOpenConfig(capsule=sent, out=tmp_path / "opened")
    found = finished(capsule_open(config, Control()))
    assert found["same_bits"]
    assert found["largest_difference"] == 0
    assert found["network_bytes"] == 4 * found["parameters"]
    assert found["share"] == pytest.approx(found["bytes"] / found["network_bytes"])
    assert (tmp_path / "opened" / f"{sent.stem}.safetensors").is_file()


def test_a_capsule_with_its_steps_in_another_order_is_refused(sent):
    content = sent.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    said = json.loads(header["__metadata__"]["capsule"])
    order = said["recipe"]["order"]
    old = json.dumps(order).encode()
    assert old in content
    turned = order[1:] + order[:1]
    assert turned != order
    sent.write_bytes(content.replace(old, json.dumps(turned).encode()))
    with pytest.raises(BundleError, match="whose order counts"):
        done(capsule_open(CapsuleOpenConfig(capsule=sent), Control()))


def test_even_with_a_new_checksum_another_order_is_noticed(sent):
    """Somebody rewrote the whole file: the network that comes out is not the one that was exported."""
    found, _ = capsules.read(sent)
    count = len(found.distilled.recipe.order)
    other = capsules.shuffled(found, tuple(reversed(range(count))))
    sent.write_bytes(capsules.to_bytes(replace(other, answers=1 - other.answers)))
    with pytest.raises(BundleError, match="Another network came out"):
        done(capsule_open(CapsuleOpenConfig(capsule=sent), Control()))
    sent.write_bytes(capsules.to_bytes(replace(found, digest="0" * 64)))
    events = done(capsule_open(CapsuleOpenConfig(capsule=sent), Control()))
    assert [one.code for one in events if isinstance(one, Warned)] == ["other-bits"]


def test_a_capsule_over_another_file_is_refused_and_nothing_is_lost(folder, tmp_path):
    (tmp_path / "mine.capsule").write_text("something else")
    config = CapsuleExportConfig(run=folder.root, to=tmp_path, name="mine")
    with pytest.raises(TargetError, match="is there already"):
        done(capsule_export(config, Control()))
    assert (tmp_path / "mine.capsule").read_text() == "something else"


def test_what_is_sent_is_written_down_and_what_comes_out_replaces_nothing(folder, sent, tmp_path):
    entry = export_log.read(Project(folder.project).exports)[-1]
    assert (entry.path, entry.size) == (str(sent), sent.stat().st_size)
    out = CapsuleOpenConfig(capsule=sent, out=tmp_path)
    mine = tmp_path / f"{sent.stem}.safetensors"
    mine.write_text("something else")
    with pytest.raises(TargetError, match="is there already"):
        done(capsule_open(out, Control()))
    assert mine.read_text() == "something else"
    mine.unlink()
    done(capsule_open(out, Control()))
    done(capsule_open(out, Control()))


def test_voting_needs_a_run_on_patches(folder, monkeypatch):
    monkeypatch.setattr("meddistill_gui.operations.vote.PATCH_CLASSES", ("a", "b", "c"))
    with pytest.raises(ConfigError, match="was not distilled from patches"):
        done(vote(VoteConfig(run=folder.root), Control()))
