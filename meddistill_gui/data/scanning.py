"""Scanning: one walk, one open per new or changed file, headers only; what was found goes into the catalogue in batches."""

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import SourceError
from meddistill_gui.core.events import Event, Progress, Warned
from meddistill_gui.data.ahead import read_ahead
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.division.patients import apply_stored, check_pattern
from meddistill_gui.data.facts import FileFacts, Problem
from meddistill_gui.data.formats.headers import UNREADABLE, read_facts
from meddistill_gui.data.issues import count_causes
from meddistill_gui.data.labels.layers import derive_by_hand
from meddistill_gui.data.recording import (
    SeenFile,
    forget_files,
    forget_orphans,
    record_files,
    record_issues,
    set_about,
)
from meddistill_gui.data.walking import Listing, UnreadFolder, walk

PHASE: Final = "scanning"
_BATCH: Final = 200
_LISTED: Final = 500  # files of the walk between two signs of life

Read = tuple[SeenFile, FileFacts]


@dataclass(frozen=True, kw_only=True)
class ScanReport:
    """What a scan found.

    Attributes:
        files: Files in the source folder.
        images: Images in them, those of earlier scans included.
        patients: Patients, or None where the source does not name every image's patient.
        issues: Files that cannot be used, by cause.
        risks: Files whose pixels may show text.
        read: Files that were new or changed, and therefore read.
        changed: How many of these were known before.
        vanished: Files that an earlier scan saw and that are gone.
    """

    files: int
    images: int
    patients: int | None
    issues: Counter[str]
    risks: int
    read: int
    changed: int
    vanished: int


def scan(
    config: ScanConfig, catalogue: Catalogue, control: Control
) -> Generator[Event, None, ScanReport]:
    """Look through the source folder and write down what is there. The folder is only read.

    Files whose size and time of change are as an earlier scan saw them are not opened. After a stop or a crash a new scan goes on
    with the files that are not written down yet.

    Args:
        config: Source, project, workers, pattern for patients.
        catalogue: Filled in batches.
        control: Asked to stop between two files.

    Yields:
        `Progress` of the phase "scanning" (first without a total, while files are counted), `Warned` for each file that cannot be
        used.

    Raises:
        SourceError: The folder is missing, unreadable, empty, without any image, holds the project, or is not the one that this
            project was made from.
        ConfigError: The pattern for patients is no regular expression with a group.
        Stopped: On request; what was read is kept.
    """
    if config.patient_pattern:
        check_pattern(config.patient_pattern)
    source = _checked_source(config, catalogue)
    listing = Listing(catalogue)
    unread = yield from _list(source, listing, control)
    _check_listing(source, listing, unread)
    set_about(catalogue, "source", str(source))
    record_issues(catalogue, "folder", [(folder.path, folder.problem) for folder in unread])
    todo, changed = listing.compare()
    try:
        yield from _read(source, listing, todo, _reader(source), config.workers, catalogue, control)
    finally:
        apply_stored(catalogue, config.patient_pattern)
    vanished = listing.vanished([folder.path for folder in unread])
    yield from _tidy(catalogue, vanished)
    report = _report(catalogue, listing.files, todo, changed, len(vanished))
    if report.images == 0:
        raise SourceError(
            f"None of the {report.files} files in {source} is an image that can be read.",
            "Choose the folder that holds the DICOM, PNG or JPEG files; the list of issues says what is wrong with each file.",
        )
    return report


def _tidy(catalogue: Catalogue, vanished: list[str]) -> Iterator[Event]:
    """Forget files that are gone; give files that were read anew the classes that a person set."""
    forget_files(catalogue, vanished)
    derive_by_hand(catalogue)
    forget_orphans(catalogue)
    if vanished:
        yield Warned(
            code="vanished-files",
            message=f"{len(vanished)} files of an earlier scan are gone, {vanished[0]} among them.",
            remedy="If that was not meant, put them back and scan again.",
        )


