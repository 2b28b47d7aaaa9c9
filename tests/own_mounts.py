"""Small and write-protected disks: mounts of a shell script of its own, which nobody else sees."""

import shutil
import subprocess

import pytest


def in_own_mounts(script: str, *arguments: object) -> str:
    """What a shell script says that may mount; skips the test where the system allows none."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare(1) is not installed")
    done = subprocess.run(
        [unshare, "--user", "--map-root-user", "--mount", "sh", "-ec", script, "sh", *map(str, arguments)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0 and (
        "unshare failed" in done.stderr or "permission denied" in done.stderr
    ):
        pytest.skip("this machine does not allow own mounts")
    assert done.returncode == 0, done.stderr
    return done.stdout
