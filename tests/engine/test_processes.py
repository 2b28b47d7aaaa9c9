"""Several processes of one run: the same files and the same bytes as from one, and a sentence when a process is lost."""

import math
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import ConfigError, JobDiedError, Stopped
from meddistill_gui.engine import processes

PROGRAM = Path(__file__).with_name("several.py")

needs_gloo = pytest.mark.skipif(
    not dist.is_available() or sys.platform == "win32",
    reason="this torch has no gloo, which the processes meet by",
)


def test_one_process_does_all_and_waits_for_nobody():
    assert list(processes.share(5)) == [0, 1, 2, 3, 4]
    with processes.in_turn():
        pass
    assert processes.is_first()
    tensor = torch.ones(3)
    assert processes.summed(tensor) is tensor
    assert processes.from_first({"a": math.inf}) == {"a": math.inf}
    processes.check_shares(0, "")
    processes.wait_for_all()


def test_one_process_obeys_a_stop():
    control = Control()
    processes.safe_point(control)
    control.request_stop()
    with pytest.raises(Stopped):
        processes.safe_point(control)


@pytest.mark.parametrize(("world", "count"), [(2, 5), (3, 3), (4, 2)])
def test_every_piece_is_done_by_exactly_one_process(monkeypatch, world, count):
    monkeypatch.setattr(dist, "is_initialized", lambda: True)
    monkeypatch.setattr(dist, "get_world_size", lambda: world)
    shares = []
    for rank in range(world):
        monkeypatch.setattr(dist, "get_rank", lambda rank=rank: rank)
        shares += list(processes.share(count))
    assert sorted(shares) == list(range(count))


def test_a_process_without_work_is_refused(monkeypatch):
    monkeypatch.setattr(dist, "is_initialized", lambda: True)
    monkeypatch.setattr(dist, "get_world_size", lambda: 3)
    processes.check_shares(3, "")
    with pytest.raises(ConfigError, match="3 processes and work for 2"):
        processes.check_shares(2, "Set options.segments to 3.")


def test_a_lost_process_is_a_sentence(monkeypatch):
    def broken():
        raise RuntimeError("Connection closed by peer")

    monkeypatch.setattr(dist, "is_initialized", lambda: True)
    monkeypatch.setattr(dist, "get_world_size", lambda: 2)
    monkeypatch.setattr(dist, "barrier", broken)
    with pytest.raises(JobDiedError, match="every complete expert"):
        processes.wait_for_all()


def started(folder: Path, world: int, *words: str) -> list[subprocess.Popen[bytes]]:
    """The program once per process, as `torchrun` would start it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    said = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(world)}
    own = os.environ | said | {"LOCAL_WORLD_SIZE": str(world)}
    return [
        subprocess.Popen(
            [sys.executable, str(PROGRAM), str(folder), *words],
            env=own | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(world)
    ]


def files_of(folder: Path) -> dict[str, bytes]:
    """What a run leaves, without the moment of the checkpoint."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@needs_gloo
@pytest.mark.slow
def test_two_processes_give_the_bytes_of_one_with_two_segments(tmp_path):
    both, alone = tmp_path / "both", tmp_path / "alone"
    assert [p.wait(timeout=240) for p in started(both, 2)] == [0, 0]
    assert [p.wait(timeout=240) for p in started(alone, 1)] == [0]
    found, expected = files_of(both), files_of(alone)
    assert any("result" in name for name in expected)
    assert found == expected


@needs_gloo
@pytest.mark.slow
def test_a_lost_process_leaves_a_checkpoint_to_go_on_from(tmp_path):
    lost, alone = tmp_path / "lost", tmp_path / "alone"
    codes = [p.wait(timeout=240) for p in started(lost, 2, "die")]
    assert codes == [3, -signal.SIGKILL]  # JobDiedError in the one that is left
    assert (lost / "checkpoint.safetensors").exists()
    assert [p.wait(timeout=240) for p in started(lost, 2)] == [0, 0]
    assert [p.wait(timeout=240) for p in started(alone, 1)] == [0]
    assert files_of(lost) == files_of(alone)


@needs_gloo
@pytest.mark.slow
def test_a_stop_that_reaches_one_process_stops_both_at_the_same_iteration(tmp_path):
    stopped = tmp_path / "stopped"
    assert [p.wait(timeout=240) for p in started(stopped, 2, "stop")] == [130, 130]
    assert (stopped / "checkpoint.safetensors").exists()
    assert [p.wait(timeout=240) for p in started(stopped, 2)] == [0, 0]
