"""Memory counted from shapes is what autograd really holds."""

import pytest
import torch

from meddistill_gui.engine.footprint import footprint, graph_bytes
from meddistill_gui.engine.memory import bytes_per_image
from meddistill_gui.engine.networks.families import make_network


def network_of(family: str, size: int):
    return make_network(family, depth=2, width=8, channels=1, size=size, classes=3)


def test_counts_what_a_real_step_holds():
    network = network_of("convnet", 16)
    shape = (1, 16, 16)
    one = graph_bytes(network, 2, shape) - graph_bytes(network, 1, shape)
    measured = bytes_per_image(network, torch.Size(shape))
    assert one == pytest.approx(measured, rel=0.35)


@pytest.mark.slow
def test_large_networks_are_counted_without_their_memory():
    small = footprint(network_of("vgg16", 64), (1, 64, 64), steps=9, batch=1, memory="replay")
    large = footprint(network_of("vgg16", 224), (1, 224, 224), steps=9, batch=1, memory="replay")
    stored = footprint(network_of("vgg16", 224), (1, 224, 224), steps=9, batch=1, memory="stored")
    assert small.parameters == 4 * 134_271_683
    assert small.graphs < large.graphs < stored.graphs
    assert large.total > 10 * large.parameters
