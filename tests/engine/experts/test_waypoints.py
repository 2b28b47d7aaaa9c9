"""Waypoints against the authors' own way of saying it: layer after layer, epoch after epoch, adding up."""

import dataclasses
import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_run import NETWORK, small_config, trained

from meddistill_gui.core.config import problems
from meddistill_gui.engine.experts.forms import (
    EVERY_EPOCH,
    AtWaypoints,
    HalfPrecision,
    fidelity,
    form_of,
    restored,
)
from meddistill_gui.engine.experts.waypoints import between, thinned, waypoint_epochs

LENGTHS = (7, 1, 12)


def walk(seed, epochs, kind=torch.float64):
    random = torch.Generator().manual_seed(seed)
    steps = torch.randn(epochs + 1, sum(LENGTHS), generator=random, dtype=torch.float64)
    return steps.cumsum(dim=0).to(kind)


def convexified(way):
    """One piece between two waypoints: the straight way, cut in proportion to how far each epoch went."""
    found = [way[0].clone()]
    for _ in way[1:]:
        found.append(found[-1].clone())
        start = 0
        for length in LENGTHS:
            layer = slice(start, start + length)
            gone = [float(torch.dist(b[layer], a[layer])) for a, b in itertools.pairwise(way)]
            share = gone[len(found) - 2] / sum(gone) if sum(gone) else 1.0
            found[-1][layer] += share * (way[-1] - way[0])[layer]
            start += length
    return found


@given(st.integers(0, 1000), st.integers(1, 12), st.integers(2, 14))
def test_every_epoch_is_where_the_reference_has_it(seed, epochs, number):
    snapshots = walk(seed, epochs)
    few = thinned(snapshots, number, torch.tensor(LENGTHS))
    chosen = few.epochs.tolist()
    expected = [snapshots[0]]
    for first, last in itertools.pairwise(chosen):
        expected += convexified(list(snapshots[first : last + 1]))[1:]
    tensors = {f.name: getattr(few, f.name) for f in dataclasses.fields(few)}
    for epoch, theta in enumerate(expected):
        found = restored(tensors, tensors.__getitem__, epoch)
        torch.testing.assert_close(found, theta, rtol=1e-12, atol=1e-12)
    for epoch in chosen:
        assert torch.equal(restored(tensors, tensors.__getitem__, epoch), snapshots[epoch])


@given(st.integers(1, 200), st.integers(2, 210))
def test_waypoints_are_spread_evenly_from_the_first_epoch_to_the_last(epochs, number):
    chosen = waypoint_epochs(epochs, number)
    assert (chosen[0], chosen[-1]) == (0, epochs)
    assert len(chosen) == min(number, epochs + 1)
    gaps = [b - a for a, b in itertools.pairwise(chosen)]
    assert min(gaps) >= 1
    assert max(gaps) - min(gaps) <= 1


def test_waypoints_by_hand():
    assert waypoint_epochs(10, 3) == [0, 5, 10]
    assert waypoint_epochs(5, 4) == [0, 2, 3, 5]
    snapshots = torch.tensor([[0.0, 0.0], [3.0, 0.0], [4.0, 0.0], [4.0, 8.0]])
    few = thinned(snapshots, 2, torch.tensor([1, 1]))
    assert few.shares.tolist() == [[0, 0], [0.75, 0], [1, 0], [1, 1]]


def test_a_layer_that_stands_still_stays():
    snapshots = walk(0, 4)
    snapshots[:, 7] = 2.5
    form = AtWaypoints(2, LENGTHS)
    tensors = form.tensors(snapshots)
    for epoch in range(5):
        found = restored(tensors, tensors.__getitem__, epoch)
        assert float(found[7]) == 2.5
        assert found.isfinite().all()


def test_a_layer_goes_its_own_share():
    found = between(
        torch.zeros(5), torch.full((5,), 10.0), torch.tensor([0.1, 0.5]), torch.tensor([2, 3])
    )
    assert found.tolist() == [1, 1, 5, 5, 5]


def test_what_a_form_loses_by_hand():
    """The middle of a right angle (0, 0), (3, 0), (3, 4) lies at 3/7 of the straight way from end to end, 5 long."""
    snapshots = torch.tensor([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]])
    lost = fidelity(snapshots, AtWaypoints(2, (2,)), span=1)
    middle = torch.tensor([3.0, 4.0]) * 3 / 7
    assert lost.ends == pytest.approx(float((middle - snapshots[1]).norm()) / 3)
    assert lost.length == pytest.approx(1 - 5 * 3 / 7 / 3)
    assert fidelity(snapshots, EVERY_EPOCH, span=1) == fidelity(snapshots, AtWaypoints(3, (2,)), span=1)  # fmt: skip
    assert fidelity(snapshots, EVERY_EPOCH, span=1).ends == 0
    with pytest.raises(ValueError, match="no segments of 3 epochs"):
        fidelity(snapshots, EVERY_EPOCH, span=3)


def test_a_real_expert_keeps_its_ends_and_loses_most_in_the_middle(tmp_path):
    whole, _ = trained(tmp_path / "whole", small_config(count=1))
    few, _ = trained(tmp_path / "few", small_config(count=1, waypoints=2))
    last = whole.epochs
    for epoch in (0, last):
        assert torch.equal(few.theta(0, epoch), whole.theta(0, epoch))
    gaps = [float((few.theta(0, e) - whole.theta(0, e)).norm()) for e in range(last + 1)]
    assert 0 < max(gaps) == max(gaps[1:last])
    assert few.path(0).stat().st_size < 0.6 * whole.path(0).stat().st_size


def test_the_options_choose_the_form():
    shapes = NETWORK.shapes
    assert form_of(small_config().experts, shapes) == EVERY_EPOCH
    assert form_of(small_config(half=True).experts, shapes) == HalfPrecision()
    form = form_of(small_config(waypoints=4).experts, shapes)
    assert (form.number, sum(form.lengths)) == (4, NETWORK.parameter_count)


@pytest.mark.parametrize(
    ("experts", "sentence"),
    [
        ({"waypoints": 1}, "a way has a beginning and an end"),
        ({"waypoints": 3, "half": True}, "cannot both be set"),
    ],
)
def test_options_that_make_no_sense_are_told(experts, sentence):
    assert any(sentence in found for found in problems(small_config(**experts)))
