"""A file that ends its decoder ends nothing else."""

import os
import select
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pydicom
import pytest

from meddistill_gui.core.errors import SourceError
from meddistill_gui.data.formats.reading import read_image

pytestmark = pytest.mark.slow

ROOT = Path(pydicom.__file__).parent / "data" / "test_files"


def _deadly(path: Path) -> Path:
    """Two bytes of a JPEG-LS file changed, found by `benchmarks.fuzz_readers`; GDCM 3.2 calls abort() on it."""
    content = bytearray((ROOT / "JPEGLSNearLossless_08.dcm").read_bytes())
    content[302], content[507] = 113, 8
    path.write_bytes(content)
    return path


def test_a_deadly_file_is_named_and_the_next_one_is_read(tmp_path: Path) -> None:
    deadly = _deadly(tmp_path / "deadly.dcm")
    good = read_image(ROOT / "JPEGLSNearLossless_08.dcm")
    with pytest.raises(SourceError, match="deadly"):
        read_image(deadly)
    np.testing.assert_array_equal(read_image(ROOT / "JPEGLSNearLossless_08.dcm"), good)


_PARENT = """
import multiprocessing, sys
from pathlib import Path
from meddistill_gui.data.formats.reading import read_image
read_image(Path(sys.argv[1]))
print(multiprocessing.active_children()[0].pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waiting for a stranger's end is Linux")
def test_decoders_end_when_the_program_is_killed() -> None:
    command = [sys.executable, "-c", _PARENT, str(ROOT / "JPEGLSNearLossless_08.dcm")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        decoder = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
        ended, _, _ = select.select([decoder], [], [], 60)
        os.close(decoder)
    assert ended


def test_the_neighbours_of_a_deadly_file_are_not_blamed(tmp_path: Path) -> None:
    deadly = _deadly(tmp_path / "deadly.dcm")
    files = [ROOT / "JPEGLSNearLossless_16.dcm", deadly] * 3
    read: dict[int, bool] = {}

    def attempt(index: int) -> None:
        try:
            read[index] = read_image(files[index]).size > 0
        except SourceError:
            read[index] = False

    threads = [threading.Thread(target=attempt, args=(index,)) for index in range(len(files))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [read[index] for index in range(len(files))] == [True, False] * 3
