"""Descriptors, views, planted leaks, surrogates, halves of the hold-out, the blind baseline, distances, the record."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from meddistill_gui.audit.blind_baseline import blind_baseline
from meddistill_gui.audit.descriptors import equalised, fitted, low_passed, reduced, standardised
from meddistill_gui.audit.manifold import Distances
from meddistill_gui.audit.patients import halves, numbered
from meddistill_gui.audit.planted import KINDS, OWN_TEXTURE, planted
from meddistill_gui.audit.policy import shown
from meddistill_gui.audit.preconditions import Precondition, near_duplicates
from meddistill_gui.audit.record import FORMAT
from meddistill_gui.audit.surrogates import dressed, scrambled
from meddistill_gui.audit.views import VIEWS, View


@pytest.fixture(scope="module")
def pixels(train):
    return torch.from_numpy(train.images[:40]).float() / 255


def test_brightness_and_contrast_change_no_descriptor(pixels):
    for ranked in (False, True):
        descriptor, rows = fitted(pixels, 1.0, 16, ranked=ranked)
        assert torch.allclose(descriptor(0.5 * pixels + 0.2), rows, atol=2e-2 if ranked else 1e-4)


def test_gamma_changes_no_ranks(pixels):
    assert torch.allclose(equalised(pixels), equalised(pixels**0.6), atol=0.1)


def test_ties_share_their_rank():
    image = torch.tensor([[[[0.0, 0.0], [0.0, 1.0]]]])
    ranks = equalised(image)[0, 0]
    assert ranks[0, 0] == ranks[0, 1] == ranks[1, 0] < ranks[1, 1]
    assert torch.equal(equalised(image.flip(3)), equalised(image).flip(3))


def test_rows_are_unit_vectors_and_flat_images_are_zero(pixels):
    descriptor, rows = fitted(pixels, 2.0, 8, ranked=False)
    assert torch.allclose(rows.norm(dim=1), torch.ones(40), atol=1e-5)
    assert not descriptor(torch.full((1, 1, 16, 16), 0.3)).any()
    assert not standardised(torch.full((1, 1, 4, 4), 0.1)).any()


def test_the_low_pass_keeps_a_flat_image_and_no_denormals():
    flat = torch.full((1, 1, 32, 32), 0.7)
    assert torch.allclose(low_passed(flat, 2.0), flat, atol=1e-6)
    assert low_passed(flat, 0.0) is flat
    spot = torch.zeros(1, 1, 32, 32)
    spot[0, 0, 16, 16] = 1.0
    spread = low_passed(spot, 1.0)
    assert not ((spread > 0) & (spread < 1e-30)).any()


def test_small_images_are_not_enlarged(pixels):
    assert reduced(pixels, 64) is pixels
    assert reduced(pixels, 8).shape == (40, 1, 8, 8)


def test_there_are_34_views_and_no_two_agree(pixels):
    assert len(VIEWS) == 34
    assert len({view.words() for view in VIEWS}) == 34
    seen = torch.stack([view.apply(pixels[:1]) for view in VIEWS]).flatten(1)
    assert len(torch.unique(seen, dim=0)) == 34


def test_views_move_things_where_their_words_say():
    image = torch.zeros(1, 1, 40, 40)
    image[0, 0, 10, 8] = 1.0
    right = View(shift=(0.05, 0.0)).apply(image)[0, 0]
    assert right.argmax().item() == 10 * 40 + 10
    assert View(mirrored=True).apply(image)[0, 0].argmax().item() == 10 * 40 + 31
    larger = View(scale=1.1).apply(image)[0, 0]
    row, column = divmod(larger.argmax().item(), 40)
    assert row < 10
    assert column < 8
    assert View().words() == "as it is"


def test_a_mirrored_view_is_the_mirror_of_the_view(pixels):
    for view in VIEWS[1:15]:
        twin = View(mirrored=True, scale=view.scale, shift=(-view.shift[0], view.shift[1]))
        assert torch.allclose(twin.apply(pixels), view.apply(pixels).flip(3), atol=1e-4)


def test_planted_leaks_are_the_same_each_time_and_know_their_source(pixels):
    first, second = (planted(pixels, np.arange(40), pixels[:4], 6, seed=5) for _ in range(2))
    assert [one.kind for one in first] == [*KINDS, OWN_TEXTURE]
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one.images, other.images)
        assert one.images.shape == (6, 1, 16, 16)
        assert len(np.unique(one.sources)) == 6
    exact = first[0]
    assert torch.equal(exact.images, pixels[torch.from_numpy(exact.sources)])
    changed = [
        one for one in first[1:] if torch.equal(one.images, pixels[torch.from_numpy(one.sources)])
    ]
    assert not changed


def test_more_leaks_than_patients_can_be_planted(pixels):
    assert len(planted(pixels[:3], np.arange(3), pixels[:1], 8, seed=0)[0].images) == 8


def test_a_surrogate_wears_the_texture_of_the_image_on_another_patient(pixels):
    worn = dressed(pixels[0], pixels[1:3])
    fine = pixels[:1] - low_passed(pixels[:1], 1.0)
    assert torch.allclose(
        worn - low_passed(pixels[1:3], 1.0), fine.expand(2, -1, -1, -1), atol=1e-6
    )


def test_scrambled_noise_keeps_the_spectrum_and_nothing_else(pixels):
    noise = scrambled(pixels[0], 3, torch.Generator().manual_seed(0))
    wanted = torch.fft.rfft2(pixels[0]).abs()
    inside = (
        slice(None),
        slice(1, 8),
        slice(1, 8),
    )  # edges of the half spectrum are their own mirror images
    assert torch.allclose(torch.fft.rfft2(noise[1]).abs()[inside], wanted[inside], atol=1e-3)
    assert not torch.allclose(noise[0], noise[1], atol=0.05)


def test_unknown_patients_are_one_each():
    assert len(np.unique(numbered(np.array([4, -1, 4, -1, 9])))) == 4
    assert numbered(np.array([7, 3, 7])).tolist() == [1, 0, 1]


def test_the_halves_of_the_holdout_share_no_patient():
    patients = np.repeat(np.arange(31), 3)
    first, second = halves(patients, seed=0)
    assert sorted([*first, *second]) == list(range(93))
    assert not set(patients[first]) & set(patients[second])
    order = np.random.default_rng(0).permutation(93)
    again, _ = halves(patients[order], seed=0)
    assert set(patients[order][again]) == set(patients[first])


def test_the_blind_baseline_sees_another_scanner_and_nothing_else(train, holdout, make_hospital):
    assert blind_baseline(train, holdout, seed=0).low <= 0.5
    assert blind_baseline(train, make_hospital(5, seed=1), seed=0) is None


@pytest.mark.slow
def test_the_blind_baseline_raises_few_false_alarms(make_hospital):
    alarms = 0
    for seed in range(30):
        sides = make_hospital(80, seed=100 + seed), make_hospital(60, seed=200 + seed)
        alarms += blind_baseline(*sides, seed=seed).low > 0.5
    assert alarms <= 2


def test_distances_are_called_uninformative_far_away():
    near = np.linspace(1, 2, 100)
    assert Distances(synthetic=np.full(4, 9.0), holdout=near).off_manifold
    assert not Distances(synthetic=np.full(4, 1.5), holdout=near).off_manifold


def test_the_policy_is_shown_in_words():
    assert all(what and much for what, much in shown())
    assert FORMAT == 1
    assert Precondition(name="a", passed=True, sentence="b").pairs == ()


@pytest.mark.parametrize(
    ("pairs", "words"), [(1, "1 hold-out image looks"), (2, "2 hold-out images look")]
)
def test_one_picture_on_both_sides_is_one_image(pairs, words):
    images = SimpleNamespace(ids=[10, 11, 12])
    found = SimpleNamespace(same_picture=[(number, number) for number in range(pairs)])
    said = near_duplicates(SimpleNamespace(train=images, holdout=images), found)
    assert said.sentence.startswith(words)
    assert not said.passed
