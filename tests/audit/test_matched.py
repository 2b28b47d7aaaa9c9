"""The matched filter of score D: one patient under the texture, or a new one?"""

import numpy as np
import pytest
import torch

from meddistill_gui.audit.descriptors import low_passed
from meddistill_gui.audit.matched import MatchedFilter
from meddistill_gui.audit.whitened import WhitenedSearch, plain, unit
from meddistill_gui.core.control import Control
from tests.audit.conftest import hospital

N = 300


def pixels(images):
    return torch.from_numpy(images.images).float() / 255


def rough(images, deviation, seed=0):
    white = torch.randn(images.shape, generator=torch.Generator().manual_seed(seed))
    texture = white - low_passed(white, 1.0)
    return images + deviation * texture / texture.std()


@pytest.fixture(scope="module")
def training():
    return pixels(hospital(N, seed=1))


@pytest.fixture(scope="module")
def people():
    return pixels(hospital(120, seed=2))


@pytest.fixture(scope="module")
def search(training):
    return WhitenedSearch(training, np.arange(N))


@pytest.fixture(scope="module")
def matched(training):
    return MatchedFilter(unit(plain(training)), (1, 16, 16))


def test_patients_under_strong_texture_are_found_and_named(search, training, people, run_to_end):
    """Vector 7, where the texture is as strong as three times a patient's own contrast."""
    found = run_to_end(search.against(rough(training[:30], 0.35), people, Control()))
    assert found.flags.mean() > 0.7
    assert (found.scores.source == np.arange(30)).mean() > 0.9


def test_new_patients_under_it_and_noise_are_not(search, people, run_to_end):
    """Two hundred chances of 1 in 121 each."""
    new = rough(pixels(hospital(100, seed=3)), 0.5, seed=1)
    noise = 0.5 + 0.3 * torch.randn((100, 1, 16, 16), generator=torch.Generator().manual_seed(2))
    found = run_to_end(search.against(torch.cat([new, noise]), people, Control()))
    assert found.flags.sum() <= 6


def test_it_is_the_ratio_of_the_residuals_of_two_models(matched, training):
    """Against normal equations solved one by one: each model's contrast is fitted, what is left is measured in its own covariance."""
    rows = matched.coefficients(unit(plain(training)))
    spread = torch.cov(rows.T, correction=0)
    variance = torch.linspace(0.5, 2.0, rows.shape[1], dtype=torch.float64)
    noise = torch.from_numpy(np.random.default_rng(0).normal(size=rows.shape[1]))
    image = rows[5] + variance.sqrt() * noise

    def left(model, covariance):
        inverse = torch.linalg.inv(covariance)
        gain = (model @ inverse @ image) / (model @ inverse @ model)
        rest = image - gain * model
        return float(rest @ inverse @ rest)

    own = [left(row, torch.diag(variance)) for row in rows]
    new = left(rows.mean(0), spread + torch.diag(variance))
    value, source = matched._explained(image[None], variance)
    assert int(source[0]) == int(np.argmin(own))
    assert float(value[0]) == pytest.approx(np.log(new / min(own)), abs=1e-5)


def test_an_average_resembles_nobody(search, training, people, run_to_end):
    means = torch.stack([training[start::7].mean(0) for start in range(7)])
    assert not run_to_end(search.against(means, people, Control())).flags.any()


def test_contrast_changes_nothing(search, training, people, run_to_end):
    image = rough(training[:6], 0.4)
    first, second = (
        run_to_end(search.against(one, people, Control())).scores
        for one in (image, 0.5 * image + 0.2)
    )
    np.testing.assert_array_equal(first.source, second.source)
    assert first.score == pytest.approx(second.score, abs=0.15)


def test_strangers_wear_noise_at_every_spatial_frequency(matched, people):
    """Where the image has noise in coarse shapes too, those who only wear its fine texture would be sharper than anybody real."""
    noise = torch.randn((1, 1, 16, 16), generator=torch.Generator().manual_seed(5))
    image = people[:1] + 0.3 * noise
    texture = image - low_passed(image, 1.0)
    seen, worn = (matched.coefficients(plain(one))[0] for one in (image, texture))
    strangers = matched.strangers(plain(people), plain(low_passed(people, 1.0)))
    value, _ = matched.of(seen, worn, strangers)
    found = matched._texture(seen)
    like = strangers.whole + found.variance.sqrt() * strangers.noise
    at_least = matched._explained(like, found.variance)[0]
    assert (value[1:] >= at_least).all()
    assert len(value) == 1 + len(people)
