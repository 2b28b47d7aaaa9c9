"""Half precision: a bounded loss that does not add up."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_run import trained

from meddistill_gui.engine.experts.forms import EVERY_EPOCH, HalfPrecision
from meddistill_gui.engine.experts.precision import fidelity_loss, shortened
from meddistill_gui.engine.experts.store import estimated_bytes, open_store


def walk(seed, epochs=30, parameters=400, stride=1e-4):
    generator = torch.Generator().manual_seed(seed)
    steps = torch.randn(epochs + 1, parameters, generator=generator) * stride
    steps[0] = torch.randn(parameters, generator=generator)
    return steps.cumsum(dim=0)


@given(st.integers(0, 1000), st.sampled_from([1e-6, 1e-4, 1e-2, 1.0, 100.0]))
def test_each_step_keeps_half_precision_however_long_the_way(seed, stride):
    snapshots = walk(seed, stride=stride)
    # float16 keeps 11 bits; float32 sums of numbers near 1 add 2^-24 each
    allowed = 2.0**-10 + 2.0**-22 / stride
    assert fidelity_loss(snapshots) < allowed


def test_the_beginning_is_exact_and_standing_still_costs_nothing():
    snapshots = walk(0)
    assert torch.equal(shortened(snapshots).restored(0), snapshots[0])
    still = snapshots[:1].expand(5, -1).contiguous()
    assert torch.equal(shortened(still).restored(4), snapshots[0])
    assert fidelity_loss(still) == 0.0


def test_a_single_snapshot_has_no_steps():
    assert torch.equal(shortened(walk(0)[:1]).restored(0), walk(0)[0])


def test_a_store_in_half_precision_takes_half_the_space_and_reads_back(tmp_path):
    stores = {}
    for half in (False, True):
        stores[half] = open_store(
            tmp_path / str(half),
            parameter_count=400,
            epochs=30,
            digest="d",
            form=HalfPrecision() if half else EVERY_EPOCH,
        )
        stores[half].append(0, walk(3))
    sizes = {half: store.path(0).stat().st_size for half, store in stores.items()}
    assert sizes[True] == pytest.approx(sizes[False] * 0.52, rel=0.02)
    bound = estimated_bytes(experts=1, epochs=30, parameter_count=400, form=HalfPrecision())
    assert bound - 1024 < sizes[True] <= bound
    for epoch in (0, 1, 17, 30):
        assert torch.equal(stores[True].theta(0, epoch), shortened(walk(3)).restored(epoch))
        torch.testing.assert_close(stores[True].theta(0, epoch), walk(3)[epoch], rtol=0, atol=1e-6)
    again = open_store(tmp_path / "True", parameter_count=400, epochs=30, digest="d")
    assert again.complete(0)


def test_a_real_expert_loses_less_than_a_thousandth(tmp_path):
    store, _ = trained(tmp_path)
    snapshots = torch.stack([store.theta(0, epoch) for epoch in range(store.epochs + 1)])
    assert 0 < fidelity_loss(snapshots) < 1e-3
