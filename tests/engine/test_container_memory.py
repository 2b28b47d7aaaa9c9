"""Limits of control groups, from files as Linux lays them out."""

from pathlib import Path

import pytest
import torch

from meddistill_gui.engine import container_memory, devices
from meddistill_gui.engine.container_memory import limit_bytes

CPU = torch.device("cpu")
NO_LIMIT = 9223372036854771712  # what version 1 says


def laid_out(folder: Path, membership: str, **limits: object) -> tuple[Path, Path]:
    """A membership file and a mount; `a__b` stands for the folder a/b."""
    (folder / "membership").write_text(membership)
    for place, limit in limits.items():
        *groups, name = place.split("__")
        file = folder.joinpath("groups", *groups, name.replace("_max", ".max").replace("_limit", ".limit"))  # fmt: skip
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{limit}\n")
    return folder / "membership", folder / "groups"


def test_version_2_in_a_container_that_sees_only_itself(tmp_path: Path) -> None:
    assert limit_bytes(*laid_out(tmp_path, "0::/\n", memory_max=8_000)) == 8_000


def test_version_2_takes_the_tightest_group_on_the_way_up(tmp_path: Path) -> None:
    """As a scheduler nests them: the job's group limits what the step's leaves open."""
    limits = {"memory_max": 900, "job__memory_max": 500, "job__step__memory_max": "max"}
    assert limit_bytes(*laid_out(tmp_path, "0::/job/step\n", **limits)) == 500


def test_version_1_beside_an_empty_version_2(tmp_path: Path) -> None:
    membership = "5:cpuset:/x\n4:cpu,memory:/docker/abc\n0::/\n"
    limits = {
        "memory__memory_limit_in_bytes": NO_LIMIT,
        "memory__docker__abc__memory_limit_in_bytes": 700,
        "memory__x__memory_limit_in_bytes": 5,
    }
    assert limit_bytes(*laid_out(tmp_path, membership, **limits)) == 700


def test_version_1_whose_path_is_the_host_s(tmp_path: Path) -> None:
    given = laid_out(tmp_path, "4:memory:/docker/elsewhere\n", memory__memory_limit_in_bytes=600)
    assert limit_bytes(*given) == 600


@pytest.mark.parametrize("membership", ["", "nonsense", "0::/gone\n", "3:cpu:/\n", "\n::\n"])
def test_no_limit_is_none(tmp_path: Path, membership: str) -> None:
    assert limit_bytes(*laid_out(tmp_path, membership, memory_max="max")) is None


def test_a_system_without_control_groups_has_none(tmp_path: Path) -> None:
    assert limit_bytes(tmp_path / "none", tmp_path / "nowhere") is None


def test_the_machine_s_memory_is_cut_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_memory, "limit_bytes", lambda: 123)
    assert devices.memory_bytes(CPU) == 123
    monkeypatch.setattr(container_memory, "limit_bytes", lambda: NO_LIMIT)
    whole = devices.memory_bytes(CPU)
    monkeypatch.setattr(container_memory, "limit_bytes", lambda: None)
    assert devices.memory_bytes(CPU) == whole
    assert whole is not None
    assert whole < NO_LIMIT
