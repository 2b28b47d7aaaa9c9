"""Does one seed give the same bytes here, with other threads, and on another processor? Prints digests to compare machines by.

    python -m benchmarks.determinism                          # this machine, as it is and as an older one
    python -m benchmarks.determinism --threads 1 2 --methods recommended distribution gradient
    python -m benchmarks.determinism --json > mine.json       # on another machine, then compare:
    python -m benchmarks.determinism --against mine.json

Each line is a process of its own that distils the same invented images with the same options and prints SHA-256 digests of the
experts and of the result. The first is run twice, which must agree, and once stopped in the middle and gone on with, which must
too. "As an older processor" limits the instructions that torch, oneDNN and MKL use (`ATEN_CPU_CAPABILITY`,
`ONEDNN_MAX_CPU_ISA`, `MKL_ENABLE_INSTRUCTIONS`): a stand-in for another machine.
Where digests differ, the table says how far the images are apart, in units of full range.
"""

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

AS_IT_IS: Final = "as it is"
PROCESSORS: Final[Mapping[str, Mapping[str, str]]] = {
    AS_IT_IS: {},
    "with AVX2 only": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    },
    "torch without vectors": {"ATEN_CPU_CAPABILITY": "default"},
    "with SSE4 only": {
        "ATEN_CPU_CAPABILITY": "default",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
    },
}
_SHORT: Final = 16  # characters of a digest in the table


