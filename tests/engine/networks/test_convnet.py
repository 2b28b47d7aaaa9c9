"""ConvNet against torch's own modules, its sizes against the published ones, and the promises of `Network`."""

import pytest
import torch
from torch import Tensor, nn

from meddistill_gui.engine.networks.families import make_network
from meddistill_gui.engine.networks.network import Network
from meddistill_gui.engine.seeding import generator


def network(depth: int = 2, width: int = 6, channels: int = 3, size: int = 12, classes: int = 3) -> Network:  # fmt: skip
    return make_network("convnet", depth=depth, width=width, channels=channels, size=size, classes=classes)  # fmt: skip


def modules(depth: int, width: int, channels: int, size: int, classes: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for block in range(depth):
        incoming = channels if block == 0 else width
        layers += [nn.Conv2d(incoming, width, 3, padding=1), nn.InstanceNorm2d(width, affine=True), nn.ReLU(), nn.AvgPool2d(2)]  # fmt: skip
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(width * (size >> depth) ** 2, classes)).double()  # fmt: skip


@pytest.mark.parametrize(("size", "channels"), [(12, 3), (13, 1), (8, 1), (15, 3)])
def test_equals_torch_modules(size: int, channels: int) -> None:
    net, reference = network(size=size, channels=channels), modules(2, 6, channels, size, 3)
    theta = net.initial(generator(0, "t")).double()
    theta = theta + 0.1 * torch.randn(len(theta), generator=generator(1, "t"), dtype=torch.float64)
    nn.utils.vector_to_parameters(theta, reference.parameters())
    images = torch.randn(4, channels, size, size, generator=generator(2, "x"), dtype=torch.float64)
    assert torch.allclose(net.logits(theta, images), reference(images), rtol=1e-10, atol=1e-12)
    assert torch.allclose(
        net.features(theta, images), reference[:-1](images), rtol=1e-10, atol=1e-12
    )


@pytest.mark.parametrize(
    ("depth", "channels", "size", "classes", "parameters"),
    [(5, 3, 112, 4, 599_812), (4, 3, 64, 8, 463_752), (3, 3, 32, 9, 317_961)],
)
def test_has_the_published_number_of_parameters(depth: int, channels: int, size: int, classes: int, parameters: int) -> None:  # fmt: skip
    assert network(depth, 128, channels, size, classes).parameter_count == parameters


@pytest.mark.parametrize("size", [8, 9, 60, 61])
def test_one_channel_needs_no_special_padding(size: int) -> None:
    net = network(depth=2, channels=1, size=size)
    assert net.logits(net.initial(generator(0, "t")), torch.zeros(1, 1, size, size)).shape == (1, 3)


def test_starts_as_torch_layers_do() -> None:
    net = network(depth=1, width=64, channels=3, size=16, classes=5)
    theta = net.initial(generator(0, "t"))
    kernel, bias = theta[: 64 * 27], theta[64 * 27 : 64 * 28]
    assert theta.dtype == torch.float32
    for values, bound in ((kernel, 27**-0.5), (bias, 27**-0.5), (theta[64 * 30 :], (64 * 64) ** -0.5)):  # fmt: skip
        assert float(values.abs().max()) <= bound
        assert float(values.std()) == pytest.approx(bound / 3**0.5, rel=0.15)
    assert torch.equal(theta[64 * 28 : 64 * 29], torch.ones(64))
    assert torch.equal(theta[64 * 29 : 64 * 30], torch.zeros(64))


def test_the_generator_alone_decides_the_start() -> None:
    net = network()
    assert torch.equal(net.initial(generator(5, "t")), net.initial(generator(5, "t")))
    assert not torch.equal(net.initial(generator(5, "t")), net.initial(generator(6, "t")))


def test_images_of_a_batch_do_not_know_each_other() -> None:
    net = network()
    theta = net.initial(generator(0, "t")).double()
    images = torch.randn(5, 3, 12, 12, generator=generator(2, "x"), dtype=torch.float64)
    together = net.logits(theta, images)
    apart = torch.cat([net.logits(theta, one[None]) for one in images])
    assert torch.allclose(together, apart, rtol=1e-12, atol=1e-13)


def test_works_under_vmap_and_grad() -> None:
    net = network()
    thetas = torch.stack([net.initial(generator(n, "t")) for n in range(3)]).double()
    images = torch.randn(4, 3, 12, 12, generator=generator(2, "x"), dtype=torch.float64)

    def loss(theta: Tensor) -> Tensor:
        return net.logits(theta, images).square().mean()

    together = torch.func.vmap(torch.func.grad(loss))(thetas)
    apart = torch.stack([torch.func.grad(loss)(theta) for theta in thetas])
    assert torch.allclose(together, apart, rtol=1e-10, atol=1e-12)


def test_can_be_differentiated_twice() -> None:
    net = network(depth=1, width=2, size=6)
    theta = net.initial(generator(0, "t")).double().requires_grad_()
    images = torch.randn(2, 3, 6, 6, generator=generator(2, "x"), dtype=torch.float64)
    assert torch.autograd.gradgradcheck(lambda t: net.logits(t, images).square(), theta)


def test_refuses_images_that_would_vanish() -> None:
    with pytest.raises(ValueError, match="too few for 3 blocks"):
        network(depth=3, size=7)


def test_names_the_families_it_knows() -> None:
    with pytest.raises(ValueError, match="no network family 'resnet'; known: convnet"):
        make_network("resnet", depth=1, width=1, channels=1, size=8, classes=2)
