"""torchvision's networks as pure functions: their size, their purity, their batch normalisation in explicit numbers."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from meddistill_gui.core.configs.network import TORCHVISION, has_batch_norm
from meddistill_gui.engine import augment
from meddistill_gui.engine.experts.batches import loss_and_gradient
from meddistill_gui.engine.networks.batch_norm import ExplicitBatchNorm, Statistics
from meddistill_gui.engine.networks.families import make_network
from meddistill_gui.engine.networks.module_network import ModuleNetwork
from meddistill_gui.engine.networks.network import OneValueError
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.unroll import Step, Task, unroll

_PUBLISHED = {
    # with one channel and three classes; AlexNet and VGG16 as paper D prints them
    "googlenet": 5_596_707,
    "resnet18": 11_171_779,
    "resnet34": 21_279_939,
    "alexnet": 57_000_643,
    "vgg16": 134_271_683,
    "vgg19": 139_581_379,
}


def network_of(family: str, *, channels: int = 1, norm: str = "own") -> ModuleNetwork:
    made = make_network(family, depth=1, width=4, channels=channels, size=32, classes=3, norm=norm)
    assert isinstance(made, ModuleNetwork)
    return made


class Small(nn.Module):
    """Two convolutions with batch normalisation, small enough for second derivatives in float64."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 3, 3), nn.Conv2d(3, 4, 3, bias=False)
        self.norms = nn.ModuleList([ExplicitBatchNorm(3), ExplicitBatchNorm(4)])
        self.head = nn.Linear(4, 2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = F.softplus(self.norms[0](self.first(images)))
        maps = F.softplus(self.norms[1](self.second(maps)))
        return self.head(maps.mean(dim=(2, 3)))


@pytest.fixture
def small() -> ModuleNetwork:
    return ModuleNetwork(Small, head="head", smallest=1)


@pytest.mark.parametrize("family", TORCHVISION)
def test_has_the_published_number_of_parameters(family):
    assert network_of(family).parameter_count == _PUBLISHED[family]


@pytest.mark.slow
@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_resnet_answers_and_can_be_differentiated_twice(channels, norm):
    network = network_of("resnet18", channels=channels, norm=norm)
    theta = network.initial(generator(0, "test")).requires_grad_()
    images = torch.randn(2, channels, 64, 64, generator=generator(1, "test"), requires_grad=True)
    assert network.logits(theta, images).shape == (2, 3)
    assert network.features(theta, images).shape == (2, 512)
    loss = F.cross_entropy(network.logits(theta, images), torch.tensor([0, 2]))
    (first,) = torch.autograd.grad(loss, theta, create_graph=True)
    (second,) = torch.autograd.grad(first.square().sum(), images)
    assert second.isfinite().all()
    assert second.any()
    assert (network.statistics_count > 0) == (norm == "batch")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_parameters_and_touches_no_global_generator():
    network, before = network_of("resnet18"), torch.random.get_rng_state()
    found = [network.initial(generator(seed, "test")) for seed in (0, 0, 1)]
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])
    assert torch.equal(before, torch.random.get_rng_state())


def test_batch_normalisation_is_the_one_of_torch():
    maps = torch.randn(5, 4, 3, 3, generator=generator(0, "test"), dtype=torch.float64)
    layer = ExplicitBatchNorm(4).double()
    layer.weight.data.uniform_(0.5, 2.0, generator=generator(1, "test"))
    layer.bias.data.uniform_(-1.0, 1.0, generator=generator(2, "test"))
    layer.statistics = Statistics()
    expected = F.batch_norm(maps, None, None, layer.weight, layer.bias, training=True)
    torch.testing.assert_close(layer(maps), expected, rtol=1e-12, atol=1e-12)
    layer.statistics = Statistics(torch.cat([torch.arange(4.0), torch.arange(1.0, 5.0)]).double())
    expected = F.batch_norm(
        maps, torch.arange(4.0).double(), torch.arange(1.0, 5.0).double(), layer.weight, layer.bias
    )
    torch.testing.assert_close(layer(maps), expected, rtol=1e-12, atol=1e-12)


