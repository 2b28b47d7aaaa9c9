"""What an audit of some size can see at best, beside figures worked out elsewhere and beside its own draws."""

from dataclasses import replace

import numpy as np
import pytest

from meddistill_gui.audit import reach
from meddistill_gui.audit.closeness import index_of
from meddistill_gui.audit.material import Case
from tests.audit.conftest import hospital, set_of


def test_known_sizes():
    # 200 images, four training patients to each hold-out patient: 27 % copies; AUC of 1,000 and 200 beside 1,000
    assert reach.least_share_copied(200, 800, 200) == pytest.approx(0.277, abs=0.001)
    assert reach.auc_half_width(1000, 1000, 0.95) == pytest.approx(0.025, abs=0.001)
    assert reach.auc_half_width(200, 1000, 0.95) == pytest.approx(0.044, abs=0.001)
    assert reach.smallest_p(99) == pytest.approx(0.01)


def test_so_many_copies_leave_chance_about_half_of_the_time():
    """At the edge of what can be seen, the index of a set with that share of copies lies beyond 97.5 % of innocent sets."""
    random, images, training, holdout = np.random.default_rng(0), 200, 400, 200
    expected = training / (training + holdout)
    innocent = random.binomial(images, expected, 20_000) / images
    limit = np.quantile(index_of(innocent, expected), 0.975)
    copies = round(reach.least_share_copied(images, training, holdout) * images)
    share = (copies + random.binomial(images - copies, expected, 20_000)) / images
    beyond = float((index_of(share, expected) > limit).mean())
    assert 0.4 < beyond < 0.65


def test_the_auc_of_innocent_groups_stays_within_its_width():
    random, members, others = np.random.default_rng(1), 60, 40
    ranks = random.permuted(np.tile(np.arange(1, 101), (4000, 1)), axis=1)[:, :members].sum(axis=1)
    auc = (ranks - members * (members + 1) / 2) / (members * others)
    for confidence in (0.9, 0.95):
        width = reach.auc_half_width(members, others, confidence)
        outside = float((np.abs(auc - 0.5) > width).mean())
        assert outside == pytest.approx(1 - confidence, abs=0.015)


def test_sizes_and_limits_are_said_of_each_test_that_was_asked_for():
    train, holdout = hospital(60, seed=1), hospital(20, seed=2, role="holdout", first=60)
    case = Case(
        distilled=set_of(train.images[:12] / 255, train), train=train, holdout=holdout, seed=0
    )
    said = reach.sentence(case, membership=True)
    assert "12 synthetic images beside 60 training patients (60 images) and 20 hold-out" in said
    assert f"below {1 / 11:.2g}." in said  # half of the hold-out sets limits
    assert "index moves from 98% copies on." in said
    assert "AUC from about 0.68 on" in said
    assert "membership" not in reach.sentence(case, membership=False)
    few = replace(case, distilled=set_of(train.images[:4] / 255, train))
    assert "would not move if all were copies" in reach.sentence(few, membership=False)
