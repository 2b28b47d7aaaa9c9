"""From masks to a run on patches, through the operations alone; and what is refused on the way."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from meddistill_gui.core import distilled
from meddistill_gui.core.configs.capsule import VoteConfig
from meddistill_gui.core.configs.demo import DemoConfig
from meddistill_gui.core.configs.distill import (
    DistillConfig,
    EvaluationConfig,
    ImagesConfig,
    NetworkConfig,
)
from meddistill_gui.core.configs.patches import PatchesConfig
from meddistill_gui.core.configs.regions import RegionsConfig
from meddistill_gui.core.configs.soft_label import SoftLabelOptions
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import ConfigError, LabelError, SourceError
from meddistill_gui.core.events import Finished
from meddistill_gui.core.patch_set import PATCH_CLASSES
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.operations import demo_patches
from meddistill_gui.operations.distill import distill
from meddistill_gui.operations.patch_sets import has_patches, patch_sets_read, plan_of, run_images
from meddistill_gui.operations.patches import patches
from meddistill_gui.operations.regions import regions
from meddistill_gui.operations.vote import vote


def summary_of(steps) -> dict:
    *_, last = steps
    assert isinstance(last, Finished)
    return dict(last.summary)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's project of patches, smaller."""
    folder = tmp_path_factory.mktemp("folds")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(demo_patches, "SIDE", 192)
        patched.setattr(demo_patches, "WINDOW", 32)
        patched.setattr(demo_patches, "STRIDE", 16)
        config = DemoConfig(out=folder, patients=40)
        for _ in demo_patches.prepare(folder / "hospital", folder / "project", config, Control()):
            pass
    return folder


@pytest.fixture(scope="module")
def run(made: Path) -> RunFolder:
    """A short run on it."""
    config = DistillConfig(
        project=made / "project",
        name="soft",
        method="soft_label",
        iterations=2,
        augmentation="none",
        images=ImagesConfig(size=16),
        network=NetworkConfig(depth=2, width=8),
        options=SoftLabelOptions(images=3, real_batch=12),
        evaluation=EvaluationConfig(every=2),
    )
    for _ in distill(config, Control()):
        pass
    return RunFolder(made / "project" / "runs" / "soft")


@pytest.mark.slow
def test_a_run_learns_from_patches_and_freezes_how_they_were_cut(
    made: Path, run: RunFolder
) -> None:
    assert distilled.load(run.result).recipe.class_names == PATCH_CLASSES
    plan = plan_of(run)
    assert plan is not None
    assert (plan.size, plan.stride, plan.positive) == (32, 16, "coarse")
    labels = np.load(next(run.frames.glob("*.labels")), allow_pickle=False)
    assert labels.shape == (3, 3)
    other = PatchesConfig(project=made / "project", positive="coarse", size=40, stride=20)
    before = _images(run)
    summary_of(patches(other, Control()))
    assert (_images(run) == before).all(), "the run keeps its own division"
    summary_of(patches(PatchesConfig(**{**vars(other), "size": 32, "stride": 16}), Control()))


def _images(run: RunFolder) -> np.ndarray:
    config = DistillConfig(project=run.project, images=ImagesConfig(size=16))
    steps = run_images(run, config, ("validation",), Control())
    while True:
        try:
            next(steps)
        except StopIteration as end:
            (found,) = end.value
            assert found.labels.min() >= 0, "undecided patches are not scored"
            return found.images


@pytest.mark.slow
def test_votes_name_every_test_image_with_its_map(run: RunFolder) -> None:
    said = summary_of(vote(VoteConfig(run=run.root), Control()))
    record = json.loads(run.votes.read_bytes())
    assert len(record["images"]) == record["image_count"] == said["image_count"]
    for image in record["images"]:
        assert image["rows"] == list(range(0, 192 - 32 + 1, 16))
        assert np.array(image["map"]).shape == (11, 11)


@pytest.mark.slow
def test_counts_are_told_by_part_and_class(made: Path) -> None:
    config = PatchesConfig(project=made / "project", positive="coarse", size=32, stride=16)
    said = summary_of(patches(config, Control()))
    assert said["places"] == 45 * 11 * 11
    assert set(said["per_role"]) == {"train", "validation", "test", "holdout"}
    assert said["table"][0] == ["part", "images", *PATCH_CLASSES, "neither"]


@pytest.mark.slow
def test_what_cannot_be_is_refused_and_nothing_is_lost(made: Path, tmp_path: Path) -> None:
    project = made / "project"
    for wrong, error in (
        ({"stride": 2000}, ConfigError),
        ({"size": 193}, ConfigError),
        ({"positive": "nobody"}, ConfigError),
        ({"positive": ""}, ConfigError),
        ({"outside": 0.5, "inside": 0.5}, ConfigError),
    ):
        values = {"project": project, "positive": "coarse", "size": 32, "stride": 16, **wrong}
        with pytest.raises(error):
            summary_of(patches(PatchesConfig(**values), Control()))
    Image.new("1", (10, 10), 1).save(tmp_path / "IM000001.png")
    with pytest.raises(SourceError, match="has 10 x 10 pixels, its image 192 x 192"):
        summary_of(regions(RegionsConfig(masks=tmp_path, project=project), Control()))
    assert has_patches(project)
    again = RegionsConfig(masks=made / "hospital" / "masks", project=project)
    assert summary_of(regions(again, Control()))["images"] == 45


@pytest.mark.slow
def test_a_project_without_patches_says_what_to_do(made: Path) -> None:
    project = made / "project"
    summary_of(patches(PatchesConfig(project=project, forget=True), Control()))
    assert not has_patches(project)
    with pytest.raises(LabelError, match="not divided into patches"):
        next(patch_sets_read(project, ImagesConfig(), ("train",), Control()))
    config = PatchesConfig(project=project, positive="coarse", size=32, stride=16)
    summary_of(patches(config, Control()))
