import pytest

from meddistill_gui.engine.bounded import is_bounded, normaliser_for
from meddistill_gui.engine.registry import METHODS
from meddistill_gui.engine.tensors import normaliser_of


@pytest.mark.parametrize("method", sorted(METHODS))
def test_only_the_noised_method_is_bounded(small_config, real, method):
    config, train = small_config(method), real(12)
    assert is_bounded(config) == (method == "noisy_distribution")
    assert (normaliser_for(config, train) == normaliser_of(train)) != is_bounded(config)


def test_the_fixed_numbers_have_one_per_channel(small_config, real):
    fixed = normaliser_for(small_config("noisy_distribution"), real(12, channels=3))
    assert fixed.mean == (0.5, 0.5, 0.5)
    assert fixed.deviation == (0.25, 0.25, 0.25)
