"""Which images a pass visits, and its gradient."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_run import NETWORK, small_data
from torch.nn import functional as F

from meddistill_gui.engine.experts import batches
from meddistill_gui.engine.experts.batches import epoch_order, flat_gradient, loss_and_gradient
from meddistill_gui.engine.seeding import generator


@given(st.lists(st.integers(1, 30), min_size=1, max_size=5), st.integers(0, 1000))
def test_balanced_passes_draw_every_class_equally(sizes, seed):
    labels = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    order = epoch_order(labels, len(sizes), generator(seed, "test"), balanced=True)
    drawn = torch.bincount(labels[order], minlength=len(sizes))
    assert len(order) == len(labels)
    assert int(drawn.max() - drawn.min()) <= 1
    seen = torch.bincount(order, minlength=len(labels))
    for k in range(len(sizes)):
        times = seen[labels == k]
        assert int(times.max() - times.min()) <= 1


def test_unbalanced_passes_take_every_image_once():
    labels = small_data().labels
    order = epoch_order(labels, 3, generator(1, "test"), balanced=False)
    assert order.sort().values.tolist() == list(range(60))


def test_a_class_without_images_is_no_obstacle():
    order = epoch_order(torch.tensor([0, 0, 2]), 3, generator(1, "test"), balanced=True)
    assert set(order.tolist()) <= {0, 1, 2}
    assert len(order) == 3


def test_an_order_depends_on_its_generator_alone():
    labels = small_data().labels
    first = epoch_order(labels, 3, generator(1, "a"), balanced=True)
    torch.manual_seed(5)
    assert torch.equal(first, epoch_order(labels, 3, generator(1, "a"), balanced=True))
    assert not torch.equal(first, epoch_order(labels, 3, generator(1, "b"), balanced=True))


@pytest.mark.parametrize("part", [1, 7, 16, 60, 100])
@pytest.mark.parametrize("soft", [False, True], ids=["hard labels", "soft labels"])
def test_the_gradient_in_parts_is_the_gradient(part, soft):
    data = small_data()
    images, labels = data.images.double(), data.labels
    if soft:
        labels = torch.rand(60, 3, dtype=torch.float64).softmax(dim=1)
    theta = NETWORK.initial(generator(0, "test")).double().requires_grad_()
    expected = F.cross_entropy(NETWORK.logits(theta, images), labels)
    expected.backward()
    loss, gradient = loss_and_gradient(NETWORK, theta, images, labels, part=part)
    assert float(loss) == pytest.approx(float(expected.detach()), rel=1e-12)
    torch.testing.assert_close(gradient, theta.grad, rtol=1e-11, atol=1e-14)


def test_no_radius_is_the_plain_gradient():
    data, theta = small_data(), NETWORK.initial(generator(0, "test"))
    plain = loss_and_gradient(NETWORK, theta, data.images, data.labels)
    flat = flat_gradient(NETWORK, theta, data.images, data.labels, radius=0.0, pull=0.3)
    assert torch.equal(plain[1], flat[1])


def test_the_flat_gradient_as_in_the_papers_on_the_whole_batch():
    """Written out again with autograd in float64, parameter tensors apart from the formula's flat vector."""
    data, radius, pull = small_data(), 0.05, 0.3
    images, theta = data.images.double(), NETWORK.initial(generator(0, "test")).double()

    def gradient(at):
        leaf = at.clone().requires_grad_()
        F.cross_entropy(NETWORK.logits(leaf, images), data.labels).backward()
        return leaf.grad

    here = gradient(theta)
    scale = theta.abs()
    climb = radius * scale * (scale * here) / torch.linalg.vector_norm(scale * here)
    above = gradient(theta + climb)
    orthogonal = here - above * (here.dot(above) / above.dot(above))
    _, found = flat_gradient(NETWORK, theta, images, data.labels, radius=radius, pull=pull)
    torch.testing.assert_close(found, above - pull * orthogonal, rtol=1e-9, atol=1e-12)
    assert abs(float(orthogonal.dot(above))) < 1e-9
    loss_here = float(F.cross_entropy(NETWORK.logits(theta, images), data.labels))
    loss_above = float(F.cross_entropy(NETWORK.logits(theta + climb, images), data.labels))
    assert loss_above > loss_here


def test_a_zero_gradient_stays_finite():
    theta = torch.zeros(NETWORK.parameter_count)
    data = small_data()
    _, found = flat_gradient(NETWORK, theta, data.images, data.labels, radius=0.05, pull=0.3)
    assert found.isfinite().all()


def test_small_sets_are_gone_through_in_small_steps() -> None:
    assert batches.step_batch(256, 20_000) == 256
    assert batches.step_batch(256, 3200) == 100
    assert batches.step_batch(256, 233) == 8
    assert batches.step_batch(4, 233) == 4
