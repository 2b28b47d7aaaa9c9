"""The split: which patients train, choose, test, and stay out for the audit. Drawn once, stored, checked for leaks.

Drawn from the pixels and the seed alone: renaming every file and every patient changes nothing (`docs/anonymity.md`).
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from meddistill_gui.core.config import to_mapping
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.errors import SplitError
from meddistill_gui.core.project import Project
from meddistill_gui.core.real_images import UNKNOWN_PATIENT
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.counts import RoleCount
from meddistill_gui.data.division.clusters import (
    Member,
    labelled_members,
    patient_clusters,
    with_copies,
)
from meddistill_gui.data.division.leaks import LeakCheck, check_leaks
from meddistill_gui.data.recording import record_roles

FEWEST_PATIENTS: Final = 11
"""Patients of a class below which a class image may be one person's picture (`docs/anonymity.md`, M0)."""

FEWEST_TO_DIVIDE: Final = 4
"""Patients that a class needs so that each part of the division has one: train, validation, test and hold-out."""

FEWEST_HOLDOUT: Final = 100
"""Hold-out patients below which the audit gives no verdict."""

_FOLDER_ROLES: Final = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}

Group = list[Member]


@dataclass(frozen=True, kw_only=True)
class SplitReport:
    """What was drawn.

    Attributes:
        roles: Numbers of each part.
        patients_known: Whether the source names every labelled image's patient.
        leaks: What stands in more than one part; copies may, where the source's own division is kept.
        warnings: What the user should know, one sentence each.
    """

    roles: tuple[RoleCount, ...]
    patients_known: bool
    leaks: LeakCheck
    warnings: tuple[str, ...]


def split(config: SplitConfig, catalogue: Catalogue) -> SplitReport:
    """Divide the labelled images by patient, each class in the same shares, and store the division.

    Patients are the connected components of patient identities and studies; copies of one image stay together as well.

    Raises:
        SplitError: Nothing is labelled, a class has too few patients (the number needed is named), the source's own division puts
            a patient into two parts, or a run has used a split that would change.
    """
    members = labelled_members(catalogue)
    if not members:
        raise SplitError("No image has a class yet.", "Label the images first.")
    people = patient_clusters(members)
    warnings = _unknown_patients(members)
    if config.keep_folders:
        roles = _kept(config, people, warnings)
    else:
        warnings += _kept_together(members)
        shares = {"validation": config.validation, "test": config.test, "holdout": config.holdout}
        roles = _drawn(with_copies(people), shares, config.seed)
    _store(config, catalogue, people, roles)
    leaks = check_leaks(catalogue)
    if leaks.copies:
        warnings.append(
            f"{leaks.copies} images stand in more than one part of the source's own division: figures on the test part are too good."
        )
    warnings += _too_few(config, people, roles)
    return SplitReport(
        roles=catalogue.summary().roles,
        leaks=leaks,
        patients_known=all(member.patient is not None for member in members),
        warnings=tuple(warnings),
    )


def _kept(config: SplitConfig, people: Sequence[Group], warnings: list[str]) -> dict[int, str]:
    """The source's own division; what it lacks is drawn from its training part."""
    parts: dict[str, list[Group]] = defaultdict(list)
    torn = 0
    for group in people:
        found = {_folder_role(member.path) for member in group}
        torn += len(found) > 1
        parts[found.pop()].append(group)
    if torn:
        raise SplitError(
            f"{torn} patients have images in more than one part of the source's own division.",
            "Draw a new division by patient: leave 'keep folders' off.",
        )
    if not parts["train"]:
        raise SplitError(
            "The source has no folder named train.",
            "Leave 'keep folders' off to draw a division by patient.",
        )
    if parts[""]:
        lost = sum(map(len, parts[""]))
        warnings.append(
            f"{lost} images lie in no folder named train, validation or test and are left out."
        )
    roles = {m.id: role for role in ("validation", "test") for group in parts[role] for m in group}
    shares = {"validation": config.validation, "test": config.test, "holdout": config.holdout}
    missing = {role: share for role, share in shares.items() if not parts.get(role)}
    roles |= _drawn(with_copies(parts["train"]), missing, config.seed)
    return roles


def _folder_role(path: str) -> str:
    """Role that the topmost telling folder names, or ""."""
    for part in PurePosixPath(path).parts[:-1]:
        if role := _FOLDER_ROLES.get(part.casefold()):
            return role
    return ""


