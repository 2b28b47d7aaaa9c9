"""Pack a run's result as one file, put it where the user wants it, and read every byte of it back."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from meddistill_gui.bundle import delivery, drives, export_log, writer
from meddistill_gui.core import distilled
from meddistill_gui.core.config import validate
from meddistill_gui.core.configs.bundle import ExportConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import BundleError
from meddistill_gui.core.events import Event, Finished, Started, Warned
from meddistill_gui.core.project import Project
from meddistill_gui.core.run_folder import RunFolder, open_run, read_evaluation
from meddistill_gui.core.words import Verdict


def export(config: ExportConfig, control: Control) -> Iterator[Event]:
    """Write `NAME.distilled.zip`.

    Raises:
        BundleError: The audit found a leak.
        TargetError: The target is missing, read-only, full or has vanished.
    """
    yield Started(operation="export", phases=("writing", "reading back"))
    run, _ = open_run(validate(config).run)
    audited = _audit(run)
    if audited is None:
        yield Warned(
            code="not-audited",
            message="No audit has looked for real patients in these images.",
            remedy="Run the audit first, so that the receiver can see what was tested.",
        )
    elif audited["verdict"] == Verdict.LEAK_FOUND:
        raise BundleError(
            f"{Verdict.LEAK_FOUND}: {' '.join(audited['reasons'])}",
            "Drop the images in question or distil again from noise; this set is not packed.",
        )
    content = writer.pack(
        distilled.load(run.result),
        writer.Papers(
            title=config.title or config.name or run.name,
            contact=config.contact,
            licence=config.licence,
            evaluation=read_evaluation(run),
            audit=audited,
        ),
    )
    path: Path = yield from delivery.deliver(content, config.to, config.name or run.name, control)
    digest = hashlib.sha256(content).hexdigest()
    mount = drives.mount_of(path)
    export_log.append(
        Project(run.project).exports,
        export_log.Export(
            when=export_log.now(),
            path=str(path),
            drive=mount.file_system if mount else "",
            sha256=digest,
            size=len(content),
            title=config.title or config.name or run.name,
            verdict=audited["verdict"] if audited else "",
        ),
    )
    yield Finished(
        summary={
            "text": f"{path} is written and was read back without a difference ({len(content):,} bytes).",
            "bundle": str(path),
            "bytes": len(content),
            "sha256": digest,
        }
    )


def _audit(run: RunFolder) -> dict[str, Any] | None:
    path = run.audit / "public.json"
    if not path.is_file():
        return None
    coarse: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return coarse
