"""Which images belong together: connected components of shared patients, studies and pixels."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from meddistill_gui.data.catalogue import INNER_PATH, Catalogue

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Member:
    """What the split may look at of one labelled image. Names and paths serve to compare, never to order.

    Attributes:
        id: Catalogue id.
        path: Relative to the source.
        class_name: Its class.
        content: Fingerprint and frame; equal for copies.
        patient: Identity and issuer, or None where the source does not say.
        study: Catalogue's number of the study, or None.
    """

    id: int
    path: str
    class_name: str
    content: bytes
    patient: tuple[str, str] | None
    study: int | None


def labelled_members(catalogue: Catalogue) -> list[Member]:
    """Every labelled image."""
    rows = catalogue.connection.execute(
        f"SELECT image.id, {INNER_PATH}, class.name, image.fingerprint, image.frame, patient.identity, patient.issuer, image.study "  # noqa: S608 - a constant of ours
        "FROM image JOIN file ON file.id = image.file JOIN label ON label.image = image.id "
        "JOIN class ON class.id = label.class LEFT JOIN patient ON patient.id = image.patient"
    )
    return [
        Member(
            id=image,
            path=path,
            class_name=name,
            content=fingerprint + frame.to_bytes(4),
            patient=None if identity is None else (identity, issuer),
            study=study,
        )
        for image, path, name, fingerprint, frame, identity, issuer, study in rows
    ]


def patient_clusters(members: Sequence[Member]) -> list[list[Member]]:
    """Images that share a patient or a study, directly or over others: archives mix patients inside one study.

    The same identity from two issuers is two patients, unless one of the issuers is not named.
    """
    issuers: dict[str, set[str]] = defaultdict(set)
    for member in members:
        if member.patient is not None:
            issuers[member.patient[0]].add(member.patient[1])
    return connected(
        [(member, _person_keys(member, issuers)) for member in members],
    )


def with_copies(groups: Sequence[Sequence[Member]]) -> list[list[Member]]:
    """The same groups, those that hold copies of one image joined."""
    joined = connected([(group, {member.content for member in group}) for group in groups])
    return [[member for group in part for member in group] for part in joined]


def connected(items: Iterable[tuple[T, Iterable[Hashable]]]) -> list[list[T]]:
    """Groups of items that share a key, directly or over other items."""
    listed = [(item, tuple(keys)) for item, keys in items]
    parent = list(range(len(listed)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    first: dict[Hashable, int] = {}
    for index, (_, keys) in enumerate(listed):
        for key in keys:
            parent[root(index)] = root(first.setdefault(key, index))
    groups: dict[int, list[T]] = defaultdict(list)
    for index, (item, _) in enumerate(listed):
        groups[root(index)].append(item)
    return list(groups.values())


def _person_keys(member: Member, issuers: Mapping[str, set[str]]) -> set[Hashable]:
    keys: set[Hashable] = set()
    if member.study is not None:
        keys.add(("study", member.study))
    if member.patient is not None:
        identity, issuer = member.patient
        keys.add(("patient", identity, "" if "" in issuers[identity] else issuer))
    return keys
