"""`torchrun` on the command line: several processes end in the bytes of one, and only the first one speaks."""

import json
import os
import subprocess
import sys

import pytest
import torch.distributed as dist

from meddistill_gui.core.config import with_values
from meddistill_gui.core.control import Control
from meddistill_gui.core.run_folder import RunFolder, create_run
from meddistill_gui.operations.distill import distill
from tests.operations.small_hospital import finished, small_run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not dist.is_available() or sys.platform == "win32",
        reason="this torch has no gloo, which the processes meet by",
    ),
]


def launched(run: RunFolder) -> subprocess.CompletedProcess[str]:
    """The run, gone on with by two processes."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    program = ["-m", "meddistill_gui", "distill", "--resume", str(run.root), "--json"]
    return subprocess.run(
        [sys.executable, *launcher, *program],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def test_two_processes_end_in_the_bytes_of_one(project):
    alone = with_values(small_run(project), {"options.segments": 2})
    both = with_values(alone, {"name": "both"})
    finished(distill(alone, Control()))
    run = create_run(both)
    done = launched(run)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["run"] == str(run.root)
    for name in ("result/distilled.safetensors", "events.jsonl"):
        assert (run.root / name).exists()
    expected = RunFolder(project / "runs" / alone.name).result.read_bytes()
    assert run.result.read_bytes() == expected


def test_more_processes_than_segments_are_refused_before_anything_is_trained(project):
    run = create_run(with_values(small_run(project), {"name": "idle"}))
    done = launched(run)
    assert done.returncode != 0
    assert "2 processes and work for 1" in done.stderr
    assert "options.segments" in done.stderr
    assert not list(run.experts.iterdir())
