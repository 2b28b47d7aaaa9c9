"""Three layers make the class of an image: what the rule gave it, what a person set instead, and what becomes of each class.

The layers stay apart, so that each can be changed or taken back alone; the table `label` holds what comes out and is what everybody reads.
What a person set names its image by path, frame and content: it outlives a scan that reads a touched file anew, and does not stick to another
picture under the same name.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from meddistill_gui.data.catalogue import INNER_PATH, Catalogue

_SAME_IMAGE: Final = (
    "hand.path = file.path AND hand.frame = image.frame AND hand.fingerprint = image.fingerprint"
)

_LAYERS: Final = f"""
SELECT image.id AS image, coalesce(hand.name, given.name, '') AS raw, hand.name IS NOT NULL AS by_hand,
    coalesce(fate.becomes, hand.name, given.name, '') AS name
FROM image JOIN file ON file.id = image.file LEFT JOIN given ON given.image = image.id
LEFT JOIN hand ON {_SAME_IMAGE} LEFT JOIN fate ON fate.name = coalesce(hand.name, given.name)
"""  # noqa: S608 - constants of ours


@dataclass(frozen=True, kw_only=True)
class SourceClass:
    """A class as the rule or a person named it, and what becomes of it.

    Attributes:
        name: As it was named first.
        becomes: The class that its images have; "" where they are left out.
        images: Its images.
        by_hand: How many of them a person set.
    """

    name: str
    becomes: str
    images: int
    by_hand: int


def source_classes(catalogue: Catalogue) -> list[SourceClass]:
    """Every class that the rule or a person named, by name."""
    rows = catalogue.connection.execute(
        f"SELECT raw, name, count(*), sum(by_hand) FROM ({_LAYERS}) WHERE raw != '' GROUP BY raw ORDER BY raw"  # noqa: S608 - constants of ours
    )
    return [
        SourceClass(name=raw, becomes=name, images=images, by_hand=by_hand)
        for raw, name, images, by_hand in rows
    ]


def derived_classes(
    given: Mapping[int, str], fates: Mapping[str, str], by_hand: Mapping[int, str]
) -> dict[int, str]:
    """What would come out of these layers; images without a class are missing.

    Args:
        given: What the rule gives, by image.
        fates: What becomes of a class, by its first name; "" leaves it out.
        by_hand: What a person set, by image; "" is no class.
    """
    raw = {**given, **by_hand}
    named = {image: fates.get(name, name) for image, name in raw.items()}
    return {image: name for image, name in named.items() if name}


def hand_set(catalogue: Catalogue) -> dict[int, str]:
    """What a person set, by image; "" is no class."""
    rows = catalogue.connection.execute(
        "SELECT image.id, hand.name FROM hand JOIN file ON file.path = hand.path "  # noqa: S608 - constants of ours
        f"JOIN image ON image.file = file.id AND {_SAME_IMAGE}"
    )
    return dict(rows.fetchall())


def record_given(
    catalogue: Catalogue,
    given: Mapping[int, str],
    fates: Mapping[str, str],
    *,
    forget_hand: bool,
) -> None:
    """Replace what the rule gave and what becomes of each class, in one transaction."""
    with catalogue.transaction() as connection:
        connection.execute("DELETE FROM given")
        connection.executemany("INSERT INTO given VALUES (?, ?)", given.items())
        connection.execute("DELETE FROM fate")
        connection.executemany("INSERT INTO fate VALUES (?, ?)", fates.items())
        if forget_hand:
            connection.execute("DELETE FROM hand")
            connection.execute("DELETE FROM edit")
        connection.execute("DELETE FROM label")
        _write(connection, _LAYERS)


def derive(connection: sqlite3.Connection, images: Iterable[int]) -> None:
    """Work out the classes of these images anew, inside a transaction."""
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS chosen (image INTEGER PRIMARY KEY)")
    connection.execute("DELETE FROM chosen")
    connection.executemany("INSERT OR IGNORE INTO chosen VALUES (?)", [(one,) for one in images])
    connection.execute("DELETE FROM label WHERE image IN (SELECT image FROM chosen)")
    _write(connection, f"{_LAYERS} WHERE image.id IN (SELECT image FROM chosen)")  # noqa: S608 - constants of ours


def derive_by_hand(catalogue: Catalogue) -> None:
    """After a scan: images that were read anew get back what a person set."""
    images = hand_set(catalogue)
    with catalogue.transaction() as connection:
        derive(connection, images)


def _write(connection: sqlite3.Connection, layers: str) -> None:
    connection.execute(
        f"INSERT OR IGNORE INTO class (name) SELECT DISTINCT name FROM ({layers}) WHERE name != ''"  # noqa: S608 - constants of ours
    )
    connection.execute(
        "INSERT INTO label SELECT layers.image, class.id "  # noqa: S608 - constants of ours
        f"FROM ({layers}) AS layers JOIN class ON class.name = layers.name"
    )
    connection.execute(
        "DELETE FROM class WHERE NOT EXISTS (SELECT 1 FROM label WHERE label.class = class.id)"
    )


def labels_by_path(catalogue: Catalogue) -> list[tuple[str, str]]:
    """Path below the source and class of every image that has one, each path once."""
    rows = catalogue.connection.execute(
        f"SELECT DISTINCT {INNER_PATH}, class.name FROM label JOIN image ON image.id = label.image "  # noqa: S608 - a constant of ours
        "JOIN file ON file.id = image.file JOIN class ON class.id = label.class ORDER BY file.path, image.frame"
    )
    return rows.fetchall()
