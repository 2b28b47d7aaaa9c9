"""The method's own promises; those of every method are in tests/conformance."""

from types import SimpleNamespace

import pytest

from meddistill_gui.core.config import options_of
from meddistill_gui.core.configs.trajectories import PrunedOptions
from meddistill_gui.engine.methods.pruned import weight_rule


def test_every_rule_that_can_be_chosen_exists() -> None:
    choices = next(one.about.choices for one in options_of(PrunedOptions) if one.path == "rule")
    setting = SimpleNamespace(network=SimpleNamespace(shapes=((2, 1), (3,))))
    kinds = {type(weight_rule(PrunedOptions(rule=rule), setting)) for rule in choices}
    assert len(kinds) == len(choices)


def test_paper_b_is_the_default() -> None:
    assert (PrunedOptions().rule, PrunedOptions().sigma) == ("ratio", pytest.approx(0.1))
