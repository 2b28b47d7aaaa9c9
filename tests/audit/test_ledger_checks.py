"""What a run's own list must agree with: the division, the set, the pixels; a list of another run hides or invents starts."""

from dataclasses import replace

import numpy as np
import pytest

from meddistill_gui.audit.material import Case
from meddistill_gui.audit.preconditions import comparable
from meddistill_gui.core.ledger import Ledger, pixels_of


@pytest.fixture
def case(train, holdout, strangers, make_set):
    ledger = Ledger(
        started_from=(None,) * 4,
        training=tuple(map(int, train.ids)),
        validation=(),
        pixels=pixels_of(train),
    )
    made = make_set(strangers[:4], train)
    return Case(distilled=made, train=train, holdout=holdout, seed=0, ledger=ledger)


def wrong(case, **changes):
    changed = replace(case, ledger=replace(case.ledger, **changes))
    return [check.sentence for check in comparable(changed) if not check.passed]


def test_its_own_list_agrees(case):
    assert wrong(case) == []
    assert wrong(case, pixels="") == []  # of an older version


def test_other_training_images(case):
    (sentence,) = wrong(case, training=case.ledger.training[1:])
    assert "1 images are not the same" in sentence


def test_a_list_of_a_larger_set(case):
    (sentence,) = wrong(case, started_from=(None,) * 5)
    assert "of 5 synthetic images, the set has 4" in sentence


def test_a_list_of_a_run_that_started_from_patients(case, train):
    (sentence,) = wrong(case, started_from=(int(train.ids[0]), None, None, None))
    assert "the list of another run" in sentence
    recipe = replace(case.distilled.recipe, initialisation="real")
    real = replace(case, distilled=replace(case.distilled, recipe=recipe))
    assert wrong(real) == []  # all began again from noise after a review


@pytest.mark.parametrize("part", ["images", "labels"])
def test_the_same_numbers_with_other_pixels_or_classes(case, train, part):
    changed = np.array(getattr(train, part))
    changed.flat[0] += 1
    other = replace(case, train=replace(train, **{part: changed}))
    assert [c.name for c in comparable(other) if not c.passed] == ["training images of this run"]
    (sentence,) = wrong(other)
    assert "of another source" in sentence
