"""The run folder: everything about one run, readable while it runs and after a crash.

runs/<name>/
  run.toml                  the frozen `DistillConfig`, and the format of the folder
  patches.toml              the frozen `PatchesConfig`, where the run is made from patches of large images
  events.jsonl              one event a line, only ever appended to
  wish                      "pause" or "stop", written by whoever watches
  experts/                  trajectory store
  checkpoint.safetensors    all that is needed to go on, replaced whole
  speed.json                how its steps are computed, and what else was tried; missing where nothing was
  ledger.json               what the run was made and started from (`core.ledger`); stays here
  frames/NNNNNNNN.npy       snapshots of the synthetic images, uint8 [N, H, W] or [N, H, W, 3]
  frames/NNNNNNNN.labels    their labels where these are soft, float32 [N, K] as npy
  origin.json               which run a reworked one was made from, and why
  evaluated/NNNNNNNN.safetensors    the set of each evaluation, where the run keeps them; stays here
  result/distilled.safetensors
  result/evaluation.json
  result/voting.json        decisions about test images by voting over their patches; stays here
  audit/                    reports; the fine-grained one stays here
"""

import json
import math
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Final

import tomli_w

from meddistill_gui.core import events
from meddistill_gui.core.config import from_mapping, to_mapping, validate
from meddistill_gui.core.configs.distill import RUN_FORMAT, DistillConfig
from meddistill_gui.core.errors import ConfigError, ProjectError
from meddistill_gui.core.files import read_toml, write_whole, writing_to

WISHES: Final = ("", "pause", "stop")
_SYNC_SECONDS: Final = 5.0


@dataclass(frozen=True)
class RunFolder:
    """Where the parts of one run lie.

    Attributes:
        root: The run folder.
    """

    root: Path

    @property
    def name(self) -> str:
        """Name of the run."""
        return self.root.name

    @property
    def config(self) -> Path:
        """The frozen config."""
        return self.root / "run.toml"

    @property
    def votes(self) -> Path:
        """What voting over patches decided about each test image; stays here."""
        return self.root / "result" / "voting.json"

    @property
    def config_of_patches(self) -> Path:
        """How the images are divided into patches; missing where whole images are used."""
        return self.root / "patches.toml"

    @property
    def events(self) -> Path:
        """The event log."""
        return self.root / "events.jsonl"

    @property
    def wish(self) -> Path:
        """What somebody asks of the run."""
        return self.root / "wish"

    @property
    def experts(self) -> Path:
        """Trajectory store."""
        return self.root / "experts"

    @property
    def checkpoint(self) -> Path:
        """State to go on from."""
        return self.root / "checkpoint.safetensors"

    @property
    def speed(self) -> Path:
        """How the students' steps are computed (`engine.acceleration.record`); stays here."""
        return self.root / "speed.json"

    @property
    def ledger(self) -> Path:
        """What the run was made and started from; stays here."""
        return self.root / "ledger.json"

    @property
    def origin(self) -> Path:
        """Where a reworked run comes from (`core.origin`); stays here."""
        return self.root / "origin.json"

    @property
    def frames(self) -> Path:
        """Snapshots of the synthetic images."""
        return self.root / "frames"

    @property
    def evaluated(self) -> Path:
        """Sets of the run's evaluations by iteration, where it keeps them; they stay here."""
        return self.root / "evaluated"

    @property
    def result(self) -> Path:
        """The distilled set (`core.distilled`)."""
        return self.root / "result" / "distilled.safetensors"

    @property
    def evaluation(self) -> Path:
        """Figures of `evaluate`, JSON."""
        return self.root / "result" / "evaluation.json"

    @property
    def audit(self) -> Path:
        """Folder of the audit's reports."""
        return self.root / "audit"

    @property
    def reviews(self) -> Path:
        """Log of what reviewers decided about single images; stays here."""
        return self.audit / "reviews.jsonl"

    @property
    def project(self) -> Path:
        """The project folder that the run belongs to."""
        return self.root.parent.parent


def create_run(config: DistillConfig) -> RunFolder:
    """Make the folder of a new run and freeze its config there.

    Raises:
        ConfigError: A run of this name exists with another config.
        TargetError: The project folder cannot be written to.
    """
    run = RunFolder(config.project / "runs" / config.name)
    if run.config.exists():
        if _config_here(run) == replace(config, project=RunFolder(run.root.resolve()).project):
            return run
        raise ConfigError(
            [f"A run named {config.name!r} exists already, with other options."],
            f"Choose another name, or go on with it: meddistill distill --resume {run.root}",
        )
    with writing_to(run.root):
        for folder in (run.root, run.frames, run.experts, run.result.parent, run.audit):
            folder.mkdir(parents=True, exist_ok=True)
    content = {"format": RUN_FORMAT, **to_mapping(config)}
    write_whole(run.config, tomli_w.dumps(content).encode())
    return run


