"""Classes that a person sets on chosen images, and takes back: as far back as one likes, also after the program was closed."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from meddistill_gui.core.errors import LabelError
from meddistill_gui.core.project import Project
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.labels.class_names import questions_about
from meddistill_gui.data.labels.layers import derive
from meddistill_gui.data.recording import patient_identities

_LONGEST_NAME: Final = 80

_NOW: Final = """
SELECT file.path, image.frame, image.fingerprint,
    (SELECT hand.name FROM hand WHERE hand.path = file.path AND hand.frame = image.frame AND hand.fingerprint = image.fingerprint)
FROM image JOIN file ON file.id = image.file WHERE image.id = ?
"""

_EDITED_IMAGES: Final = """
SELECT image.id FROM edited JOIN file ON file.path = edited.path
JOIN image ON image.file = file.id AND image.frame = edited.frame WHERE edited.edit = ?
"""

_PUT: Final = {
    "before": "INSERT INTO hand SELECT path, frame, fingerprint, before FROM edited WHERE edit = ? AND before IS NOT NULL",
    "after": "INSERT INTO hand SELECT path, frame, fingerprint, after FROM edited WHERE edit = ? AND after IS NOT NULL",
}


@dataclass(frozen=True, kw_only=True)
class HandReport:
    """What setting or taking back classes did.

    Attributes:
        images: Images whose class was set.
        class_name: The class they got; None where they lost theirs, or where it was taken back.
        questions: Sentences about a class name that looks like a person's data.
        split_dropped: Whether a stored split, which no run has used, was dropped because the classes changed.
    """

    images: int
    class_name: str | None = None
    questions: tuple[str, ...] = ()
    split_dropped: bool = False


def set_classes(catalogue: Catalogue, images: Sequence[int], class_name: str | None) -> HandReport:
    """Set the class of these images; what was taken back before cannot be done again afterwards.

    Args:
        catalogue: The project's catalogue.
        images: Catalogue ids; those that are gone are passed over.
        class_name: The class, new or known; None takes the class away.

    Raises:
        LabelError: No image was chosen, the name cannot be one, or a run has used the classes.
    """
    if not images:
        raise LabelError("No image is chosen.", "Select one or more images first.")
    name = "" if class_name is None else _checked(class_name)
    with _changing(catalogue) as connection:
        raw = _first_name(connection, name)
        connection.execute("DELETE FROM edit WHERE undone")
        edit = connection.execute("INSERT INTO edit DEFAULT VALUES").lastrowid
        rows = [
            (edit, os.fsencode(path), frame, fingerprint, before, raw)
            for image in images
            for path, frame, fingerprint, before in connection.execute(_NOW, (int(image),))
        ]
        connection.executemany("INSERT INTO edited VALUES (?, CAST(? AS TEXT), ?, ?, ?, ?)", rows)
        _apply(connection, edit, "after")
        dropped = _drop_split(connection)
    asked = () if not name else questions_about([name], patient_identities(catalogue))
    return HandReport(
        images=len(rows), class_name=name or None, questions=asked, split_dropped=dropped
    )


def undo(catalogue: Catalogue) -> HandReport | None:
    """Take the last setting back; None where there is none.

    Raises:
        LabelError: A run has used the classes.
    """
    return _step(catalogue, "SELECT max(id) FROM edit WHERE NOT undone", "before", undone=True)


def redo(catalogue: Catalogue) -> HandReport | None:
    """Do again what was taken back last; None where there is none.

    Raises:
        LabelError: A run has used the classes.
    """
    return _step(catalogue, "SELECT min(id) FROM edit WHERE undone", "after", undone=False)


def steps(catalogue: Catalogue) -> tuple[int, int]:
    """How many settings can be taken back, and how many done again."""
    back, again = catalogue.connection.execute(
        "SELECT count(*) - ifnull(sum(undone), 0), ifnull(sum(undone), 0) FROM edit"
    ).fetchone()
    return back, again


def _step(catalogue: Catalogue, which: str, side: str, *, undone: bool) -> HandReport | None:
    edit = catalogue.value(which)
    if edit is None:
        return None
    with _changing(catalogue) as connection:
        connection.execute("UPDATE edit SET undone = ? WHERE id = ?", (undone, edit))
        images = _apply(connection, edit, side)
        dropped = _drop_split(connection)
    return HandReport(images=images, split_dropped=dropped)


def _apply(connection: sqlite3.Connection, edit: int | None, side: str) -> int:
    """Bring the images of an edit into the state before or after it; says how many there are."""
    connection.execute(
        "DELETE FROM hand WHERE (path, frame) IN (SELECT path, frame FROM edited WHERE edit = ?)",
        (edit,),
    )
    connection.execute(_PUT[side], (edit,))
    images = [image for (image,) in connection.execute(_EDITED_IMAGES, (edit,))]
    derive(connection, images)
    return len(images)


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise LabelError(
            "This cannot be the name of a class.",
            f"Give it a name of 1 to {_LONGEST_NAME} letters.",
        )
    return name


def _first_name(connection: sqlite3.Connection, name: str) -> str:
    """The name under which a class must be written down so that it comes out as `name` after the renamings."""
    found = connection.execute("SELECT becomes FROM fate WHERE name = ?", (name,)).fetchone()
    if found is None or found[0] == name:
        return name
    source = connection.execute("SELECT name FROM fate WHERE becomes = ?", (name,)).fetchone()
    if source is not None:
        return str(source[0])
    what = f"was renamed to {found[0]!r}" if found[0] else "is left out"
    raise LabelError(
        f"The class {name!r} {what} in this project.",
        "Choose another class, or change that in the list of classes.",
    )


@contextmanager
def _changing(catalogue: Catalogue) -> Iterator[sqlite3.Connection]:
    """A transaction in which classes may change; refused where a run has used them."""
    if catalogue.has_split:
        refuse_if_used(catalogue.path.parent)
    with catalogue.transaction() as connection:
        yield connection


def refuse_if_used(project: Path) -> None:
    """Raise if a run has used the classes of a project that is divided.

    Raises:
        LabelError: One has.
    """
    if runs := Project(project).run_names():
        raise LabelError(
            f"The classes of this project are in use by {len(runs)} runs, {runs[0]} among them, and would change.",
            "Write the classes down as a table, scan the source into a new project, and label it with that table.",
        )


def _drop_split(connection: sqlite3.Connection) -> bool:
    return connection.execute("DELETE FROM role").rowcount > 0