def _drawn(groups: Sequence[Group], shares: Mapping[str, float], seed: int) -> dict[int, str]:
    """Draw the roles: class by class, the groups in an order that only content and seed decide."""
    wanted = {role: share for role, share in shares.items() if share > 0}
    per_class = Counter(name for group in groups for name in {m.class_name for m in group})
    strata: dict[str, list[Group]] = defaultdict(list)
    for group in groups:
        rarest = min({m.class_name for m in group}, key=lambda name: (per_class[name], name))
        strata[rarest].append(group)
    _check_enough(per_class, strata, len(wanted) + 1)
    roles: dict[int, str] = {}
    for stratum in strata.values():
        ranked = sorted(stratum, key=lambda group: _rank(group, seed))
        names = [role for role, count in _counts(len(ranked), wanted).items() for _ in range(count)]
        names += ["train"] * (len(ranked) - len(names))
        roles |= {m.id: role for group, role in zip(ranked, names, strict=True) for m in group}
    return roles


def _check_enough(
    per_class: Mapping[str, int], strata: Mapping[str, Sequence[Group]], needed: int
) -> None:
    short = [
        f"{name!r} has {len(strata.get(name, ()))}"
        for name in sorted(per_class)
        if len(strata.get(name, ())) < needed
    ]
    if short:
        raise SplitError(
            f"Each class needs at least {needed} patients, one for each part of the division: {', '.join(short)}.",
            "Add patients, merge or leave out the class, or set a share to 0.",
        )


def _counts(groups: int, shares: Mapping[str, float]) -> dict[str, int]:
    """Groups for each role but train: the share, at least one, and at least one left to train on."""
    counts = {role: max(1, round(groups * share)) for role, share in shares.items()}
    while counts and sum(counts.values()) >= groups:
        largest = max(counts, key=lambda role: counts[role])
        counts[largest] -= 1
    return counts


def _rank(group: Group, seed: int) -> bytes:
    """Place of a group in the draw: a keyed digest of what its images show."""
    digest = hashlib.blake2b(key=seed.to_bytes(8), digest_size=16)
    for content in sorted(member.content for member in group):
        digest.update(content)
    return digest.digest()


def _store(
    config: SplitConfig, catalogue: Catalogue, people: Sequence[Group], roles: Mapping[int, str]
) -> None:
    before = dict(catalogue.connection.execute("SELECT image, role FROM role").fetchall())
    if before == roles:
        return
    if before and (runs := Project(config.project).run_names()):
        raise SplitError(
            f"The split of this project is in use by {len(runs)} runs, {runs[0]} among them, and would change.",
            "Keep the options that it was drawn with, or scan the source into a new project.",
        )
    numbers = _cluster_numbers(people)
    about = {f"split.{k}": str(v) for k, v in to_mapping(config).items() if k != "project"}
    record_roles(
        catalogue, [(image, role, numbers[image]) for image, role in sorted(roles.items())], about
    )


def _cluster_numbers(people: Sequence[Group]) -> dict[int, int]:
    """A number for each known patient, by content; `UNKNOWN_PATIENT` where the source does not say."""
    numbers: dict[int, int] = {}
    for number, group in enumerate(sorted(people, key=lambda group: _rank(group, 0))):
        known = any(member.patient is not None for member in group)
        numbers |= {member.id: number if known else UNKNOWN_PATIENT for member in group}
    return numbers


def _unknown_patients(members: Sequence[Member]) -> list[str]:
    unknown = sum(member.patient is None for member in members)
    if not unknown:
        return []
    return [
        f"The source does not name the patient of {unknown} images: two images of one person may stand in two parts, "
        "and every result that is drawn from them says so."
    ]


def _kept_together(members: Sequence[Member]) -> list[str]:
    copies = len(members) - len({member.content for member in members})
    if not copies:
        return []
    return [f"{copies} images are copies of others; copies are kept in the same part."]


def _too_few(config: SplitConfig, people: Sequence[Group], roles: Mapping[int, str]) -> list[str]:
    per_class = Counter(name for group in people for name in {m.class_name for m in group})
    warnings = [
        f"Class {name!r} has {count} patients; below {FEWEST_PATIENTS} a class's images may show one person's."
        for name, count in sorted(per_class.items())
        if count < FEWEST_PATIENTS
    ]
    holdout = sum(any(roles.get(m.id) == "holdout" for m in group) for group in people)
    if config.holdout > 0 and holdout < FEWEST_HOLDOUT:
        warnings.append(
            f"The hold-out has {holdout} patients; with fewer than {FEWEST_HOLDOUT} the audit's thresholds are coarse."
        )
    return warnings
