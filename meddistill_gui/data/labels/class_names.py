"""Class names leave the house with the bundle; those that look like a person's data are questioned before they do."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

MOST_CLASSES: Final = 500
"""More are no classes that a model could learn, and no list that a person would read: folders of patients or examinations, most likely."""

_SHORTEST_IDENTITY: Final = 4  # shorter ones ("1", "A2") stand in innocent words

_SUSPICIONS: Final = (
    (re.compile(r"\b\d{1,2}[.\-/]\d{1,2}[.\-/](\d{2}|\d{4})\b|\b(19|20)\d{2}[.\-/]?\d{2}[.\-/]?\d{2}\b"), "a date"),
    (re.compile(r"\b[012]\.\d+(\.\d+){3,}"), "a DICOM identifier"),
    (re.compile(r"\d{5,}"), "a number of a patient or an examination"),
    (re.compile(r"\S+@\S+\.\w+"), "an e-mail address"),
    (re.compile(r"\w\^\w"), "a DICOM person name"),
    (re.compile(r"(?<![^\W_])(mr|mrs|ms|miss|dr|prof|herr|frau|mme|sig|sra?)[. _]+\w", re.IGNORECASE), "a person's title"),
    (re.compile(r"^[A-ZÀ-Þ][a-zß-ÿ'\-]+(, ?[A-ZÀ-Þ][a-zß-ÿ]*|_[A-ZÀ-Þ])\.?$"), "a name and a first name"),
)  # fmt: skip


def questions_about(names: Sequence[str], identities: Collection[str]) -> tuple[str, ...]:
    """What to ask about class names before they may stand in a bundle.

    Args:
        names: Class names.
        identities: The patients' identities in the source; no class name may hold one.

    Returns:
        One sentence for each suspicious name; a single one where there are more than `MOST_CLASSES`.
    """
    if len(names) > MOST_CLASSES:
        return (
            f"There are {len(names):,} classes, {names[0]!r} among them: these seem to be patients or examinations, not findings. "
            "Take the classes from another level of folders, from a table or from a tag.",
        )
    folded = [one.casefold() for one in identities if len(one) >= _SHORTEST_IDENTITY]
    return tuple(
        f"Class {name!r} looks like {what}; class names are sent along with the set. Rename it if it belongs to a person."
        for name in names
        for what in _suspicion(name, folded)
    )


def _suspicion(name: str, identities: Sequence[str]) -> Iterator[str]:
    """The first reason to doubt a name, if there is one."""
    folded = name.casefold()
    if any(one in folded for one in identities):
        yield "the identity of a patient of this source"
        return
    for pattern, what in _SUSPICIONS:
        if pattern.search(name):
            yield what
            return
