"""What leaves the engine, and how it is chosen."""

import numpy as np
import pytest
import torch

from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import from_bytes, to_bytes
from meddistill_gui.core.events import Progress
from meddistill_gui.engine import selection
from meddistill_gui.engine.checkpoint import Best
from meddistill_gui.engine.method import Learned
from meddistill_gui.engine.selection import Publisher, balanced_accuracy, better
from meddistill_gui.engine.tensors import Normaliser

CPU = torch.device("cpu")


@pytest.fixture
def publisher(small_config) -> Publisher:
    normaliser = Normaliser((0.4,), (0.2,))
    return Publisher(config=small_config(), normaliser=normaliser, class_names=("a", "b"))


def learned(images: torch.Tensor | None = None) -> Learned:
    images = torch.zeros(2, 1, 8, 8) if images is None else images
    return Learned(images=images, labels=torch.eye(2), rates=torch.tensor([0.05]))


def finished(events) -> tuple[list, float]:
    seen = []
    while True:
        try:
            seen.append(next(events))
        except StopIteration as end:
            return seen, end.value


def test_published_images_are_in_units_of_full_range(publisher) -> None:
    made = publisher.published(learned(torch.full((2, 1, 8, 8), 4.0)))
    assert made.images == pytest.approx(0.4 + 4.0 * 0.2)  # brighter than white: not clipped
    assert from_bytes(to_bytes(made)).recipe == made.recipe


def test_the_recipe_says_how_the_method_wants_its_students(small_config) -> None:
    config = small_config(options__student_steps=7, options__student_momentum=0.0)
    made = Publisher(config=config, normaliser=Normaliser((0.4,), (0.2,)), class_names=("a", "b"))
    recipe = made.published(learned()).recipe
    assert (recipe.steps, recipe.momentum) == (7, 0.0)
    usual = Publisher(config=small_config(), normaliser=made.normaliser, class_names=("a", "b"))
    recipe = usual.published(learned()).recipe
    assert (recipe.steps, recipe.momentum) == (6, 0.9)


def test_published_images_are_no_alias(publisher) -> None:
    mine = learned()
    made = publisher.published(mine)
    mine.images.add_(1), mine.labels.add_(1), mine.rates.add_(1)
    assert made.images.max() == pytest.approx(0.4)
    assert made.labels.max() == 1
    assert made.learning_rates.max() == pytest.approx(0.05)


@pytest.mark.slow
def test_scores_with_fresh_students_and_says_so(publisher, real) -> None:
    events = balanced_accuracy(publisher.published(learned()), real(12), students=2, seed=0, device=CPU, control=Control())  # fmt: skip
    seen, score = finished(events)
    assert [(e.done, e.total) for e in seen if isinstance(e, Progress)] == [(0, 2), (1, 2), (2, 2)]
    assert 0.0 <= score <= 1.0


@pytest.mark.slow
def test_good_images_score_better_than_swapped_ones(small_config, real) -> None:
    config = small_config(evaluation__steps=60)
    publisher = Publisher(config=config, normaliser=Normaliser((0.3,), (0.2,)), class_names=("a", "b"))  # fmt: skip
    train = real(40)
    means = np.stack([train.images[train.labels == k].mean(0) for k in (0, 1)]) / 255
    images = torch.from_numpy((means - 0.3) / 0.2).float()
    scores = []
    for one in (images, images.flip(0)):
        made = publisher.published(learned(one))
        events = balanced_accuracy(made, real(40, seed=1), students=2, seed=0, device=CPU, control=Control())  # fmt: skip
        scores.append(finished(events)[1])
    assert scores[0] > 0.9
    assert scores[1] < 0.1


def test_a_diverging_student_scores_nothing(publisher, real, monkeypatch) -> None:
    def diverging(*_, **__):
        raise selection.DivergedError("left the finite numbers", "smaller rate")

    monkeypatch.setattr(selection, "train_student", diverging)
    events = balanced_accuracy(publisher.published(learned()), real(12), students=2, seed=0, device=CPU, control=Control())  # fmt: skip
    assert finished(events)[1] == 0.0


def test_the_later_of_equals_is_kept() -> None:
    first = better(None, learned(), 0.5, 1)
    assert better(first, learned(), 0.5, 2).iteration == 2
    assert better(first, learned(), 0.4, 2) is first
    assert isinstance(first, Best)
