import sys
from pathlib import Path

import pytest

from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.jobs import child_process


@pytest.fixture
def start(monkeypatch, tmp_path):
    """Starts the fake program as a child that does what `behaviour` names."""
    program = Path(__file__).with_name("program.py")
    monkeypatch.setattr(child_process, "_program", lambda: [sys.executable, str(program)])
    jobs = []

    def started(behaviour: str, **options):
        config = ScanConfig(source=tmp_path / behaviour, project=tmp_path / "project", **options)
        jobs.append(child_process.start("scan", config))
        return jobs[-1]

    yield started
    for job in jobs:
        job.kill()
        job._end()