def beginning(run: RunFolder) -> tuple[Path, ...]:
    """What a run writes before it makes anything."""
    return run.config, run.config_of_patches, run.ledger, run.events, run.wish


def has_begun(run: RunFolder) -> bool:
    """Whether the run has made anything yet."""
    known = {*beginning(run), run.root / "lock"}
    return any(file not in known for file in run.root.rglob("*") if file.is_file())


def open_run(root: Path) -> tuple[RunFolder, DistillConfig]:
    """Open a run folder.

    Returns:
        The run, and the config it was begun with; `project` and `name` say where the folder lies now, also after a move.

    Raises:
        ProjectError: It is no run folder, a damaged one, or another version's.
    """
    run = RunFolder(root.resolve())
    if not run.config.is_file():
        raise ProjectError(
            f"{root} is no run folder.", "Choose a folder inside the project's folder 'runs'."
        )
    return run, _config_here(run)


def _config_here(run: RunFolder) -> DistillConfig:
    here = RunFolder(run.root.resolve())
    return replace(_stored_config(run.config), project=here.project, name=here.name)


def _stored_config(path: Path) -> DistillConfig:
    stored = read_toml(path)
    made_by = stored.pop("format", 1)  # the first runs did not say
    if made_by != RUN_FORMAT:
        raise ProjectError(
            f"{path} was made by another version of MedDistill (format {made_by}, this one reads {RUN_FORMAT}).",
            "Open the run with the version that made it, or a newer one.",
        )
    try:
        return validate(from_mapping(DistillConfig, stored))
    except ConfigError as error:
        raise ProjectError(
            f"{path} cannot be used: {error.message}",
            "It was made by another version of MedDistill or changed by hand: open the run with that version, or restore the file.",
        ) from error


class EventLog:
    """Appends events to `events.jsonl`; what was appended more than 5 s ago survives a power cut.

    Args:
        path: The log; a half line left by a crash is cut off.
    """

    def __init__(self, path: Path) -> None:
        _cut_half_line(path)
        with writing_to(path.parent):
            self._stream: BinaryIO = path.open("ab")
        self._synced = time.monotonic()
        self._folder = path.parent

    def append(self, event: events.Event) -> None:
        """Write one event.

        Raises:
            TargetError: The disk is full or gone.
        """
        with writing_to(self._folder):
            self._stream.write(events.to_json(event).encode() + b"\n")
            self._stream.flush()
            if time.monotonic() - self._synced > _SYNC_SECONDS:
                os.fsync(self._stream.fileno())
                self._synced = time.monotonic()

    def close(self) -> None:
        """Write out what is left."""
        with writing_to(self._folder):
            os.fsync(self._stream.fileno())
        self._stream.close()


def read_events(path: Path, offset: int = 0) -> tuple[list[events.Event], int]:
    """Read the events from a byte offset on; a line that is still being written is left for the next call.

    Returns:
        The events, and the offset to go on from.
    """
    if not path.is_file():
        return [], 0
    with path.open("rb") as stream:
        stream.seek(offset)
        content = stream.read()
    whole = content.rfind(b"\n") + 1
    return list(_parsed(content[:whole])), offset + whole


def ask(run: RunFolder, wish: str) -> None:
    """Ask a run, wherever it runs, to "pause" or "stop"; "" takes the wish back."""
    if wish not in WISHES:
        raise ValueError(wish)
    write_whole(run.wish, wish.encode())


def asked(run: RunFolder) -> str:
    """What somebody asked of the run; "" for nothing."""
    try:
        wish = run.wish.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    return wish if wish in WISHES else ""


def read_evaluation(run: RunFolder) -> dict[str, Any] | None:
    """The figures of `evaluate`, or None before it ran."""
    if not run.evaluation.is_file():
        return None
    figures: dict[str, Any] = json.loads(run.evaluation.read_text(encoding="utf-8"))
    return figures


def mean_and_spread(value: Mapping[str, float]) -> str:
    """A figure of several students, e.g. "0.812 ± 0.013"; of a single one, who has no spread, the figure alone."""
    mean, spread = value["mean"], value["sd"]
    return f"{mean:.3f} ± {spread:.3f}" if math.isfinite(spread) else f"{mean:.3f}"


def _parsed(content: bytes) -> Iterator[events.Event]:
    for line in content.splitlines():
        try:
            yield events.from_json(line.decode())
        except ValueError:
            yield events.Warned(
                code="unreadable-event",
                message=f"A line of the event log is damaged: {line[:60]!r}",
            )


def _cut_half_line(path: Path) -> None:
    if not path.is_file():
        return
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole != len(content):
        with path.open("r+b") as stream:
            stream.truncate(whole)
