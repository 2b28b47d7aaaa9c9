"""HLR and IOR by hand, and how their score moves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meddistill_gui.engine.evaluation.label_fair import combined, label_fair


def table(**means):
    rows = [
        {"name": name, "accuracy": {"mean": value}, "balanced_accuracy": {"mean": value - 0.1}}
        for name, value in means.items()
    ]
    return {"rows": rows}


def test_the_numbers_by_hand():
    found = label_fair(table(distilled=0.7, random=0.6, whole=0.9), "accuracy")
    assert found.hlr == pytest.approx(0.2)
    assert found.ior == pytest.approx(0.1)
    assert found.score == pytest.approx((2.718281828**-0.05 - 0.36787944) / 2.35040239, abs=1e-6)


def test_recovery_compares_hard_labels_with_hard_labels():
    means = {"distilled": 0.7, "random": 0.6, "distilled-hard": 0.65, "whole": 0.9}
    found = label_fair(table(**means), "accuracy")
    assert found.hlr == pytest.approx(0.25)
    assert found.ior == pytest.approx(0.1)


@pytest.mark.parametrize("missing", ["distilled", "random", "whole"])
def test_without_a_row_there_are_no_numbers(missing):
    means = {"distilled": 0.7, "random": 0.6, "whole": 0.9}
    del means[missing]
    assert label_fair(table(**means)) is None


def test_the_ends_of_the_scale():
    assert combined(hlr=-1, ior=1) == pytest.approx(1.0)
    assert combined(hlr=1, ior=-1) == pytest.approx(0.0)


@given(*[st.floats(-1, 1)] * 2, st.floats(0.01, 0.5))
def test_better_recovery_or_improvement_scores_higher(hlr, ior, more):
    assert combined(hlr - more, ior) > combined(hlr, ior)
    assert combined(hlr, ior + more) > combined(hlr, ior)
