import pytest
import torch

from meddistill_gui.core.errors import ConfigError
from meddistill_gui.engine import devices


def test_the_cpu_is_always_there() -> None:
    assert devices.choose("cpu") == torch.device("cpu")
    assert devices.choose("auto").type in {"cpu", "cuda"}


def test_a_gpu_that_is_not_there_is_said_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match="finds no GPU"):
        devices.choose("cuda")


def test_one_core_is_left_to_the_rest() -> None:
    before = torch.get_num_threads()
    try:
        devices.prepare_threads()
        assert 1 <= torch.get_num_threads() <= max(1, devices._cores() - 1)
    finally:
        torch.set_num_threads(before)
