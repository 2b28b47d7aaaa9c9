"""Model capsules: write one from a run, and rebuild the trained network from one."""

import hashlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from meddistill_gui.bundle import capsule as capsules
from meddistill_gui.bundle import content_scan, delivery, drives, export_log
from meddistill_gui.bundle.capsule import Capsule
from meddistill_gui.core import distilled
from meddistill_gui.core.config import validate
from meddistill_gui.core.configs.capsule import CapsuleExportConfig, CapsuleOpenConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.errors import BundleError, TargetError
from meddistill_gui.core.events import Event, Finished, Progress, Started, Warned
from meddistill_gui.core.files import write_whole, writing_to
from meddistill_gui.core.project import Project
from meddistill_gui.core.run_folder import RunFolder, open_run
from meddistill_gui.core.voted import voted_with
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.identifiers import identifiers
from meddistill_gui.engine import devices
from meddistill_gui.engine.capsules import TOLERANCE, Rebuilt, estimated_statistics, rebuild
from meddistill_gui.engine.evaluation import portable
from meddistill_gui.operations.patch_sets import run_images
from meddistill_gui.operations.release import audited

_TRAINING: Final = "rebuilding the network"
_FLOAT: Final = 4  # bytes
_CPU: Final = torch.device("cpu")


def capsule_export(config: CapsuleExportConfig, control: Control) -> Iterator[Event]:
    """Write `NAME.capsule` and read it back.

    Raises:
        BundleError: The set prescribes no start, the audit found a leak, or a name of the source stands in the capsule.
        SplitError: Batch statistics were asked for and there are too few patients.
        TargetError: The place is missing, read-only, full or has vanished.
    """
    yield Started(operation="capsule-export", phases=(_TRAINING, "writing", "reading back"))
    run, _ = open_run(validate(config).run)
    report = yield from audited(
        run, "Run the audit first: a capsule holds the same images as a bundle."
    )
    result = distilled.load(run.result)
    capsules.refuse_open(result.recipe)
    yield Progress(phase=_TRAINING, done=0, total=1)
    rebuilt, statistics, patients = yield from _rebuilt(config, run, result, control)
    yield Progress(phase=_TRAINING, done=1, total=1)
    made = Capsule(
        distilled=result,
        parameters=rebuilt.parameters,
        digest=rebuilt.digest,
        answers=rebuilt.answers,
        delta=config.delta or voted_with(run.votes),
        statistics=statistics,
        patients=patients,
    )
    content = capsules.to_bytes(made)
    _search(content, run, result)
    path = yield from delivery.deliver(
        content, config.to, config.name or run.name, control, extension=capsules.EXTENSION
    )
    _log(run, path, content, "" if report is None else str(report["verdict"]))
    what = f"{path} is written and was read back without a difference"
    yield Finished(summary=_summary(what, path, len(content), made))


def capsule_open(config: CapsuleOpenConfig, control: Control) -> Iterator[Event]:
    """Rebuild the network of a capsule, say whether it is the sender's to the bit, and how much smaller the capsule is.

    Raises:
        BundleError: The capsule is damaged or changed, or another network came out.
        TargetError: The folder cannot be written to, or another file of that name is there.
    """
    yield Started(operation="capsule-open", phases=(_TRAINING,))
    made, size = capsules.read(validate(config).capsule)
    device = devices.choose(config.device)
    yield Progress(phase=_TRAINING, done=0, total=1)
    rebuilt = rebuild(made.distilled, device, control, statistics=made.statistics)
    difference = _compared(made, rebuilt)
    yield Progress(phase=_TRAINING, done=1, total=1)
    same = rebuilt.digest == made.digest
    if not same:
        yield Warned(
            code="other-bits",
            message=f"The network is the sender's up to rounding: its answers differ by at most {difference:.2g}.",
            remedy="Another kind of processor or another version of torch adds in another order; nothing needs to be done.",
        )
    summary = _summary("The network is rebuilt", config.capsule, size, made)
    if config.out is not None:
        summary["parameters_file"] = str(_write(config.out, config.capsule.stem, made, rebuilt))
    yield Finished(summary={**summary, "same_bits": same, "largest_difference": difference})


def _rebuilt(
    config: CapsuleExportConfig, run: RunFolder, result: DistilledSet, control: Control
) -> Generator[Event, None, tuple[Rebuilt, npt.NDArray[np.float16] | None, int]]:
    """The network, and batch statistics of patients with their number where they were asked for."""
    first = rebuild(result, _CPU, control)
    if config.statistics == "synthetic" or len(first.theta) == first.parameters:
        return first, None, 0
    _, options = open_run(run.root)
    (train,) = yield from run_images(run, options, ("train",), control)
    found, patients = estimated_statistics(
        result.recipe, first.theta, train, capsules.FEWEST_PATIENTS, control
    )
    yield Warned(
        code="patients-statistics",
        message=f"The capsule holds {len(found):,} batch statistics of {patients:,} training patients, in half precision.",
        remedy="Leave --statistics out to send none of them.",
    )
    return rebuild(result, _CPU, control, statistics=found), found, patients


def _search(content: bytes, run: RunFolder, result: DistilledSet) -> None:
    """As for a bundle: no identifier that the scan met may stand in it."""
    with open_catalogue(Project(run.project).catalogue) as catalogue:
        names = identifiers(catalogue) | content_scan.this_machine()
    content_scan.check(content, names, typed=result.recipe.class_names)


def _log(run: RunFolder, path: Path, content: bytes, verdict: str) -> None:
    """Write down in the project what was sent, as for a bundle."""
    mount = drives.mount_of(path)
    entry = export_log.Export(
        when=export_log.now(),
        path=str(path),
        drive=mount.file_system if mount else "",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        title="",
        verdict=verdict,
    )
    export_log.append(Project(run.project).exports, entry)


def _compared(made: Capsule, rebuilt: Rebuilt) -> float:
    if rebuilt.parameters != made.parameters:
        raise BundleError(
            f"The network has {rebuilt.parameters:,} parameters here, the sender's {made.parameters:,}.",
            "Another version of torchvision defines it otherwise; ask the sender for theirs.",
        )
    difference = float(np.abs(rebuilt.answers - made.answers).max())
    if rebuilt.digest != made.digest and not difference <= TOLERANCE:
        raise BundleError(
            f"Another network came out: its answers differ from the sender's by {difference:.2g}, {TOLERANCE:g} is allowed.",
            "Open it with the sender's version of MedDistill, or ask for a bundle.",
        )
    return difference


def _summary(what: str, path: Path, size: int, made: Capsule) -> dict[str, object]:
    weights = _FLOAT * made.parameters
    recipe = made.distilled.recipe
    return {
        "text": f"{what}: {size:,} bytes for a network of {weights:,} bytes, {size / weights:.2%} of it.",
        "capsule": str(path),
        "bytes": size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "network": recipe.network,
        "parameters": made.parameters,
        "network_bytes": weights,
        "share": size / weights,
        "images": len(made.distilled.images),
        "steps": recipe.steps,
        "delta": made.delta,
        "statistics": f"of {made.patients} patients"
        if made.patients
        else "of the synthetic images",
        "digest": made.digest,
    }


def _write(folder: Path, name: str, made: Capsule, rebuilt: Rebuilt) -> Path:
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.safetensors"
    content = portable.weights(made.distilled.recipe, rebuilt.theta)
    if path.exists() and path.read_bytes() != content:
        raise TargetError(
            f"{path} is there already, with other content.",
            "Choose another folder, or remove that file first.",
        )
    write_whole(path, content)
    return path
