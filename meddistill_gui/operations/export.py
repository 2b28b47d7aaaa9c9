"""Pack a run's result as one file, put it where the user wants it, and read every byte of it back."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from meddistill_gui.audit import report
from meddistill_gui.bundle import (
    content_scan,
    delivery,
    drives,
    export_log,
    own_key,
    sealing,
    writer,
)
from meddistill_gui.bundle.writer import Papers
from meddistill_gui.core import distilled
from meddistill_gui.core.config import validate
from meddistill_gui.core.configs.bundle import ExportConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.events import Event, Finished, Progress, Started
from meddistill_gui.core.paths import resources
from meddistill_gui.core.project import Project
from meddistill_gui.core.run_folder import RunFolder, open_run, read_evaluation
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.identifiers import identifiers
from meddistill_gui.operations.release import audited

_SEARCHING: Final = "searching for names"


def export(config: ExportConfig, control: Control) -> Iterator[Event]:
    """Write `NAME.distilled.zip`.

    Raises:
        BundleError: The audit found a leak, a name of the source stands in the bundle, or a key or passphrase cannot be used.
        TargetError: The target is missing, read-only, full or has vanished.
    """
    yield Started(operation="export", phases=(_SEARCHING, "writing", "reading back"))
    run, _ = open_run(validate(config).run)
    sealing.check_ready(config)
    found = yield from audited(
        run, "Run the audit first, so that the receiver can see what was tested."
    )
    coarse = None if found is None else report.public(found)  # anew, from what was decided by
    result = distilled.load(run.result)
    bundle = _packed(config, run, result, coarse)
    yield Progress(phase=_SEARCHING, done=0, total=1)
    _search(bundle, config, run, result)
    yield Progress(phase=_SEARCHING, done=1, total=1)
    sealed = sealing.sealed(bundle, config)
    name = config.name or run.name
    path = yield from delivery.deliver(sealed, config.to, name, control, replace=config.replace)
    _log(run, config, path, sealed, coarse)
    yield Finished(
        summary={
            "text": f"{path} is written and was read back without a difference ({len(sealed):,} bytes)."
            + (" Eject the drive before you unplug it." if drives.is_removable(path) else ""),
            "bundle": str(path),
            "bytes": len(sealed),
            "sha256": hashlib.sha256(sealed).hexdigest(),
        }
    )


def _packed(
    config: ExportConfig, run: RunFolder, result: DistilledSet, audited: dict[str, Any] | None
) -> bytes:
    papers = Papers(
        title=config.title,
        contact=config.contact,
        licence=config.licence,
        evaluation=read_evaluation(run),
        audit=audited,
    )
    return writer.pack(result, papers)


def _search(bundle: bytes, config: ExportConfig, run: RunFolder, result: DistilledSet) -> None:
    """Look through the whole bundle for every identifier that the scan met, before anything is written.

    Raises:
        BundleError: One stands in it, or the search missed one of the words planted to test it.
    """
    with open_catalogue(Project(run.project).catalogue) as catalogue:
        names = identifiers(catalogue) | content_scan.this_machine()
    typed = [config.title, config.contact, config.licence, *result.recipe.class_names]
    content_scan.check(bundle, names, typed=[*typed, *_texts_of_every_bundle()])


def _texts_of_every_bundle() -> Iterator[str]:
    """What the program itself writes into each bundle, its file names among it, can name nobody."""
    for path in sorted((resources() / "bundle").rglob("*")):
        # Python compiles the script's folder too, where it may
        if path.is_file() and path.parent.name != "__pycache__":
            yield path.name
            yield path.read_text(encoding="utf-8")


def _log(
    run: RunFolder, config: ExportConfig, path: Path, sealed: bytes, audited: dict[str, Any] | None
) -> None:
    """Write down in the project what was sent, where to and when."""
    mount = drives.mount_of(path)
    signer = own_key.public() if config.sign else None
    entry = export_log.Export(
        when=export_log.now(),
        path=str(path),
        drive=mount.file_system if mount else "",
        sha256=hashlib.sha256(sealed).hexdigest(),
        size=len(sealed),
        title=config.title,
        verdict=audited["verdict"] if audited else "",
        signed_by=signer.fingerprint if signer else "",
        encrypted="keys" if config.recipients else "passphrase" if config.encrypt else "",
        recipients=config.recipients,
    )
    export_log.append(Project(run.project).exports, entry)
