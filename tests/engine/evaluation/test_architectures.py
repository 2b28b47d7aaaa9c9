"""Other networks: the modules they say they are, pure, and seeded without a global trace."""

import pytest
import torch
from small_set import RECIPE, distilled_set, real_images
from torch import nn

from meddistill_gui.core.control import Control
from meddistill_gui.engine.evaluation.architectures import (
    ARCHITECTURES,
    ModuleNetwork,
    make_architecture,
)
from meddistill_gui.engine.evaluation.students import predict, train_student
from meddistill_gui.engine.seeding import generator

CPU = torch.device("cpu")


def test_a_module_as_a_function_is_the_module():
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Flatten(), nn.Linear(64, 5), nn.ReLU(), nn.Linear(5, 3))
    network = ModuleNetwork(lambda: layers, head="3", smallest=8)
    theta = nn.utils.parameters_to_vector(layers.parameters()).detach()
    images = torch.randn(4, 1, 8, 8)
    assert network.parameter_count == 64 * 5 + 5 + 5 * 3 + 3
    torch.testing.assert_close(network.logits(theta, images), layers(images))
    torch.testing.assert_close(network.features(theta, images), layers[:3](images))


def test_a_module_with_memory_is_refused():
    with pytest.raises(ValueError, match="besides its parameters"):
        ModuleNetwork(lambda: nn.Sequential(nn.BatchNorm2d(3)), head="0", smallest=8)


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="known: resnet18, vgg11, alexnet"):
        make_architecture("resnet9000", RECIPE)


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_students_of_every_architecture_train_and_answer(name):
    network = make_architecture(name, RECIPE)
    before = torch.random.get_rng_state()
    theta = train_student(
        distilled_set(steps=1, rate=0.01), seed=3, device=CPU, control=Control(), network=network
    )
    assert torch.equal(before, torch.random.get_rng_state())
    assert theta.shape == (network.parameter_count,)
    assert predict(RECIPE, theta, real_images(count=4), CPU, network).shape == (4, 3)


def test_one_generator_state_gives_one_start():
    network = ModuleNetwork(lambda: nn.Linear(3, 2), head="", smallest=1)
    first = network.initial(generator(3, "a"))
    assert torch.equal(first, network.initial(generator(3, "a")))
    assert not torch.equal(first, network.initial(generator(3, "b")))


@pytest.mark.slow
def test_images_of_a_batch_do_not_influence_each_other():
    network = make_architecture("resnet18", RECIPE)
    theta = network.initial(generator(0, "test"))
    images = torch.randn(2, 1, 32, 32)
    with torch.no_grad():
        alone = network.logits(theta, images[:1])
        together = network.logits(theta, images)
    torch.testing.assert_close(together[:1], alone, rtol=1e-3, atol=1e-4)