@dataclass(frozen=True, kw_only=True)
class Case:
    """One process.

    Attributes:
        method: What is run.
        processor: A name in `PROCESSORS`.
        threads: Of torch.
        how: "whole", or "stopped" in the middle and gone on with.
    """

    method: str
    processor: str = AS_IT_IS
    threads: int = 1
    how: str = "whole"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every case and print the table."""
    given = _parser().parse_args(arguments)
    if given.child:
        return _child(Case(**json.loads(given.child)), given.into)
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            row
            for method in given.methods
            for row in _rows(method, given.threads, given.processors, Path(folder))
        ]
    found = {"machine": _machine(), "rows": rows}
    differing = _differing(rows, given.against)
    if given.json:
        print(json.dumps(found, indent=1))
    else:
        print(_table(found, given.against, differing))
    return 1 if differing else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.determinism",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--methods", nargs="*", default=["recommended", "distribution"])
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--processors", nargs="*", default=list(PROCESSORS), choices=PROCESSORS)
    parser.add_argument("--against", type=Path, help="what --json printed on another machine")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    return parser


def _rows(
    method: str, threads: Sequence[int], processors: Sequence[str], folder: Path
) -> Iterator[dict[str, Any]]:
    first = Case(method=method)
    cases = [first, first, replace(first, how="stopped")]
    cases += [replace(first, threads=number) for number in threads if number != first.threads]
    cases += [replace(first, processor=name) for name in processors if name != AS_IT_IS]
    images: np.ndarray | None = None
    for number, case in enumerate(cases):
        into = folder / f"{method}-{number}.npy"
        said = json.loads(_run(case, into))
        made = np.load(into, allow_pickle=False)
        images = made if images is None else images
        apart = float(np.abs(made.astype(np.float64) - images).max())
        yield {**vars(case), **said, "apart": apart, "again": number == 1}


def _run(case: Case, into: Path) -> str:
    command = [sys.executable, "-m", "benchmarks.determinism", "--child", json.dumps(vars(case)), "--into", str(into)]  # fmt: skip
    threads = {name: str(case.threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    environment = {**os.environ, **threads, **PROCESSORS[case.processor]}
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.splitlines()[-1]


def _child(case: Case, into: Path) -> int:
    """Distil, print the digests, and leave the images for comparing."""
    import torch

    from meddistill_gui.core import distilled
    from meddistill_gui.core.run_folder import create_run
    from meddistill_gui.engine import devices

    devices.prepare_threads = lambda: torch.set_num_threads(case.threads)
    with tempfile.TemporaryDirectory() as folder:
        run = create_run(_config(case.method, Path(folder)))
        _distil(case, run)
        experts, result = hashlib.sha256(), run.result.read_bytes()
        for file in sorted(run.experts.glob("expert-*")):
            experts.update(file.read_bytes())
        np.save(into, distilled.from_bytes(result).images, allow_pickle=False)
    said = {
        "experts": experts.hexdigest(),
        "result": hashlib.sha256(result).hexdigest(),
        "capability": torch.backends.cpu.get_cpu_capability(),
    }
    print(json.dumps(said))
    return 0


def _config(method: str, project: Path) -> Any:
    from meddistill_gui.core.config import options_of, with_values
    from meddistill_gui.core.configs.distill import DistillConfig

    begun = with_values(DistillConfig(project=project), {"method": method})
    known = {option.path for option in options_of(begun)}
    values = {
        "iterations": 20,
        "images_per_class": 2,
        "images.size": 16,
        "network.depth": 2,
        "network.width": 8,
        "experts.count": 2,
        "experts.epochs": 5,
        "evaluation.every": 10,
        "evaluation.steps": 30,
        "options.warm_start": 10,
        "options.student_steps": 30,
        "device": "cpu",
    }
    return with_values(begun, {path: value for path, value in values.items() if path in known})


def _distil(case: Case, run: Any) -> None:
    from meddistill_gui.core.control import Control
    from meddistill_gui.core.errors import Stopped
    from meddistill_gui.core.events import Metric
    from meddistill_gui.core.run_folder import open_run
    from meddistill_gui.engine import runner

    _, config = open_run(run.root)
    images = _invented(120, "train", 0), _invented(60, "validation", 1)
    if case.how == "stopped":
        control, steps = Control(), 0
        try:
            for event in runner.distill(config, run, *images, control):
                steps += isinstance(event, Metric) and event.name == runner.LOSS
                if steps == 13:
                    control.request_stop()
        except Stopped:
            pass
    for _ in runner.distill(config, run, *images, Control()):
        pass


def _invented(count: int, role: str, seed: int) -> Any:
    """Noise with a bright corner whose place is the class; whole numbers, so that no machine rounds them."""
    from meddistill_gui.core.real_images import RealImages

    random = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.int64) % 3
    images = random.integers(0, 120, (count, 1, 16, 16), dtype=np.uint8)
    for number, label in enumerate(labels):
        top, left = divmod(int(label), 2)
        images[number, :, 8 * top : 8 * top + 8, 8 * left : 8 * left + 8] += 100
    places = np.arange(count, dtype=np.int64)
    return RealImages(
        images=images, labels=labels, patients=places, ids=places, class_names=("a", "b", "c"), role=role
    )  # fmt: skip


def _machine() -> dict[str, Any]:
    import torch

    return {
        "processor": _processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cores": os.cpu_count(),
    }


def _processor() -> str:
    """The processor's name, where the system tells it."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.is_file() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _differing(rows: list[dict[str, Any]], against: Path | None) -> list[str]:
    """What had to agree and does not."""
    found = []
    for method in {row["method"] for row in rows}:
        own = [row for row in rows if row["method"] == method]
        must = [row for row in own if row["again"] or row["how"] == "stopped"]
        found += [f"{method}, {row['how']}" for row in must if row["result"] != own[0]["result"]]
    if against is not None:
        theirs = json.loads(against.read_text(encoding="utf-8"))["rows"]
        first = {row["method"]: row["result"] for row in reversed(theirs)}
        mine = {row["method"]: row["result"] for row in reversed(rows)}
        found += [f"{name}, on both machines" for name in mine.keys() & first.keys() if mine[name] != first[name]]  # fmt: skip
    return found


def _table(found: dict[str, Any], against: Path | None, differing: list[str]) -> str:
    machine = found["machine"]
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']}, torch {machine['torch']}",
        "",
        f"{'method':<14} {'processor':<22} threads {'run':<8} {'instructions':<12} {'experts':<{_SHORT}} {'result':<{_SHORT}} images apart",
    ]
    for row in found["rows"]:
        run = "again" if row["again"] else row["how"]
        apart = f"{row['apart']:.1e}" if row["apart"] else "0"
        lines.append(
            f"{row['method']:<14} {row['processor']:<22} {row['threads']:>7} {run:<8} {row['capability']:<12} "
            f"{row['experts'][:_SHORT]} {row['result'][:_SHORT]} {apart}"
        )
    lines += ["", *(f"DIFFERS: {one}" for one in differing)]
    if not differing:
        lines.append("What has to agree agrees" + (", also with the other machine." if against else "."))  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
