import subprocess
import sys

from meddistill_gui.core.project import held, in_use

HOLD_AND_DIE = """
import os, sys
from pathlib import Path
from meddistill_gui.core.project import held
with held(Path(sys.argv[1]), "run"):
    os.kill(os.getpid(), 9)
"""


def test_in_use_while_held_and_free_afterwards(tmp_path):
    assert not in_use(tmp_path)
    with held(tmp_path, "run"):
        assert in_use(tmp_path)
    assert not in_use(tmp_path)


def test_a_killed_holder_does_not_count(tmp_path):
    done = subprocess.run([sys.executable, "-c", HOLD_AND_DIE, str(tmp_path)], check=False)
    assert done.returncode != 0
    assert (tmp_path / "holder").is_file()
    assert not in_use(tmp_path)
    with held(tmp_path, "run"):
        assert in_use(tmp_path)
