from pathlib import Path
from types import SimpleNamespace
from typing import Any

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


def starts(made: Progressive, window: int, draws: int = 40) -> set[int]:
    """Where segments start while the window ends at `window`."""
    setting: Any = SimpleNamespace(seed=0, experts=SimpleNamespace(count=2))
    state = {"window": torch.tensor(float(window))}
    return {made.matching.sampler(setting, state, number).start for number in range(draws)}


def test_a_window_of_limited_width_leaves_early_starts_behind() -> None:
    made = method(window_width=2, max_start=4)
    assert [starts(made, window) for window in (1, 2, 3, 4)] == [{0}, {0, 1}, {1, 2}, {2, 3}]


def test_a_window_of_no_limited_width_keeps_all_starts() -> None:
    made = method(window_width=0, max_start=4)
    assert [starts(made, window) for window in (1, 2, 3, 4)] == [{0}, {0, 1}, {0, 1, 2}, {0, 1, 2, 3}]  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(
    losses=st.lists(st.floats(0.0, 3.0), min_size=1, max_size=60),
    width=st.integers(0, 5),
    stage=st.integers(1, 20),
)
def test_segments_only_ever_move_on(losses: list[float], width: int, stage: int) -> None:
    made = method(window_width=width, max_start=4, stage=stage)
    seen = windows(made, losses)
    assert seen == sorted(seen)
    assert seen[-1] <= 4
    assert len(seen) < 3 * stage or seen[-1] == 4
    first = [min(starts(made, window)) for window in sorted(set(seen))]
    assert first == sorted(first)


def test_one_image_per_class_cannot_overlap() -> None:
    assert method().mitigation.every == 0
