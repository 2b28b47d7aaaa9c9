"""The one entry point: which door opens."""

import subprocess
import sys

import pytest

from meddistill_gui import __main__ as entry
from meddistill_gui.jobs import child_process

pytestmark = pytest.mark.slow


def started(*words: str, environment: dict[str, str] | None = None, said: bytes = b""):
    return subprocess.run(
        [sys.executable, "-m", "meddistill_gui", *words],
        input=said,
        capture_output=True,
        check=False,
        env=environment,
    )


def test_words_open_the_command_line():
    done = started("--version")
    assert done.returncode == 0
    assert done.stdout.startswith(b"meddistill ")


def test_the_child_is_started_by_the_command_that_the_parent_uses():
    done = subprocess.run(child_process._program(), input=b"", capture_output=True, check=False)
    assert done.returncode == 2
    assert b'"error": "ConfigError"' in done.stdout


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="other systems always have a screen"
)
def test_without_a_screen_the_window_says_so_instead_of_aborting(own_user_folders):
    done = started(environment={"HOME": str(own_user_folders), "PATH": ""})
    assert done.returncode == 2
    assert b"no screen" in done.stderr
    assert b"meddistill --help" in done.stderr


def test_torch_is_told_to_leave_a_core_before_it_is_loaded(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    entry._prepare_threads()
    import os

    assert os.environ["OMP_WAIT_POLICY"] == "passive"
    assert int(os.environ["OMP_NUM_THREADS"]) == max(1, (os.cpu_count() or 2) - 1)


def test_what_the_user_set_is_kept(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    entry._prepare_threads()
    import os

    assert os.environ["OMP_NUM_THREADS"] == "3"
