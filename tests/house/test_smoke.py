"""The trial that a stand-alone build has to pass, passed by this checkout."""

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_this_checkout_passes_the_smoke_test(root):
    command = [sys.executable, "installer/smoke_test.py", sys.executable, "-m", "meddistill_gui"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "window: good" in done.stdout
