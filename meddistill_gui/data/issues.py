"""What the scan and the reading could not use, and what should be looked at.

Found, ordered and filtered in SQL: a hospital of ultrasound images has one line for each of them.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

RISK: Final = "risk"
"""Stage of an issue that keeps no image from being used: its pixels may show text."""

ORDERS: Final = {
    "cause": "stage = 'risk', cause",
    "file": "path",
    "reason": "reason",
    "remedy": "remedy",
}
"""What issues can be ordered by; by cause, those that could not be used come first. Equal ones stand by path."""


@dataclass(frozen=True, kw_only=True)
class IssueRow:
    """A file or folder that could not be used, or one whose pixels may show text.

    Attributes:
        path: Which.
        cause: Stable short name, for counting and filtering ("no pixel data").
        reason: What is wrong with it.
        remedy: What the user can do.
        risk: Whether it is used all the same, and only its pixels should be looked at.
        id: Catalogue id of the issue.
    """

    path: Path
    cause: str
    reason: str
    remedy: str
    risk: bool = False
    id: int = 0


def find_issues(
    connection: sqlite3.Connection,
    text: str = "",
    order: str = "cause",
    *,
    descending: bool = False,
) -> npt.NDArray[np.int64]:
    """Ids of the issues whose cause, path, reason or remedy holds `text`, in order, int64 `[N]`.

    Args:
        connection: A catalogue's.
        text: What is looked for, upper or lower case.
        order: One of `ORDERS`.
        descending: Whether the last comes first.
    """
    turned = " DESC" if descending else ""
    terms = ", ".join(f"{term}{turned}" for term in f"{ORDERS[order]}, path, id".split(", "))
    pattern = "%" + "".join(f"\\{c}" if c in "\\%_" else c for c in text) + "%"
    row = connection.execute(
        "SELECT group_concat(id) FROM (SELECT id FROM issue WHERE ?1 = '%%' OR cause LIKE ?1 ESCAPE '\\' OR path LIKE ?1 ESCAPE '\\' "  # noqa: S608 - `ORDERS`
        f"OR reason LIKE ?1 ESCAPE '\\' OR remedy LIKE ?1 ESCAPE '\\' ORDER BY {terms})",
        (pattern,),
    ).fetchone()
    return np.fromstring(row[0], dtype=np.int64, sep=",") if row[0] else np.empty(0, np.int64)


def issue_rows(
    connection: sqlite3.Connection, source: Path, ids: Sequence[int] | npt.NDArray[np.int64]
) -> list[IssueRow]:
    """The issues with these ids, in their order; ids that are gone are left out."""
    wanted = [int(one) for one in ids]
    rows = connection.execute(
        "SELECT id, path, cause, reason, remedy, stage FROM issue WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(wanted),),
    )
    found = {
        row[0]: IssueRow(
            path=source / row[1],
            cause=row[2],
            reason=row[3],
            remedy=row[4],
            risk=row[5] == RISK,
            id=row[0],
        )
        for row in rows
    }
    return [found[one] for one in wanted if one in found]


def count_causes(connection: sqlite3.Connection) -> dict[str, int]:
    """How many files could not be used, by cause."""
    rows = connection.execute(
        "SELECT cause, count(*) FROM issue WHERE stage != ? GROUP BY cause ORDER BY cause", (RISK,)
    )
    return dict(rows.fetchall())
