from pathlib import Path

import pytest

from meddistill_gui.audit.formal import COVERAGE, claimed
from meddistill_gui.core.config import with_values
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.methods import METHOD_OPTIONS
from meddistill_gui.core.words import FORMAL_GUARANTEE_NONE


def config_of(method: str, **values: object) -> DistillConfig:
    begun = with_values(DistillConfig(project=Path("p")), {"method": method})
    return with_values(begun, {name.replace("__", "."): value for name, value in values.items()})


@pytest.mark.parametrize("method", sorted(METHOD_OPTIONS))
def test_only_the_noised_method_claims_a_bound(method):
    assert (claimed(config_of(method)) == FORMAL_GUARANTEE_NONE) == (method != "noisy_distribution")


def test_the_bound_is_told_in_numbers():
    found = claimed(config_of("noisy_distribution", options__epsilon=3.0, options__delta=1e-6))
    assert found == "FORMAL GUARANTEE: (3, 1e-06)-DP per patient"


def test_a_start_from_real_images_has_no_bound():
    assert claimed(config_of("noisy_distribution", initialisation="real")) == FORMAL_GUARANTEE_NONE


def test_it_is_said_what_the_bound_does_not_cover():
    assert "adds to it" in COVERAGE
    assert "does not cover" in COVERAGE


def test_a_choice_by_eye_undoes_the_bound():
    assert claimed(config_of("noisy_distribution"), reworked=True) == FORMAL_GUARANTEE_NONE
