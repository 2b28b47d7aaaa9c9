from pathlib import Path

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from meddistill_gui.core.config import with_values
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.engine.methods.progressive import Progressive, progressive


def method(**options: object) -> Progressive:
    values = {f"options.{name}": value for name, value in options.items()}
    config = with_values(DistillConfig(project=Path("p")), {"method": "progressive"})
    made = progressive(with_values(config, {"options.warm_start": 0, **values}))
    assert isinstance(made, Progressive)
    return made


def windows(made: Progressive, losses: list[float]) -> list[int]:
    state = {"window": torch.tensor(1.0), "window.age": torch.zeros(()), "window.loss": torch.ones(())}  # fmt: skip
    seen = []
    for loss in losses:
        state = {**state, **made._window(state, loss)}
        seen.append(int(state["window"]))
    return seen


def test_the_window_grows_when_the_loss_fell() -> None:
    seen = windows(method(advance_below=0.7, stage=1000, max_start=4), [0.4] * 60)
    assert seen == sorted(seen)
    assert seen[5] == 1
    assert seen[-1] == 4


def test_the_window_waits_while_the_loss_is_high_but_not_for_ever() -> None:
    seen = windows(method(advance_below=0.7, stage=20, max_start=3), [0.95] * 60)
    assert seen[18] == 1
    assert seen[20] == 2
    assert seen[-1] == 3


@settings(max_examples=25, deadline=None)
@given(losses=st.lists(st.floats(0.0, 3.0), min_size=1, max_size=60), stage=st.integers(1, 20))
def test_the_window_only_ever_grows_and_reaches_its_end_in_time(
    losses: list[float], stage: int
) -> None:
    seen = windows(method(max_start=4, stage=stage), losses)
    assert seen == sorted(seen)
    assert seen[-1] <= 4
    assert len(seen) < 3 * stage or seen[-1] == 4


def test_one_image_per_class_cannot_overlap() -> None:
    assert method().mitigation.every == 0
