import numpy as np
import pytest
import torch

from meddistill_gui.audit import copy_search
from meddistill_gui.audit.copy_search import MarginSearch, ViewSearch, aligned
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import Stopped


@pytest.fixture(scope="module")
def material(train, holdout):
    def tensor(images):
        return torch.from_numpy(images.images).float() / 255

    return tensor(train), tensor(holdout), np.arange(len(train))


def searches(training, patients):
    return {"a": MarginSearch(training, patients), "b": ViewSearch(training)}


@pytest.mark.parametrize("score", ["a", "b"])
def test_an_exact_copy_beats_every_new_patient_and_names_its_own(score, material, run_to_end):
    training, holdout, patients = material
    search = searches(training, patients)[score]
    copies = run_to_end(search.run(training[:40], Control()))
    new = run_to_end(search.run(holdout, Control()))
    assert copies.score.min() > new.score.max()
    assert copies.source.tolist() == list(range(40))


@pytest.mark.parametrize(
    ("change", "score"),
    [
        (lambda x: x.flip(3), "b"),
        (lambda x: 1 - x, "b"),
        (lambda x: x**0.6, "b"),
        (lambda x: 0.5 * x + 0.2, "a"),
        (lambda x: torch.roll(x, 1, 3), "b"),
        (lambda x: x + 0.3 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0)), "a"),
    ],
    ids=["mirrored", "inverted", "gamma", "contrast", "shifted", "noisy"],
)
def test_a_changed_copy_names_its_patient(change, score, material, run_to_end):
    training, _, patients = material
    found = run_to_end(searches(training, patients)[score].run(change(training[:30]), Control()))
    assert (found.source == np.arange(30)).mean() >= 0.9


@pytest.mark.parametrize("score", ["a", "b"])
@pytest.mark.parametrize("block", [5, 1024])
def test_the_size_of_blocks_changes_nothing(score, block, material, run_to_end, monkeypatch):
    training, holdout, patients = material
    usual = run_to_end(searches(training, patients)[score].run(holdout[:12], Control()))
    monkeypatch.setattr(copy_search, "_ROWS", block)
    monkeypatch.setattr(copy_search, "_REFERENCES", max(block, 40))
    other = run_to_end(searches(training, patients)[score].run(holdout[:12], Control()))
    assert other.score == pytest.approx(usual.score, abs=1e-4)
    assert other.source.tolist() == usual.source.tolist()


@pytest.mark.parametrize("score", ["a", "b"])
def test_the_order_of_training_images_changes_nothing(score, material, run_to_end):
    training, holdout, patients = material
    order = np.random.default_rng(0).permutation(len(patients))
    usual = run_to_end(searches(training, patients)[score].run(holdout[:20], Control()))
    other = run_to_end(
        searches(training[torch.from_numpy(order)], patients[order])[score].run(
            holdout[:20], Control()
        )
    )
    assert other.score == pytest.approx(usual.score, abs=1e-4)
    assert order[other.source].tolist() == usual.source.tolist()


def test_several_images_of_a_patient_count_once(material, run_to_end):
    """Sixty copies of one image would push each other out of the margin if they were taken for sixty patients."""
    training, holdout, _ = material
    several = torch.cat([training[:1].repeat(60, 1, 1, 1), training[1:]])
    patients = np.concatenate([np.zeros(60, dtype=np.int64), np.arange(1, len(training))])
    once = run_to_end(MarginSearch(several, patients).run(training[:1], Control()))
    new = run_to_end(MarginSearch(several, patients).run(holdout, Control()))
    assert once.score[0] > new.score.max()


@pytest.mark.parametrize("score", ["a", "b"])
def test_images_without_content_never_stand_out(score, material, run_to_end):
    training, holdout, patients = material
    search = searches(training, patients)[score]
    empty = torch.stack(
        [
            torch.zeros(1, 16, 16),
            torch.ones(1, 16, 16),
            torch.full((1, 16, 16), 0.3),
            training.mean(0),
        ]
    )
    highest = run_to_end(search.run(holdout, Control())).score.max()
    found = run_to_end(search.run(empty, Control()))
    assert np.isfinite(found.score).all()
    assert (found.score <= highest).all()
    assert (found.source[:3] == -1).all()


def test_two_patients_have_no_margin(material, run_to_end):
    training, _, _ = material
    found = run_to_end(MarginSearch(training[:2], np.arange(2)).run(training[:1], Control()))
    assert found.score.tolist() == [0.0]
    assert found.source.tolist() == [-1]


def test_aligned_similarity_of_the_same_picture_is_one(material):
    training, _, _ = material
    similarity, rows = aligned(training[3:6], training, Control())
    assert similarity == pytest.approx(np.ones(3), abs=1e-5)
    assert rows.tolist() == [3, 4, 5]


@pytest.mark.parametrize("score", ["a", "b"])
def test_a_wish_to_stop_is_heard(score, material, run_to_end):
    training, holdout, patients = material
    control = Control()
    control.request_stop()
    with pytest.raises(Stopped):
        run_to_end(searches(training, patients)[score].run(holdout, control))