def _checked_source(config: ScanConfig, catalogue: Catalogue) -> Path:
    source = config.source.resolve()
    if not source.is_dir():
        raise SourceError(
            f"{config.source} is no folder that can be opened.",
            "Check the spelling, and that the disk or share is connected.",
        )
    if config.project.resolve().is_relative_to(source):
        raise SourceError(
            f"The project folder {config.project} lies inside the source folder.",
            "Choose a project folder outside of it: the source is never written to.",
        )
    before = catalogue.source
    if before is not None and before != source and before.is_dir():
        raise SourceError(
            f"This project was made from {before}, not from {source}.",
            "Make a new project for another source folder.",
        )
    return source


def _check_listing(source: Path, listing: Listing, unread: list[UnreadFolder]) -> None:
    """Stop before anything is forgotten because a share is not mounted."""
    if unread and unread[0].path == "":
        raise SourceError(f"{source}: {unread[0].problem.reason}", unread[0].problem.remedy)
    if listing.files == 0:
        raise SourceError(
            f"There is no file in {source}.",
            "Choose the folder that holds the images, and check that its disk or share is connected.",
        )


def _list(
    source: Path, listing: Listing, control: Control
) -> Generator[Event, None, list[UnreadFolder]]:
    unread = []
    for found in walk(source, control):
        if isinstance(found, UnreadFolder):
            unread.append(found)
            yield _warning(found.path, found.problem, "unreadable-folder")
            continue
        listing.add(found)
        if listing.files % _LISTED == 0:
            control.safe_point()
            yield Progress(phase=PHASE, done=listing.files, total=None, unit="files")
    return unread


def _reader(source: Path) -> Callable[[SeenFile], Read]:
    def read(seen: SeenFile) -> Read:
        return seen, read_facts(source / seen.path)

    return read


def _read(
    source: Path,
    listing: Listing,
    total: int,
    read: Callable[[SeenFile], Read],
    workers: int,
    catalogue: Catalogue,
    control: Control,
) -> Iterator[Event]:
    """Read headers on up to `workers` threads and write them down in batches, also those read before a stop."""
    batch: list[Read] = []
    done = 0
    try:
        for seen, facts in read_ahead(read, listing.todo(), workers, control):
            done += 1
            if facts.problem is not None:
                _check_still_there(source, facts.problem)
            batch.append((_to_be_remembered(seen, facts), facts))
            if facts.problem is not None:
                yield _warning(seen.path, facts.problem, "unreadable-file")
            if len(batch) >= _BATCH:
                record_files(catalogue, batch)
                batch.clear()
                yield Progress(phase=PHASE, done=done, total=total, unit="files")
    finally:
        record_files(catalogue, batch)
    yield Progress(phase=PHASE, done=done, total=total, unit="files")


def _to_be_remembered(seen: SeenFile, facts: FileFacts) -> SeenFile:
    """A file that the system refused to read is tried again by the next scan, though it has not changed."""
    refused = facts.problem is not None and facts.problem.cause == UNREADABLE
    return replace(seen, modified=-1) if refused else seen


def _check_still_there(source: Path, problem: Problem) -> None:
    """Tell one unreadable file from a source that is gone.

    Raises:
        SourceError: The whole source folder has vanished.
    """
    if problem.cause == UNREADABLE and not source.is_dir():
        raise SourceError(
            f"{source} is no longer there.",
            "Connect the disk or share again and scan once more: what was read is kept.",
        )


def _warning(path: str, problem: Problem, code: str) -> Warned:
    shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return Warned(code=code, message=f"{shown}: {problem.reason}", remedy=problem.remedy)


def _report(catalogue: Catalogue, files: int, read: int, changed: int, vanished: int) -> ScanReport:
    summary = catalogue.summary()
    return ScanReport(
        files=files,
        images=summary.images,
        patients=summary.patients,
        issues=Counter(count_causes(catalogue.connection)),
        risks=summary.risks,
        read=read,
        changed=changed,
        vanished=vanished,
    )
