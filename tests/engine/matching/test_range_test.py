"""The step size is found on a problem whose best one is known."""

import pytest
import torch

from meddistill_gui.engine.matching.range_test import RangeTest
from meddistill_gui.engine.method import Phase, Setting, StepReport


class Bowl:
    """Loss |x|^2 / 2 of plain gradient descent: best with rate 1, diverges from 2 on."""

    phases = (Phase(name="rolling", iterations=3),)
    needs_experts = False

    def setup(self, setting, images):
        return {"images": images, "image.rate": torch.tensor(1e-3)}

    def step(self, setting, state, iteration):
        images = state["images"]
        moved = images - float(state["image.rate"]) * images
        return StepReport(state={**state, "images": moved}, loss=float(images.square().sum() / 2))

    def result(self, setting, state):
        return state["images"]


def found(grid: tuple[float, ...], probe: int = 6) -> dict:
    method = RangeTest(then=Bowl(), grid=grid, probe=probe)
    setting = Setting.__new__(Setting)
    object.__setattr__(setting, "device", torch.device("cpu"))
    state = method.setup(setting, torch.ones(3))
    for iteration in range(len(grid) * probe):
        assert torch.equal(method.result(setting, state), torch.ones(3)), "trials must not show"
        report = method.step(setting, state, iteration)
        assert all(value.isfinite().all() for value in report.state.values())
        state = report.state
    return dict(state)


@pytest.mark.parametrize(
    ("grid", "best"),
    [
        ((0.01, 0.1, 1.0, 10.0), 1.0),
        ((0.5, 1e30, 1e38), 0.5),
        ((3.0, 30.0), 3.0),
        ((0.9, 1.1), 0.9),
    ],
)
def test_finds_the_best_and_forgets_the_trials(grid: tuple[float, ...], best: float) -> None:
    state = found(grid)
    assert float(state["image.rate"]) == pytest.approx(best)
    assert state.keys() == {"images", "image.rate"}
    assert torch.equal(state["images"], torch.ones(3))


def test_the_method_proper_follows_with_its_own_iterations() -> None:
    method = RangeTest(then=Bowl(), grid=(1.0,), probe=2)
    assert [phase.iterations for phase in method.phases] == [2, 3]
    state = {"images": torch.ones(1), "image.rate": torch.tensor(0.5)}
    assert float(method.step(None, state, 2).state["images"]) == pytest.approx(0.5)
