"""Any torch module as a pure function of one flat parameter vector."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from typing_extensions import override

from meddistill_gui.engine.networks.batch_norm import ExplicitBatchNorm, Statistics
from meddistill_gui.engine.networks.network import Network


class ModuleNetwork(Network):
    """A torch module as a pure function of one flat parameter vector. Dropout is off: steps must be replayed.

    Its batch normalisation, if any, must be `ExplicitBatchNorm`. With parameters `[P]` alone these layers normalise by
    the batch they are given, as students train; with `[P + Q]`, where `statistics` are appended, they normalise by those,
    and an image's answer does not depend on its neighbours in the batch.

    Args:
        make: Makes the module with fresh weights from torch's global generator, which is put back afterwards.
        head: Name of the linear layer whose input `features` are.
        smallest: Images of a smaller side are enlarged to this.

    Raises:
        ValueError: The module keeps something besides its parameters.
    """

    def __init__(self, make: Callable[[], nn.Module], *, head: str, smallest: int) -> None:
        self._make = make
        self._head = head
        self._smallest = smallest
        with torch.device(
            "meta"
        ):  # only names and shapes are needed, not another copy of the weights
            self._module = _made(make, seed=0).eval()
        if any(True for _ in self._module.buffers()):
            raise ValueError("the module keeps something besides its parameters")
        named = dict(self._module.named_parameters())
        self._names = list(named)
        self._shapes = tuple(tuple(value.shape) for value in named.values())
        self._lengths = [math.prod(shape) for shape in self._shapes]
        self._norms = [one for one in self._module.modules() if isinstance(one, ExplicitBatchNorm)]

    @property
    @override
    def parameter_count(self) -> int:
        return sum(self._lengths)

    @property
    @override
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        return self._shapes

    @property
    def named_shapes(self) -> dict[str, tuple[int, ...]]:
        """`shapes` by the module's names of its parameters, in order."""
        return dict(zip(self._names, self._shapes, strict=True))

    @property
    def statistics_count(self) -> int:
        """Length Q of `statistics`: two numbers for each channel of each batch normalisation."""
        return sum(2 * norm.channels for norm in self._norms)

    @property
    @override
    def couples_images(self) -> bool:
        return bool(self._norms)

    @override
    def initial(self, generator: torch.Generator) -> Tensor:
        fresh = _made(self._make, seed=generator.initial_seed())
        return torch.cat([value.detach().flatten() for value in fresh.parameters()])

    @override
    def logits(self, theta: Tensor, images: Tensor) -> Tensor:
        return self._called(theta, images)

    @override
    def features(self, theta: Tensor, images: Tensor) -> Tensor:
        seen: list[Tensor] = []
        head = self._module.get_submodule(self._head)
        handle = head.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        try:
            self._called(theta, images)
        finally:
            handle.remove()
        return seen[0]

    @override
    def statistics(self, theta: Tensor, images: Tensor) -> Tensor:
        seen = Statistics()
        self._called(theta[: self.parameter_count], images, seen)
        return torch.cat(seen.taken) if seen.taken else theta.new_zeros(0)

    def _called(
        self, theta: Tensor, images: Tensor, statistics: Statistics | None = None
    ) -> Tensor:
        weights, given = theta[: self.parameter_count], theta[self.parameter_count :]
        pieces = torch.split(weights, self._lengths)
        named = {
            name: piece.view(shape)
            for name, piece, shape in zip(self._names, pieces, self._shapes, strict=True)
        }
        if images.shape[-1] < self._smallest:
            side = (self._smallest, self._smallest)
            images = F.interpolate(images, side, mode="bilinear", align_corners=False)
        if statistics is None:
            statistics = Statistics(given if len(given) else None)
        for norm in self._norms:
            norm.statistics = statistics
        try:
            scores: Tensor = torch.func.functional_call(self._module, named, (images,))
        finally:
            for norm in self._norms:  # tensors of a pass, and their graph, end with it
                norm.statistics = Statistics()
        return scores


def _made(make: Callable[[], nn.Module], seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):  # torch's layers draw from the global generator only
        torch.random.manual_seed(seed)
        return make()
