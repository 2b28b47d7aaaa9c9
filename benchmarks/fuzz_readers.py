"""Throw damaged files at the readers: nothing may crash, hang for more than 2 seconds, or take more than 1 GB.

Seconds are the processor's, of the reader and its decoders, so that a busy machine does not count; who waits for a minute counts as hanging.

python -m benchmarks.fuzz_readers [--cases 20000] [--seed 0] [--match jpeg]

Every file of at most 1 MB that pydicom and nibabel ship for their own tests, or that the package deid-data holds, and that is an image, and the pictures, volumes,
sets and tables of `fuzz_samples`, are damaged by flipped bits, overwritten stretches, cut ends and shuffled pieces; what is packed (gzip, zip) every second
time inside, so that the damage reaches the reader. Then they are scanned and read as the program does. Each worker is a process of its own, so that a
crash is seen and counted.
"""

import argparse
import functools
import gzip
import io
import multiprocessing
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import deid_data
import nibabel
import pydicom

from benchmarks.fuzz_samples import write_samples
from meddistill_gui.core.errors import InputError
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.formats.headers import read_facts
from meddistill_gui.data.formats.overlays import read_overlay
from meddistill_gui.data.formats.reading import read_display, read_header, read_image
from meddistill_gui.data.formats.table_file import read_table
from meddistill_gui.data.patches.segmentations import segmented

_LARGEST: Final = 1 << 20
_SLOW_SECONDS: Final = 2.0
_HANG_SECONDS: Final = 60.0
_MOST_KB: Final = 1 << 20
_TABLES: Final = frozenset({".csv", ".xlsx"})
_SEGMENTATIONS: Final = frozenset({"liver_1frame.dcm", "liver_expb_1frame.dcm"})


def sources(match: str, made: Path) -> list[Path]:
    """The files to damage whose names hold `match`; those that no library ships are written to the folder `made`."""
    roots = [
        Path(pydicom.__file__).parent / "data" / "test_files",
        Path(deid_data.__file__).parent / "data",
        Path(nibabel.__file__).parent / "tests" / "data",
    ]
    files = sorted(path for root in roots for path in root.rglob("*") if path.is_file())
    files = [path for path in files + write_samples(made) if match in path.name]
    return [
        path
        for path in files
        if path.stat().st_size <= _LARGEST and (path.suffix in _TABLES or read_facts(path).header)
    ]


def damage(content: bytes, rng: random.Random) -> bytes:
    """One damaged copy."""
    if rng.random() < 0.5:
        if content.startswith(b"\x1f\x8b"):
            return gzip.compress(_broken(gzip.decompress(content), rng), 1)
        if content.startswith(b"PK"):
            return _repacked(content, rng)
    return _broken(content, rng)


def _repacked(content: bytes, rng: random.Random) -> bytes:
    """An archive that is whole itself, with one damaged file in it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w") as new:
        chosen = rng.choice(old.namelist())
        for name in old.namelist():
            member = old.read(name)
            new.writestr(name, _broken(member, rng) if name == chosen and member else member)
    return packed.getvalue()


def _broken(content: bytes, rng: random.Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        at = rng.randrange(len(damaged))
        kind = rng.randrange(5)
        if kind <= 1:
            damaged[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            damaged[at : at + 8] = rng.randbytes(len(damaged[at : at + 8]))
        elif kind == 3 and len(damaged) > 200:
            del damaged[max(132, at) :]
        else:
            other = rng.randrange(len(damaged))
            damaged[at : at + 64] = damaged[other : other + len(damaged[at : at + 64])]
    return bytes(damaged)


def work(first: int, last: int, seed: int, match: str) -> None:
    """Run the cases `first` to `last`; says each one before it begins, so that the last said is the one that crashed."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        (made := Path(folder) / "made").mkdir()
        files = sources(match, made)
        catalogue = Catalogue(Path(folder) / "catalogue.sqlite")
        for case in range(first, last):
            rng = random.Random(f"{seed}/{case}")  # noqa: S311 - no secret
            origin = files[case % len(files)]
            path = Path(folder) / f"case{origin.suffix}"
            print(f"case {case} {origin.name}", flush=True)
            path.write_bytes(damage(origin.read_bytes(), rng))
            before, decoders, began = time.process_time(), _decoders()[0], time.monotonic()
            outcome = _read(path, _readers(origin, catalogue))
            waited = time.monotonic() - began
            after, peak = _decoders()
            seconds = time.process_time() - before + max(0.0, after - decoders)
            if waited > _HANG_SECONDS:
                seconds = waited
            peak = max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, peak)
            path.unlink()
            print(f"done {outcome} {seconds:.3f} {peak}", flush=True)


