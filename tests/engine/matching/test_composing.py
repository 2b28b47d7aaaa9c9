"""Every method over trajectories asks for the segments that its options say."""

import dataclasses

import pytest
import torch

from meddistill_gui.core.configs.methods import METHOD_OPTIONS
from meddistill_gui.engine import starting
from meddistill_gui.engine.registry import make_method
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.tensors import normaliser_of

OVER_TRAJECTORIES = sorted(
    name for name, options in METHOD_OPTIONS.items() if hasattr(options, "between_epochs")
)


class Watched:
    """Experts that remember which epochs they were asked for."""

    count = 2

    def __init__(self, parameters: int) -> None:
        self._parameters, self.asked = parameters, []

    def theta(self, expert: int, epoch: float) -> torch.Tensor:
        self.asked.append(epoch)
        start = torch.randn(self._parameters, generator=generator(0, "expert", expert))
        return start + 0.02 * epoch


def asked(name, small_config, real, *, between):
    values = {"inner_steps": 1, "max_start": 3, "expert_epochs": 2, "between_epochs": between}
    config = small_config(name, **{f"options.{key}": value for key, value in values.items()})
    if name == "progressive":
        config = dataclasses.replace(
            config, options=dataclasses.replace(config.options, first_window=3)
        )
    setting = starting.make_setting(config, real(16), normaliser_of(real(16)))
    watched = Watched(setting.network.parameter_count)
    setting, method = dataclasses.replace(setting, experts=watched), make_method(config)
    state = method.setup(setting, torch.randn(2, 1, 8, 8, generator=generator(0, "x")))
    watched.asked.clear()
    for iteration in range(20):
        method.step(setting, state, iteration)
    return watched.asked


def test_there_are_such_methods() -> None:
    assert {"trajectory", "pruned", "progressive", "recommended"} <= set(OVER_TRAJECTORIES)


@pytest.mark.parametrize("name", OVER_TRAJECTORIES)
def test_segments_begin_at_whole_epochs_or_between_them(name, small_config, real) -> None:
    whole = asked(name, small_config, real, between=False)
    assert {float(epoch) for epoch in whole} == {0.0, 1.0, 2.0, 3.0, 4.0}
    between = asked(name, small_config, real, between=True)
    assert len({round(epoch % 1, 6) for epoch in between}) > 10
    assert all(0 <= epoch <= 4 for epoch in between)
    starts, ends = between[::2], between[1::2]
    assert [b - a for a, b in zip(starts, ends, strict=True)] == pytest.approx([2.0] * 20)
