"""The whole way on an invented hospital: every step is the operation that a user would run by itself."""

import itertools
import json
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from meddistill_gui.core.config import validate
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.configs.bundle import ExportConfig, ReceiveConfig, VerifyConfig
from meddistill_gui.core.configs.demo import DemoConfig
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.results import EvaluateConfig
from meddistill_gui.core.configs.review import ReviewConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import TargetError
from meddistill_gui.core.events import Event, Finished, Started
from meddistill_gui.core.files import writing_to
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.data.phantoms.hospital import write_hospital
from meddistill_gui.operations import demo_patches, run_report
from meddistill_gui.operations.audit import audit
from meddistill_gui.operations.distill import distill, experts
from meddistill_gui.operations.evaluate import evaluate
from meddistill_gui.operations.export import export
from meddistill_gui.operations.following import followed
from meddistill_gui.operations.label import label
from meddistill_gui.operations.receive import receive
from meddistill_gui.operations.review import review
from meddistill_gui.operations.scan import scan
from meddistill_gui.operations.split import split
from meddistill_gui.operations.verify import verify

Steps = Generator[Event, None, Mapping[str, Any]]
_STUDENTS: Final = 3  # a demo is to be quick


@dataclass(frozen=True)
class DemoFolders:
    """Where the demo puts things."""

    root: Path

    @property
    def hospital(self) -> Path:
        """The invented source folder."""
        return self.root / "hospital"

    @property
    def project(self) -> Path:
        """The project folder."""
        return self.root / "project"

    @property
    def run(self) -> Path:
        """The run folder."""
        return self.project / "runs" / "demo"

    @property
    def stick(self) -> Path:
        """Stands for the USB stick."""
        return self.root / "usb-stick"

    @property
    def received(self) -> Path:
        """What the other hospital makes of it."""
        return self.root / "other-hospital"


def demo(config: DemoConfig, control: Control) -> Iterator[Event]:
    """Invent a hospital in `out`, and take it from scan to receive.

    Raises:
        TargetError: The folder is not empty or cannot be written to.
    """
    began = time.monotonic()
    yield Started(operation="demo")
    folders = _new_folders(validate(config).out or _free_folder())
    if config.patches:
        yield from demo_patches.prepare(folders.hospital, folders.project, config, control)
        run = demo_patches.run_of(folders.project, folders.run.name, config)
        yield from followed(distill(run, control))
    else:
        yield from _prepare(folders, config, control)
        yield from _make(folders, config, control)
    yield from _examine(folders, config, control)
    taught = ""
    if config.patches:
        voted, packed = yield from demo_patches.conclude(folders.run, folders.stick, control)
        taught = f" {voted['text']} {packed['text']}"
    sent = yield from _send(folders, config, control)
    page = run_report.write(folders.run, folders.root / "report.html", invented=True)
    closing = _closing(folders, sent, page, time.monotonic() - began)
    yield Finished(summary={**closing, "text": f"{closing['text']}{taught}"})


def _free_folder() -> Path:
    """`meddistill-demo` in the folder where the user is, with a number where an earlier demo has that name."""
    first = Path.cwd() / "meddistill-demo"
    others = (first.with_name(f"{first.name}-{number}") for number in itertools.count(2))
    return next(path for path in itertools.chain([first], others) if not path.exists())


def _new_folders(out: Path) -> DemoFolders:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise TargetError(f"{out} is not empty.", "Choose a new or empty folder for the demo.")
    folders = DemoFolders(out)
    with writing_to(out):
        for folder in (out, folders.stick):
            folder.mkdir(parents=True, exist_ok=True)
    return folders


def _prepare(folders: DemoFolders, config: DemoConfig, control: Control) -> Iterator[Event]:
    yield from write_hospital(
        folders.hospital, patients=config.patients, seed=config.seed, control=control
    )
    yield from followed(scan(ScanConfig(source=folders.hospital, project=folders.project), control))
    yield from followed(label(LabelConfig(project=folders.project), control))
    # 40 % hold-out: the audit needs at least 100 patients there, and the demo has only 250
    parts = SplitConfig(
        project=folders.project, validation=0.1, test=0.15, holdout=0.4, seed=config.seed
    )
    yield from followed(split(parts, control))


def _make(folders: DemoFolders, config: DemoConfig, control: Control) -> Iterator[Event]:
    run = DistillConfig(
        project=folders.project,
        name=folders.run.name,
        images_per_class=config.images_per_class,
        iterations=config.iterations,
        seed=config.seed,
    )
    yield from followed(experts(run, control))
    yield from followed(distill(run, control))


def _examine(folders: DemoFolders, config: DemoConfig, control: Control) -> Iterator[Event]:
    # students of all patches take longer than all the rest of that demo: benchmarks/soft_label has them
    test = EvaluateConfig(run=folders.run, students=_STUDENTS, whole=not config.patches)
    yield from followed(evaluate(test, control))
    yield from followed(audit(AuditConfig(run=folders.run), control))
    yield from _review(folders, control)


def _review(folders: DemoFolders, control: Control) -> Iterator[Event]:
    """Stand in for the reviewer: nobody needs protecting from a picture of an invented patient."""
    report = json.loads(
        (RunFolder(folders.run).audit / "detailed.json").read_text(encoding="utf-8")
    )
    for image in report["images"]:
        if image["flagged"]:
            decision = ReviewConfig(
                run=folders.run,
                image=image["index"] + 1,
                decision="accepted",
                reviewer="the demo",
                reason="Every patient behind these images is invented.",
            )
            yield from followed(review(decision, control))


def _send(folders: DemoFolders, config: DemoConfig, control: Control) -> Steps:
    packing = ExportConfig(
        run=folders.run,
        to=folders.stick,
        name="demo",
        title=f"Invented {'stomach' if config.patches else 'chest'} phantoms, distilled",
        licence="CC0-1.0",
    )
    sent = yield from followed(export(packing, control))
    bundle = Path(sent["bundle"])
    yield from followed(verify(VerifyConfig(bundle=bundle), control))
    yield from followed(receive(ReceiveConfig(bundle=bundle, out=folders.received), control))
    return sent


def _closing(
    folders: DemoFolders, sent: Mapping[str, Any], page: Path, seconds: float
) -> dict[str, Any]:
    figures = run_report.figures(folders.run)
    return {
        "text": f"An invented hospital went the whole way in {seconds:.0f} s. Open {page} to see it.",
        "report": str(page),
        "bundle": sent["bundle"],
        "source_bytes": sum(
            file.stat().st_size for file in folders.hospital.rglob("*") if file.is_file()
        ),
        "bundle_bytes": int(sent["bytes"]),
        "seconds": round(seconds),
        "table": run_report.table(folders.run, bundle_bytes=int(sent["bytes"])),
        "verdict": figures.audit["verdict"] if figures.audit else None,
        "reasons": figures.audit["reasons"] if figures.audit else [],
    }
