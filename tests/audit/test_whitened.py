"""Score D: what tells patients apart, beside nobody in the same texture."""

import numpy as np
import pytest
import torch
from scipy import stats

from meddistill_gui.audit.surrogates import dressed
from meddistill_gui.audit.whitened import WhitenedSearch
from meddistill_gui.core.control import Control
from tests.audit.conftest import hospital

N = 300


def pixels(images):
    return torch.from_numpy(images.images).float() / 255


@pytest.fixture(scope="module")
def training():
    return pixels(hospital(N, seed=1))


@pytest.fixture(scope="module")
def people():
    return pixels(hospital(120, seed=2))


@pytest.fixture(scope="module")
def search(training):
    return WhitenedSearch(training, np.arange(N))


def against(search, images, people):
    steps = search.against(images, people, Control())
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def test_half_a_patient_in_a_blend_is_found_and_named(search, training, people):
    found = against(search, 0.5 * training[:20] + 0.5 * people[:20], people[20:])
    assert found.flags.mean() > 0.8
    assert (found.scores.source[found.flags] == np.arange(20)[found.flags]).all()


def test_a_patient_under_noise_is_found_by_comparison_with_nobody_under_noise(
    search, training, people
):
    noise = 0.15 * torch.randn(training[:20].shape, generator=torch.Generator().manual_seed(0))
    found = against(search, training[:20] + noise, people)
    assert found.flags.mean() > 0.8


def test_new_patients_noise_and_averages_are_not(search, training, people):
    noise = torch.randn((40, 1, 16, 16), generator=torch.Generator().manual_seed(1))
    means = torch.stack([training[start::7].mean(0) for start in range(7)])
    new = pixels(hospital(200, seed=3))
    nobody = torch.cat([0.5 + 0.3 * noise, means])
    assert against(search, nobody, people).flags.sum() <= 2  # 47 chances of 1 in 121 each
    found = against(search, new, people)
    assert found.flags.mean() <= 0.05
    assert stats.kstest(found.p, "uniform", alternative="greater").pvalue > 1e-4


def test_nobody_is_the_hold_out_in_the_texture_of_the_image(search, training, people):
    image = training[:1] + 0.2 * torch.randn(
        (1, 1, 16, 16), generator=torch.Generator().manual_seed(2)
    )
    drawn = search.run(dressed(image[0], people), Control()).score
    np.testing.assert_allclose(against(search, image, people).nobody[0], drawn, atol=1e-4)


def test_brightness_and_contrast_change_nothing(search, training):
    plain, changed = (
        search.run(images, Control()) for images in (training[:9], 0.3 * training[:9] + 0.4)
    )
    np.testing.assert_allclose(plain.score, changed.score, atol=1e-4)
    np.testing.assert_array_equal(plain.source, changed.source)


def test_the_size_of_blocks_and_the_order_change_nothing(training, people, monkeypatch):
    turned = WhitenedSearch(training.flip(0), np.arange(N))
    plain = WhitenedSearch(training, np.arange(N)).run(training[:9], Control())
    monkeypatch.setattr("meddistill_gui.audit.whitened._REFERENCES", 7)
    monkeypatch.setattr("meddistill_gui.audit.whitened._ROWS", 2)
    other = turned.run(training[:9], Control())
    np.testing.assert_allclose(plain.score, other.score, atol=1e-3)
    np.testing.assert_array_equal(plain.source, N - 1 - other.source)


def test_the_same_film_is_known_whatever_was_done_to_its_values(search, training, people):
    changed = training[:10].pow(0.8) + 0.01
    told, source = search.same_film(torch.cat([changed, people[:50]]), Control())
    assert told.tolist() == [True] * 10 + [False] * 50
    assert source[:10].tolist() == list(range(10))


def test_few_images_cannot_be_whitened_and_flag_nothing(people):
    few = pixels(hospital(12, seed=4))
    search = WhitenedSearch(few, np.arange(12))
    found = against(search, few, people)
    assert not found.flags.any()
    assert not search.same_film(few, Control())[0].any()


def test_images_without_content_name_nobody(search, people):
    found = against(search, torch.full((2, 1, 16, 16), 0.5), people)
    assert found.scores.source.tolist() == [-1, -1]
    assert not found.flags.any()
