"""A trained student in the forms that other programs read: named layers as safetensors, and ONNX.

The names are those of the script that travels in each bundle (`train_student.py`), so either's weights open in the other.
"""

import json
import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import safetensors.torch
import torch
from torch import Tensor, nn
from typing_extensions import override

from meddistill_gui.core.distilled import Recipe, recipe_to_json
from meddistill_gui.engine.evaluation.students import student_network
from meddistill_gui.engine.networks.network import Network


def weights(recipe: Recipe, theta: Tensor) -> bytes:
    """A student as a safetensors file: a tensor per layer, and the recipe in the header.

    Args:
        recipe: Names the network.
        theta: Parameters, float32 `[P]`.
    """
    layers = {
        name: value.contiguous() for name, value in _modules(recipe, theta).state_dict().items()
    }
    return safetensors.torch.save(layers, metadata={"recipe": json.dumps(recipe_to_json(recipe))})


def onnx(recipe: Recipe, theta: Tensor) -> bytes:
    """A student with its normalisation as an ONNX model.

    Its input `images` is float32 `[count, C, S, S]`, 0 black and 1 white; its output `probabilities` float32 `[count, K]`.
    """
    example = torch.zeros(2, recipe.channels, recipe.size, recipe.size)
    with _quiet():
        program = torch.onnx.export(
            _Classifier(_modules(recipe, theta), recipe).eval(),
            (example,),
            input_names=["images"],
            output_names=["probabilities"],
            dynamic_shapes={"images": {0: torch.export.Dim("count")}},
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise RuntimeError("the exporter gave no model")
    model = program.model_proto
    # the exporter writes where each node's code lies on this machine, with the user's folders
    for node in model.graph.node:
        del node.metadata_props[:]
    return bytes(model.SerializeToString(deterministic=True))


def _modules(recipe: Recipe, theta: Tensor) -> nn.Module:
    """The recipe's network as PyTorch's own layers, which give the parameters their names; another family keeps one vector."""
    ours = student_network(recipe)
    if recipe.network != "convnet":
        return _Flat(ours, theta)
    pieces = iter(torch.split(theta.cpu(), [math.prod(shape) for shape in ours.shapes]))
    network = nn.Sequential(*_layers(recipe))
    with torch.no_grad():
        for parameter, piece in zip(network.parameters(), pieces, strict=True):
            parameter.copy_(piece.view(parameter.shape))
    return network


def _layers(recipe: Recipe) -> Iterator[nn.Module]:
    incoming = recipe.channels
    for _ in range(recipe.depth):
        yield nn.Conv2d(incoming, recipe.width, 3, padding=1)
        yield nn.GroupNorm(recipe.width, recipe.width)
        yield nn.ReLU()
        yield nn.AvgPool2d(2)
        incoming = recipe.width
    yield nn.Flatten()
    side = recipe.size >> recipe.depth
    yield nn.Linear(recipe.width * side**2, len(recipe.class_names))


class _Flat(nn.Module):
    """A network of another family: all its parameters in one tensor named `theta`."""

    def __init__(self, network: Network, theta: Tensor) -> None:
        super().__init__()
        self.theta = nn.Parameter(theta.cpu().clone(), requires_grad=False)
        self._network = network

    @override
    def forward(self, images: Tensor) -> Tensor:
        return self._network.logits(self.theta, images)


class _Classifier(nn.Module):
    """Images in 0..1 in, probabilities out."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, network: nn.Module, recipe: Recipe) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(recipe.mean).view(-1, 1, 1))
        self.register_buffer("deviation", torch.tensor(recipe.deviation).view(-1, 1, 1))

    @override
    def forward(self, images: Tensor) -> Tensor:
        scores: Tensor = self.network((images - self.mean) / self.deviation)
        return scores.softmax(dim=1)


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter and its libraries warn about their own insides."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.utils.flop_counter")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
