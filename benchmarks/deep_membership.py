"""The deep membership test to its end, on invented patients: does it call a harmless start quiet, and a start from real images a leak?

python -m benchmarks.deep_membership [--runs 8] [--starts noise real] [--folder FOLDER]

Makes a project of invented radiographs (one a patient) by the program's own operations, distils it with distribution matching from each start, and
audits each run with `--deep`: so many further runs, each with half of the patients. Prints one line for each group and each control. With `--folder`
everything stays there, and a second call goes on where a first one was stopped or killed.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from PIL import Image

from benchmarks.anonymity_data import SIDE, phantoms
from meddistill_gui.core.config import with_values
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Event
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.operations.audit import audit
from meddistill_gui.operations.distill import distill
from meddistill_gui.operations.label import label
from meddistill_gui.operations.scan import scan
from meddistill_gui.operations.split import split

_PATTERN: Final = r"(p\d+)\.png$"


def main() -> None:
    """Print the table of each start."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--starts", nargs="+", choices=("noise", "real"), default=["noise", "real"])
    parser.add_argument("--patients", type=int, default=500)
    parser.add_argument("--ipc", type=int, default=3, help="synthetic images of each class")
    parser.add_argument("--iterations", type=int, default=60)
    parser.add_argument("--steps", type=int, default=150, help="of a student")
    parser.add_argument("--folder", type=Path, default=None)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = given.folder or Path(folder)
        project = _project(root, given.patients)
        for start in given.starts:
            began = time.process_time()
            report = _audited(project, start, given)
            _print(start, report, time.process_time() - began)


def _project(root: Path, patients: int) -> Path:
    """A project of invented patients, divided; one that is there already is taken as it is."""
    project, source = root / "project", root / "images"
    if (project / "catalogue.sqlite").is_file():
        return project
    drawn = phantoms((patients, 1, 1), 0).train
    for number, (pixels, own) in enumerate(zip(drawn.images, drawn.labels, strict=True)):
        path = source / drawn.class_names[own] / f"p{number:05d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels[0]).save(path)
    control = Control()
    _done(scan(ScanConfig(source=source, project=project, patient_pattern=_PATTERN), control))
    _done(label(LabelConfig(project=project), control))
    _done(split(SplitConfig(project=project, test=0.0, holdout=0.3), control))
    return project


def _audited(project: Path, start: str, given: argparse.Namespace) -> dict[str, Any]:
    """The report of a run from this start."""
    values = {
        "name": f"from-{start}",
        "method": "distribution",
        "images.size": SIDE,
        "network.depth": 3,
        "network.width": 32,
        "images_per_class": given.ipc,
        "iterations": given.iterations,
        "initialisation": start,
        "evaluation.every": given.iterations,
        "evaluation.steps": given.steps,
        "evaluation.validation_students": 1,
        "device": "cpu",
    }
    config = with_values(DistillConfig(project=project), values)
    run = RunFolder(project / "runs" / f"from-{start}")
    if not run.result.is_file():
        _done(distill(config, Control()))
    _done(audit(AuditConfig(run=run.root, planted=20, deep=given.runs), Control()))
    report: dict[str, Any] = json.loads((run.audit / "detailed.json").read_bytes())
    return report


def _done(events: Iterator[Event]) -> None:
    for _ in events:
        pass


def _print(start: str, report: dict[str, Any], seconds: float) -> None:
    found = report["deep_membership"]
    print(
        f"\nfrom {start}: {found['runs']} runs, {found['patients']} patients: {found['verdict']} ({seconds:.0f} s); "
        f"audit: {report['verdict']}"
    )
    for name, group in found["groups"].items():
        print(f"  {name:<40}{group['value']:.3f}  p = {group['p']:.3f}")
    for name, why in found["not_measurable"].items():
        print(f"  {name:<40}{why}")
    print(f"  {'planted patients (AUC)':<40}{found['positive_control']:.3f}")
    print(f"  {'chance called a leak':<40}{found['negative_control']['value']:.1%}", flush=True)


if __name__ == "__main__":
    main()
