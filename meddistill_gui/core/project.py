"""The project folder: catalogue, cache of pixels, runs. One process at a time may change it.

project/
  project.toml        format number
  catalogue.sqlite    what was found, labels, split
  cache/              pixels and thumbnails of real images: never leaves the house
  runs/<name>/        one folder per run, see `core.run_folder`
  exports.jsonl       what was sent, where to and when: never leaves the house
  audits.json         which audits each hold-out has served: never leaves the house
"""

import contextlib
import os
import socket
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import filelock
import tomli_w

from meddistill_gui.core.errors import BusyError, ProjectError
from meddistill_gui.core.files import write_whole, writing_to

PROJECT_FORMAT: Final = 1


@dataclass(frozen=True)
class Project:
    """Where the parts of one project lie.

    Attributes:
        root: The project folder.
    """

    root: Path

    @property
    def marker(self) -> Path:
        """File that makes a folder a project."""
        return self.root / "project.toml"

    @property
    def catalogue(self) -> Path:
        """SQLite file of the catalogue."""
        return self.root / "catalogue.sqlite"

    @property
    def cache(self) -> Path:
        """Folder of cached pixels and thumbnails of real images."""
        return self.root / "cache"

    @property
    def runs(self) -> Path:
        """Folder of the runs."""
        return self.root / "runs"

    @property
    def exports(self) -> Path:
        """Log of what was exported, where to and when; it stays here."""
        return self.root / "exports.jsonl"

    @property
    def audits(self) -> Path:
        """Which audits each hold-out has served; it stays here."""
        return self.root / "audits.json"

    def run_names(self) -> tuple[str, ...]:
        """Names of the runs, newest first."""
        found = [folder for folder in self.runs.glob("*") if (folder / "run.toml").is_file()]
        return tuple(f.name for f in sorted(found, key=lambda f: f.stat().st_mtime, reverse=True))


def create_project(root: Path) -> Project:
    """Make a project folder, or open it if it is one already.

    Raises:
        ProjectError: The folder holds other things, or a newer version's project.
        TargetError: It cannot be written to.
    """
    project = Project(root)
    if project.marker.exists():
        return open_project(root)
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise ProjectError(
            f"{root} is not empty and is no MedDistill project.",
            "Choose a new or empty folder for the project.",
        )
    with writing_to(root):
        for folder in (root, project.cache, project.runs):
            folder.mkdir(parents=True, exist_ok=True)
    write_whole(project.marker, tomli_w.dumps({"format": PROJECT_FORMAT}).encode())
    return project


def open_project(root: Path) -> Project:
    """Open a project folder.

    Raises:
        ProjectError: It is none, is damaged, or was made by a newer version.
    """
    project = Project(root)
    try:
        made_by = tomllib.loads(project.marker.read_text(encoding="utf-8"))["format"]
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ProjectError(
            f"{root} is no MedDistill project.", "Scan a folder into it first."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError) as error:
        raise ProjectError(
            f"{project.marker} is damaged.", "Restore it from a copy of the project."
        ) from error
    if made_by != PROJECT_FORMAT:
        raise ProjectError(
            f"{root} was made by another version of MedDistill (format {made_by}, this one reads {PROJECT_FORMAT}).",
            "Open it with the version that made it, or a newer one.",
        )
    return project


@contextlib.contextmanager
def held(folder: Path, what: str) -> Iterator[None]:
    """Hold a project or run folder for this process; the system lets go of it when the process dies.

    Args:
        folder: The folder.
        what: "project" or "run", for the message.

    Raises:
        BusyError: Naming the process that holds it.
        TargetError: The folder may not be written to, or is no longer there.
    """
    holder = folder / "holder"
    lock = filelock.FileLock(folder / "lock")
    try:
        with writing_to(folder):
            lock.acquire(timeout=0)
    except filelock.Timeout as error:
        who = holder.read_text(encoding="utf-8") if holder.is_file() else "another program"
        raise BusyError(
            f"The {what} {folder.name} is in use by {who}.",
            "Close it there, or wait until it is done.",
        ) from error
    try:
        with writing_to(folder):
            holder.write_text(f"process {os.getpid()} on {socket.gethostname()}", encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def in_use(folder: Path) -> bool:
    """Whether a living process holds the folder now (see `held`); the system is asked, so a dead holder does not count."""
    if not (folder / "holder").is_file():
        return False
    lock = filelock.FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return True
    lock.release()
    return False
