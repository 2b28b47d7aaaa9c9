"""Experts over several processes: the same files as from one, and a sentence when a process is lost."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch.distributed as dist
from small_run import trained

from meddistill_gui.core.errors import JobDiedError
from meddistill_gui.engine.experts import sharing

PROGRAM = Path(__file__).with_name("small_run.py")


def test_one_process_trains_all_and_waits_for_nobody():
    assert list(sharing.share(5)) == [0, 1, 2, 3, 4]
    sharing.wait_for_all()


@pytest.mark.parametrize(("world", "count"), [(2, 5), (3, 3), (4, 2)])
def test_every_expert_is_trained_by_exactly_one_process(monkeypatch, world, count):
    monkeypatch.setattr(dist, "is_initialized", lambda: True)
    monkeypatch.setattr(dist, "get_world_size", lambda: world)
    shares = []
    for rank in range(world):
        monkeypatch.setattr(dist, "get_rank", lambda rank=rank: rank)
        shares += list(sharing.share(count))
    assert sorted(shares) == list(range(count))


def test_a_lost_process_is_a_sentence(monkeypatch):
    def broken():
        raise RuntimeError("Connection closed by peer")

    monkeypatch.setattr(dist, "is_initialized", lambda: True)
    monkeypatch.setattr(dist, "get_world_size", lambda: 2)
    monkeypatch.setattr(dist, "barrier", broken)
    with pytest.raises(JobDiedError, match="every complete expert is kept"):
        sharing.wait_for_all()


@pytest.mark.slow
@pytest.mark.skipif(not dist.is_available(), reason="this torch has no torch.distributed")
@pytest.mark.skipif(sys.platform == "win32", reason="gloo's meeting file is a POSIX path")
def test_two_processes_give_the_files_of_one(tmp_path):
    shared, alone = tmp_path / "shared", tmp_path / "alone"
    processes = [
        subprocess.Popen(
            [sys.executable, str(PROGRAM), str(shared), "-1", rank, "2", str(tmp_path / "meeting")]
        )
        for rank in ("0", "1")
    ]
    assert [process.wait(timeout=240) for process in processes] == [0, 0]
    trained(alone)
    assert {path.name for path in shared.iterdir()} == {path.name for path in alone.iterdir()}
    for path in alone.iterdir():
        assert (shared / path.name).read_bytes() == path.read_bytes()