def _decoders() -> tuple[float, int]:
    """Processor seconds and most memory in kB that the decoders in processes of their own have taken (Linux)."""
    seconds, peak = 0.0, 0
    for child in multiprocessing.active_children():
        try:
            status = Path(f"/proc/{child.pid}/status").read_text(encoding="utf-8")
            fields = Path(f"/proc/{child.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2]
        except OSError:
            continue
        peak = max(peak, int(status.partition("VmHWM:")[2].split()[0]))
        user, system = fields.split()[11:13]
        seconds += (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return seconds, peak


def _readers(origin: Path, catalogue: Catalogue) -> Iterator[Callable[[Path], object]]:
    """What the program would read a file like this one with."""
    if origin.suffix in _TABLES:
        yield read_table
        return
    yield from (read_image, read_display, read_header, read_overlay)
    if origin.name in _SEGMENTATIONS:
        yield functools.partial(segmented, catalogue)


def _read(path: Path, readers: Iterable[Callable[[Path], object]]) -> str:
    if path.suffix not in _TABLES and read_facts(path).header is None:
        return "named by the scan"
    outcome = "read"
    for read in readers:
        try:
            read(path)
        except InputError:
            outcome = "named by the reader"
    return outcome


def main() -> int:
    """Run all cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--match", default="", help="only files whose names hold this")
    parser.add_argument("--work", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(*options.work, options.seed, options.match)
        return 0
    outcomes: Counter[str] = Counter()
    slow: list[str] = []
    crashes: list[str] = []
    peak = 0
    first = 0
    while first < options.cases:
        first, crashed, worker_peak = _one_worker(first, options, outcomes, slow)
        peak = max(peak, worker_peak)
        if crashed:
            crashes.append(crashed)
    return _print_table(options.cases, outcomes, slow, crashes, peak)


def _one_worker(
    first: int, options: argparse.Namespace, outcomes: Counter[str], slow: list[str]
) -> tuple[int, str, int]:
    """Run cases in one process until all are done or it dies.

    Returns:
        Next case, the case that killed the worker ("" for none), and its peak memory in kB.
    """
    command = [sys.executable, "-m", "benchmarks.fuzz_readers", "--seed", str(options.seed)]
    command += ["--match", options.match, "--work", str(first), str(options.cases)]
    case, name, peak = first, "", 0
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as worker:
        for line in worker.stdout or ():
            word, *rest = line.split(maxsplit=1)
            if word == "case":
                number, name = rest[0].strip().split(" ", 1)
                case = int(number)
            elif word == "done":
                outcome, seconds, kilobytes = rest[0].rsplit(maxsplit=2)
                outcomes[outcome] += 1
                peak = max(peak, int(kilobytes))
                if float(seconds) > _SLOW_SECONDS:
                    slow.append(f"case {case} ({name}): {float(seconds):.1f} s")
    crashed = f"case {case} ({name}): exit {worker.returncode}" if worker.returncode else ""
    return case + 1, crashed, peak


def _print_table(
    cases: int, outcomes: Counter[str], slow: list[str], crashes: list[str], peak: int
) -> int:
    print(f"{'cases':<28}{cases:>10,}")
    for outcome, count in sorted(outcomes.items()):
        print(f"{outcome:<28}{count:>10,}")
    print(f"{'crashes':<28}{len(crashes):>10,}")
    print(f"{'more than 2 s of work':<28}{len(slow):>10,}")
    print(f"{'peak memory, MB':<28}{peak / 1024:>10,.0f}")
    for line in [*crashes, *slow]:
        print(f"  {line}")
    return 1 if crashes or slow or peak > _MOST_KB else 0


if __name__ == "__main__":
    raise SystemExit(main())
