"""Images that begin again from noise, beside others that must not move by a bit."""

import dataclasses

import pytest
import torch

from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import ProjectError
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.engine import branching, checkpoint, reworking, runner, starting
from meddistill_gui.engine.bounded import normaliser_for
from meddistill_gui.engine.registry import METHODS, make_method
from meddistill_gui.engine.reworking import KEPT, holding

CPU = torch.device("cpu")


def finished_run(config, real, folder):
    folder.root.mkdir()
    list(runner.distill(config, folder, real(16), real(8, seed=1), Control()))
    return branching.Parts(config=config, folder=folder, train=real(16))


def gone_on(beginning, real, folder):
    """The reworked run from its first checkpoint to its end."""
    folder.root.mkdir()
    branching.save(beginning, folder)
    list(runner.distill(beginning.config, folder, real(16), real(8, seed=1), Control()))
    digest = starting.run_digest(beginning.config, real(16))
    ended = checkpoint.load(folder.checkpoint, digest, CPU)
    assert ended is not None
    return ended


def kept_set(parts):
    found = checkpoint.load(parts.folder.checkpoint, starting.run_digest(parts.config, parts.train), CPU)  # fmt: skip
    assert found is not None
    return found


def small(small_config, method):
    values = {"images_per_class": 2, "evaluation__students": 1}
    if method == "noisy_distribution":
        values |= {"options__epsilon": 1000.0}
    return small_config(method, **values)


@pytest.mark.slow
@pytest.mark.parametrize("method", sorted(METHODS))
def test_the_others_stay_and_the_chosen_begins_again(small_config, real, tmp_path, method):
    config = small(small_config, method)
    parts = finished_run(config, real, RunFolder(tmp_path / "run"))
    before = kept_set(parts)
    beginning = branching.begun_again(parts, [2], 3)
    first = make_method(config).result(
        starting.make_setting(config, parts.train, normaliser_for(config, parts.train)),
        beginning.checkpoint.state,
    )
    ended = gone_on(beginning, real, RunFolder(tmp_path / "new"))
    assert ended.iteration == before.iteration + 3
    assert before.best is not None
    assert ended.best is not None
    old, new = before.best.learned.images, ended.best.learned.images
    for row in set(range(len(old))) - {2}:
        assert torch.equal(old[row], new[row]), f"image {row} moved"
    assert not torch.allclose(old[2], first.images[2], atol=0.1), "it did not begin again"
    assert not torch.equal(first.images[2], new[2]), "it was not distilled on"
    assert abs(float(first.images[2].std()) - 1) < 0.4, "it did not begin as noise"


def test_nothing_is_left_to_do_in_a_run_with_images_left_out(small_config, real, tmp_path):
    parts = finished_run(small(small_config, "distribution"), real, RunFolder(tmp_path / "run"))
    before = kept_set(parts)
    assert before.best is not None
    ended = gone_on(branching.dropped(parts, [1]), real, RunFolder(tmp_path / "new"))
    assert ended.iteration == before.iteration
    assert ended.best is not None
    assert torch.equal(ended.best.learned.images, before.best.learned.images[[0, 2, 3]])
    assert torch.equal(ended.best.learned.labels, before.best.learned.labels[[0, 2, 3]])


def test_a_class_is_not_left_without_an_image(small_config, real, tmp_path):
    parts = finished_run(small(small_config, "distribution"), real, RunFolder(tmp_path / "run"))
    with pytest.raises(ProjectError, match="without an image"):
        branching.dropped(parts, [0, 1])


def test_no_image_begins_again_where_one_is_missing(small_config, real, tmp_path):
    parts = finished_run(small(small_config, "distribution"), real, RunFolder(tmp_path / "run"))
    new = RunFolder(tmp_path / "new")
    beginning = branching.dropped(parts, [1])
    gone_on(beginning, real, new)
    fewer = dataclasses.replace(parts, config=beginning.config, folder=new)
    with pytest.raises(ProjectError, match="left out of this set before"):
        branching.begun_again(fewer, [0], 3)


def test_a_run_without_a_checkpoint_is_refused(small_config, real, tmp_path):
    parts = finished_run(small(small_config, "distribution"), real, RunFolder(tmp_path / "run"))
    parts.folder.checkpoint.unlink()
    with pytest.raises(ProjectError, match="no checkpoint"):
        branching.begun_again(parts, [0], 3)


def test_it_goes_on_with_the_rates_that_were_learned(small_config, real, tmp_path):
    config = small(small_config, "trajectory")
    parts = finished_run(config, real, RunFolder(tmp_path / "run"))
    before = kept_set(parts)
    state = branching.begun_again(parts, [0], 3).checkpoint.state
    for name in ("rates", "image.rate"):
        assert torch.equal(state[name], before.state[name]), name
    assert not state["images.velocity"].any()


def test_every_tensor_with_a_row_for_each_image_is_held():
    random = torch.Generator().manual_seed(0)
    names = {
        "images": (3, 1, 2, 2),
        "images.average": (3, 1, 2, 2),
        "labels": (3, 2),
        "rates": (3,),
    }
    before = {name: torch.randn(shape, generator=random) for name, shape in names.items()}
    before[KEPT] = torch.tensor([1.0, 0.0, 1.0])
    after = {name: value + 1 for name, value in before.items() if name != KEPT}
    held = holding(before, after)
    for name in ("images", "images.average", "labels"):
        assert torch.equal(held[name][[0, 2]], before[name][[0, 2]])
        assert torch.equal(held[name][1], after[name][1])
    assert torch.equal(held["rates"], after["rates"]), "rates belong to steps, not to images"
    assert torch.equal(held[KEPT], before[KEPT])


def test_a_run_that_was_not_reworked_is_not_held():
    after = {"images": torch.ones(2, 1, 2, 2)}
    assert holding({"images": torch.zeros(2, 1, 2, 2)}, after) is after


def test_forgetting_to_hold_is_noticed(small_config, real, tmp_path, monkeypatch):
    monkeypatch.setattr(reworking, "holding", lambda _before, after: after)
    parts = finished_run(small(small_config, "distribution"), real, RunFolder(tmp_path / "run"))
    before = kept_set(parts)
    ended = gone_on(branching.begun_again(parts, [2], 3), real, RunFolder(tmp_path / "new"))
    assert before.best is not None
    assert ended.best is not None
    assert not torch.equal(before.best.learned.images[0], ended.best.learned.images[0])
