import dataclasses

import pytest
import torch

from meddistill_gui.core.errors import ProjectError
from meddistill_gui.engine import checkpoint
from meddistill_gui.engine.checkpoint import Best, Checkpoint
from meddistill_gui.engine.method import Learned

CPU = torch.device("cpu")


def a_checkpoint(**changes: object) -> Checkpoint:
    learned = Learned(images=torch.rand(2, 1, 4, 4), labels=torch.eye(2), rates=torch.tensor([0.1]))
    state = {"images": torch.rand(2, 1, 4, 4), "images.velocity": torch.zeros(2, 1, 4, 4)}
    made = Checkpoint(digest="d", iteration=7, state=state, best=Best(learned=learned, score=0.5, iteration=5), evaluated=5)  # fmt: skip
    return dataclasses.replace(made, **changes)


def test_comes_back_as_it_was(tmp_path) -> None:
    made = a_checkpoint(setbacks=2, recoveries=1)
    checkpoint.save(tmp_path / "c", made)
    found = checkpoint.load(tmp_path / "c", "d", CPU)
    assert found is not None
    for name in ("digest", "iteration", "setbacks", "recoveries", "evaluated"):
        assert getattr(found, name) == getattr(made, name)
    assert found.state.keys() == made.state.keys()
    assert all(torch.equal(found.state[name], made.state[name]) for name in made.state)
    assert (found.best.score, found.best.iteration) == (0.5, 5)
    assert torch.equal(found.best.learned.images, made.best.learned.images)


def test_without_a_best_set(tmp_path) -> None:
    checkpoint.save(tmp_path / "c", a_checkpoint(best=None))
    assert checkpoint.load(tmp_path / "c", "d", CPU).best is None


def test_the_same_checkpoint_is_the_same_bytes(tmp_path) -> None:
    made = a_checkpoint()
    checkpoint.save(tmp_path / "a", made)
    checkpoint.save(tmp_path / "b", dataclasses.replace(made, state=dict(reversed(made.state.items()))))  # fmt: skip
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_none_yet(tmp_path) -> None:
    assert checkpoint.load(tmp_path / "c", "d", CPU) is None


def test_other_images_or_options_are_refused(tmp_path) -> None:
    checkpoint.save(tmp_path / "c", a_checkpoint())
    with pytest.raises(ProjectError, match="belongs to other training images"):
        checkpoint.load(tmp_path / "c", "other", CPU)


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "header"])
def test_damage_is_said(tmp_path, damage: str) -> None:
    path = tmp_path / "c"
    checkpoint.save(path, a_checkpoint())
    content = path.read_bytes()
    damaged = {"cut": content[:-30], "empty": b"", "text": b"hello there, no tensors", "header": content.replace(b"iteration", b"iterating")}  # fmt: skip
    path.write_bytes(damaged[damage])
    with pytest.raises(ProjectError, match="is damaged"):
        checkpoint.load(path, "d", CPU)


def test_saving_does_not_alias_the_state(tmp_path) -> None:
    made = a_checkpoint()
    checkpoint.save(tmp_path / "c", made)
    found = checkpoint.load(tmp_path / "c", "d", CPU)
    found.state["images"].add_(1)
    assert not torch.equal(found.state["images"], made.state["images"])
