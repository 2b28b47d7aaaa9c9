"""How fast a folder of DICOM files is scanned, and that memory does not grow with it.

python -m benchmarks.scan [--files 5000 20000] [--workers 8] [--folder DIR]

Makes invented DICOM files (33 kB each, 40 to a folder), scans them in a fresh process per row, scans them once more unchanged, and measures how long a
stop takes. The files were just written, so they are read from memory: this is the program's own share of the time.
"""

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Final

import numpy as np

from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import Stopped
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.phantoms.dicom import KINDS, dicom_bytes, invent_person
from meddistill_gui.data.scanning import scan

_IN_FOLDER: Final = 40
_SIDE: Final = 128


def write_files(folder: Path, count: int) -> None:
    """One real file, with the numbers that tell patients and instances apart changed in its bytes."""
    picture = np.random.default_rng(0).random((_SIDE, _SIDE), dtype=np.float32)
    person = invent_person(0, np.random.default_rng(0))
    template = dicom_bytes(picture, person, KINDS[0], seed=0, study=0, number=0)
    for index in range(count):
        here = folder / f"{index // _IN_FOLDER:05d}"
        here.mkdir(parents=True, exist_ok=True)
        content = template.replace(b"INV-000000", b"INV-%06d" % (index // 4))
        content = content.replace(b"ACC0000000", b"ACC%07d" % index)
        (here / f"{index:07d}.dcm").write_bytes(content)


def measure(source: Path, project: Path, workers: int) -> None:
    """Scan twice in this process and print seconds of both, CPU seconds of both, peak memory in MB and seconds until a stop."""
    config = ScanConfig(source=source, project=project, workers=workers)
    seconds, busy = [], []
    with open_catalogue(project / "catalogue.sqlite") as catalogue:
        for _ in range(2):
            began, busy_before = time.perf_counter(), time.process_time()
            for _event in scan(config, catalogue, Control()):
                pass
            seconds.append(time.perf_counter() - began)
            busy.append(time.process_time() - busy_before)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(*seconds, *busy, peak, _stopping(config, project))


def _stopping(config: ScanConfig, project: Path) -> float:
    """Seconds from the wish to stop until the scan has ended."""
    control = Control()
    asked = []

    def ask() -> None:
        asked.append(time.perf_counter())
        control.request_stop()

    timer = threading.Timer(0.5, ask)
    with open_catalogue(project / "second.sqlite") as catalogue:
        timer.start()
        try:
            for _event in scan(config, catalogue, control):
                pass
        except Stopped:
            return time.perf_counter() - asked[0]
    timer.cancel()
    return 0.0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, nargs="+", default=[5_000, 20_000])
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--folder", type=Path, default=None, help="where to make the files")
    parser.add_argument("--measure", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(*options.measure, options.workers)
        return
    titles = ("scan s", "CPU s", "headers/s", "again s", "files/s", "peak MB", "stop ms")
    widths = (8, 8, 10, 8, 9, 8, 8)
    print(f"{'files':>8} " + " ".join(f"{t:>{w}}" for t, w in zip(titles, widths, strict=True)))
    for count in options.files:
        root = Path(tempfile.mkdtemp(prefix="scan-", dir=options.folder))
        try:
            _row(root, count, options.workers)
        finally:
            shutil.rmtree(root)


def _row(root: Path, count: int, workers: int) -> None:
    write_files(root / "source", count)
    (root / "project").mkdir()
    command = [sys.executable, "-m", "benchmarks.scan", "--workers", str(workers)]
    command += ["--measure", str(root / "source"), str(root / "project")]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    first, again, busy, _, peak, stop = map(float, output.split())
    print(
        f"{count:>8,} {first:>8.2f} {busy:>8.2f} {count / first:>10,.0f} {again:>8.2f} {count / again:>9,.0f} "
        f"{peak:>8.0f} {stop * 1000:>8.0f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