def test_given_statistics_of_a_batch_answer_as_the_batch_itself_and_for_each_image_alone(small):
    theta = small.initial(generator(0, "test")).double()
    images = torch.randn(4, 1, 8, 8, generator=generator(1, "test"), dtype=torch.float64)
    settled = torch.cat([theta, small.statistics(theta, images)])
    assert len(settled) == small.parameter_count + small.statistics_count
    together = small.logits(settled, images)
    torch.testing.assert_close(together, small.logits(theta, images), rtol=1e-10, atol=1e-12)
    alone = torch.cat([small.logits(settled, image[None]) for image in images])
    torch.testing.assert_close(together, alone, rtol=1e-10, atol=1e-12)
    assert not torch.allclose(small.logits(theta, images[:2]), together[:2])


def test_the_gradient_through_explicit_statistics_is_exact(small):
    """Real images are judged under statistics of the synthetic ones: by parameters, by those images, and twice."""
    theta = small.initial(generator(0, "test")).double().requires_grad_()
    synthetic = torch.randn(2, 1, 8, 8, generator=generator(1, "test"), dtype=torch.float64)
    real = torch.randn(3, 1, 8, 8, generator=generator(2, "test"), dtype=torch.float64)

    def loss(parameters: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
        settled = torch.cat([parameters, small.statistics(parameters, images)])
        return F.cross_entropy(small.logits(settled, real), torch.tensor([0, 1, 1]))

    leaves = (theta, synthetic.requires_grad_())
    assert torch.autograd.gradcheck(loss, leaves)
    direction = torch.randn(len(theta), generator=generator(3, "test"), dtype=torch.float64)

    def along(images: torch.Tensor) -> torch.Tensor:
        (gradient,) = torch.autograd.grad(loss(theta, images), theta, create_graph=True)
        return gradient @ direction

    assert torch.autograd.gradcheck(along, (synthetic,))


def test_a_batch_that_normalises_itself_is_never_divided(small):
    """Divided, each part would have means and variances of its own: another student than the one that was learned through."""
    theta = small.initial(generator(0, "test")).double().requires_grad_()
    images = torch.randn(4, 1, 8, 8, generator=generator(1, "test"), dtype=torch.float64)
    labels = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [0.0, 1.0]], dtype=torch.float64)
    (expected,) = torch.autograd.grad(F.cross_entropy(small.logits(theta, images), labels), theta)
    _, found = loss_and_gradient(small, theta, images, labels, part=1)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)
    unused = torch.Generator()
    step = Step(images=torch.arange(4), draw=augment.draw("none", 4, 8, unused))
    rates = torch.tensor([0.1], dtype=torch.float64)
    task = Task(network=small, images=images, labels=labels, rates=rates, steps=(step,), micro_batch=1)  # fmt: skip
    torch.testing.assert_close(unroll(task, theta).final, theta.detach() - 0.1 * expected)
    settled = torch.cat([theta, small.statistics(theta, images)]).detach()
    _, found = loss_and_gradient(small, settled, images, labels, part=1)
    _, whole = loss_and_gradient(small, settled, images, labels, part=4)
    torch.testing.assert_close(found, whole, rtol=1e-10, atol=1e-12)


def test_says_that_one_value_has_no_variance(small):
    with pytest.raises(OneValueError):
        small.statistics(small.initial(generator(0, "test")), torch.zeros(1, 1, 5, 5))


@pytest.mark.parametrize(
    ("family", "norm"), [("alexnet", "batch"), ("convnet", "batch"), ("lenet", "own")]
)
def test_refuses_what_does_not_exist(family, norm):
    with pytest.raises(ValueError, match=r"normalisation|family"):
        network_of(family, norm=norm)


def test_keeps_nothing_besides_its_parameters():
    with pytest.raises(ValueError, match="besides its parameters"):
        ModuleNetwork(lambda: nn.BatchNorm2d(3), head="", smallest=1)


@pytest.mark.parametrize("family", TORCHVISION)
@pytest.mark.parametrize("norm", ["own", "none"])
def test_which_network_keeps_statistics_is_known_without_making_it(family, norm):
    if family in ("vgg16", "vgg19", "alexnet"):
        assert not has_batch_norm(family, norm)  # too large to be made for this
        return
    assert has_batch_norm(family, norm) == (network_of(family, norm=norm).statistics_count > 0)
