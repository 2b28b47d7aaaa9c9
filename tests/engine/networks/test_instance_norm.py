"""The second derivative that is written out, against finite differences and against torch's own."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from meddistill_gui.engine.networks import convnet
from meddistill_gui.engine.networks.families import make_network
from meddistill_gui.engine.networks.instance_norm import instance_norm
from meddistill_gui.engine.seeding import generator


def leaves(shape: tuple[int, ...], kind: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    random = generator(0, "norm")
    maps = 3 * torch.randn(shape, generator=random, dtype=kind) + 1
    scale, shift = (torch.randn(shape[1], generator=random, dtype=kind) for _ in range(2))
    return maps.requires_grad_(), scale.requires_grad_(), shift.requires_grad_()


@pytest.mark.parametrize("shape", [(2, 3, 3, 4), (1, 1, 2, 2), (3, 2, 1, 5)])
def test_both_derivatives_agree_with_finite_differences(shape: tuple[int, ...]) -> None:
    assert torch.autograd.gradcheck(instance_norm, leaves(shape))
    assert torch.autograd.gradgradcheck(instance_norm, leaves(shape))


@pytest.mark.parametrize("wanted", [(0,), (1,), (0, 1, 2)])
def test_second_derivatives_equal_torch_s_whatever_is_asked_of_the_first(
    wanted: tuple[int, ...],
) -> None:
    """Not every slope is used: a student's first layer needs none by the images' maps, a frozen one none by its scale."""
    found = []
    for norm in (instance_norm, lambda x, s, b: F.group_norm(x, len(s), s, b)):
        given = leaves((4, 5, 6, 6))
        first = torch.autograd.grad(
            norm(*given).sin().sum(), [given[place] for place in wanted], create_graph=True
        )
        total = sum(slope.pow(3).sum() for slope in first)
        found.append(torch.autograd.grad(total, given))
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


def test_maps_in_any_memory_order_give_the_same() -> None:
    found = []
    for layout in (torch.contiguous_format, torch.channels_last):
        maps, scale, shift = leaves((2, 3, 4, 4))
        answer = instance_norm(maps.contiguous(memory_format=layout), scale, shift)
        (slope,) = torch.autograd.grad(answer.exp().sum(), maps, create_graph=True)
        found.append(torch.autograd.grad(slope.square().sum(), maps)[0])
    torch.testing.assert_close(*found, rtol=1e-12, atol=1e-12)


def test_a_third_derivative_is_refused_rather_than_wrong() -> None:
    maps, scale, shift = leaves((2, 3, 4, 4))
    (once,) = torch.autograd.grad(instance_norm(maps, scale, shift).exp().sum(), maps, create_graph=True)  # fmt: skip
    (twice,) = torch.autograd.grad(once.square().sum(), maps, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        twice.sum().backward()


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small maps, too, take the written-out norm."""
    monkeypatch.setattr(convnet, "_LARGE", 0)


@pytest.mark.usefixtures("always")
def test_a_network_answers_with_the_same_bytes_either_way() -> None:
    network = make_network("convnet", depth=2, width=4, channels=1, size=8, classes=3)
    theta = network.initial(generator(1, "theta"))
    images = torch.randn(3, 1, 8, 8, generator=generator(2, "images"))
    assert torch.equal(
        network.logits(theta, images), network.twice_differentiable_logits(theta, images)
    )


@pytest.mark.usefixtures("always")
def test_half_a_batch_after_the_other_gives_the_whole_batch() -> None:
    network = make_network("convnet", depth=2, width=4, channels=1, size=8, classes=3)
    theta = network.initial(generator(1, "theta")).double().requires_grad_()
    images = torch.randn(4, 1, 8, 8, generator=generator(2, "images"), dtype=torch.float64)
    along = torch.randn(len(theta), generator=generator(3, "along"), dtype=torch.float64)

    def pulled(some: Tensor) -> Tensor:
        some = some.detach().requires_grad_()
        loss = network.twice_differentiable_logits(theta, some).square().sum()
        (slope,) = torch.autograd.grad(loss, theta, create_graph=True)
        return torch.autograd.grad(slope @ along, some)[0]

    apart = torch.cat([pulled(images[:1]), pulled(images[1:])])
    torch.testing.assert_close(pulled(images), apart, rtol=1e-10, atol=1e-12)
