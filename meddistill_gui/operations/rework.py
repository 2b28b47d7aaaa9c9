"""Let images of a finished run begin again from noise, or leave them out: a new run beside it, to be audited anew."""

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from meddistill_gui.audit.review_log import read_reviews
from meddistill_gui.core import distilled, origin
from meddistill_gui.core import ledger as ledgers
from meddistill_gui.core.config import validate
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.rework import ReworkConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import ConfigError, ProjectError
from meddistill_gui.core.events import Event, Finished, Started
from meddistill_gui.core.files import writing_to
from meddistill_gui.core.origin import Origin
from meddistill_gui.core.project import Project, held
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.core.run_folder import RunFolder, create_run, open_run
from meddistill_gui.engine import branching
from meddistill_gui.operations.distill import distill
from meddistill_gui.operations.following import followed
from meddistill_gui.operations.real_images import READING_PHASES, roles_read
from meddistill_gui.operations.review import decide

_DECISIONS: Final = {"restart": "restarted", "drop": "dropped"}


def rework(config: ReworkConfig, control: Control) -> Iterator[Event]:
    """Make the new run and distil on in it; the finished run stays as it is, but for an entry in its review log.

    Raises:
        ConfigError: The set has no such image, or the name is taken.
        ProjectError: The run has no checkpoint to go on from, a class would be left without an image, or a log was changed.
        Stopped: As asked; the new run is resumed like any other.
    """
    yield Started(operation="rework", phases=READING_PHASES)
    run, run_config = open_run(validate(config).run)
    rows = _rows(config, len(distilled.load(run.result).images))
    read_reviews(run.reviews)  # a changed log is refused before anything is done
    with held(run.root, "run"):
        train, _ = yield from roles_read(
            run.project, run_config.images, ("train", "validation"), control
        )
        new = _made(config, run, run_config, rows, train)
    yield from followed(distill(open_run(new.root)[1], control))
    what = "began again from noise" if config.action == "restart" else "were left out"
    numbers = ", ".join(str(row + 1) for row in rows)
    yield Finished(
        summary={
            "text": f"Images {numbers} {what} in {new.root}; the others are as they were. Audit this run before it is packed.",
            "run": str(new.root),
            "images": [row + 1 for row in rows],
            "action": config.action,
        }
    )


def _rows(config: ReworkConfig, count: int) -> tuple[int, ...]:
    beyond = [number for number in config.numbers if number > count]
    if beyond:
        raise ConfigError([f"images holds {beyond[0]}, but the set has {count} images."])
    return tuple(number - 1 for number in config.numbers)


def _made(
    config: ReworkConfig,
    run: RunFolder,
    old: DistillConfig,
    rows: tuple[int, ...],
    train: RealImages,
) -> RunFolder:
    """The folder of the new run with all that it goes on from; the finished run's log tells of it first."""
    parts = branching.Parts(config=old, folder=run, train=train)
    begun = branching.dropped(parts, rows) if config.action == "drop" else branching.begun_again(parts, rows, config.iterations)  # fmt: skip
    name = config.name or _free_name(run)
    if (Project(run.project).runs / name).exists():
        raise ConfigError([f"A run named {name!r} exists already."], "Choose another name.")
    for row in rows:
        decide(run, row, _DECISIONS[config.action], config.reviewer, config.reason)
    new = create_run(replace(begun.config, name=name))
    with writing_to(new.root):
        _share_experts(run.experts, new.experts)
    branching.save(begun, new)
    _write_ledger(run, new, rows, config.action)
    origin.save(new.origin, _origin(config, run, rows))
    return new


def _origin(config: ReworkConfig, run: RunFolder, rows: tuple[int, ...]) -> Origin:
    return Origin(
        run=run.name,
        content=hashlib.sha256(run.result.read_bytes()).hexdigest(),
        action=config.action,
        images=rows,
        reviewer=config.reviewer.strip(),
        reason=config.reason.strip(),
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        log=read_reviews(run.reviews)[-1].digest,
    )


def _free_name(run: RunFolder) -> str:
    number = 2
    base = re.sub(r"-reworked-\d+$", "", run.name)
    while (run.root.parent / f"{base}-reworked-{number}").exists():
        number += 1
    return f"{base}-reworked-{number}"


def _share_experts(given: Path, taken: Path) -> None:
    """The same files in both runs, without a second copy where the disk allows it."""
    for file in sorted(given.glob("expert-*.safetensors")):
        with contextlib.suppress(OSError):
            os.link(file, taken / file.name)
        if not (taken / file.name).exists():
            shutil.copyfile(file, taken / file.name)


def _write_ledger(run: RunFolder, new: RunFolder, rows: tuple[int, ...], action: str) -> None:
    ledger = ledgers.load(run.ledger)
    if ledger is None:
        raise ProjectError(
            f"{run.name} was made by an older version, which did not write down what its images were started from.",
            "Distil again from noise.",
        )
    chosen = set(rows)
    started = tuple(
        None if row in chosen else one
        for row, one in enumerate(ledger.started_from)
        if action == "restart" or row not in chosen
    )
    ledgers.save(new.ledger, replace(ledger, started_from=started))
