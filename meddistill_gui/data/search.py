"""Which images, in which order: the words of a search box, fields and a branch of the patient tree as one SQL question.

The answer is one text that SQLite writes down without Python's lock, so that a hundred thousand ids may be asked for on a
pool thread while the window goes on drawing.
"""

import shlex
import sqlite3
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

IMAGES: Final = """
FROM image JOIN file ON file.id = image.file
LEFT JOIN label ON label.image = image.id LEFT JOIN class ON class.id = label.class
LEFT JOIN role ON role.image = image.id LEFT JOIN patient ON patient.id = image.patient
"""
"""Every image with its file, class, part of the split and patient."""

ORDERS: Final = {
    "path": "",
    "class": "class.name IS NULL, class.name",
    "patient": "patient.identity IS NULL, patient.identity",
    "modality": "image.modality",
    "size": "image.width * image.height",
    "part": "role.role IS NULL, role.role",
}
"""What images can be ordered by; equal ones stand by path and frame."""

TEXT_FIELDS: Final = {
    "class": ("class.name",),
    "patient": ("patient.identity",),
    "modality": ("NULLIF(image.modality, '')",),
    "part": ("role.role",),
    "role": ("role.role",),
    "file": ("file.path",),
    "study": (
        "(SELECT NULLIF(accession, '') FROM study WHERE study.id = image.study)",
        "(SELECT uid FROM study WHERE study.id = image.study)",
    ),
    "series": (
        "(SELECT NULLIF(description, '') FROM series WHERE series.id = image.series)",
        "(SELECT uid FROM series WHERE series.id = image.series)",
    ),
    "issue": (
        "(SELECT group_concat(cause || ' ' || reason) FROM issue WHERE issue.file = image.file)",
    ),
    "copy": (
        "(SELECT 'near copy' FROM copy WHERE copy.image = image.id OR copy.other = image.id LIMIT 1)",
    ),
}
"""Fields of the search box and what they are compared with."""

NUMBER_FIELDS: Final = {
    "width": "image.width",
    "height": "image.height",
    "frame": "image.frame + 1",
}
"""Fields that take a number, also after < or >."""

ANYWHERE: Final = ("file.path", "image.inner", "patient.identity", "class.name")
"""What a word without a field is looked for in."""

Condition = tuple[str, tuple[object, ...]]


@dataclass(frozen=True, kw_only=True)
class Search:
    """Which images are wanted.

    Attributes:
        class_name: Only this class; "" means images without one; None all.
        role: Only this part of the split.
        text: Words and fields (`class:normal -modality:US width:>1000 "a b"`); all of them must fit. `field=value` wants the
            whole value, `field:none` and `field:any` ask whether there is one, "-" in front turns a word round.
        branch: Database ids of patient, study and series, as far down the tree as was chosen; None among them is "unknown".
        order: One of `ORDERS`.
        descending: Whether the last comes first.
    """

    class_name: str | None = None
    role: str | None = None
    text: str = ""
    branch: tuple[int | None, ...] = ()
    order: str = "path"
    descending: bool = False


def find(connection: sqlite3.Connection, search: Search) -> npt.NDArray[np.int64]:
    """Ids of the images that fit, in order, int64 `[N]`."""
    where, parameters = _conditions(search)
    # the inner ORDER BY reaches group_concat: SQLite leaves it out only before count, min and max
    row = connection.execute(
        f"SELECT group_concat(id) FROM (SELECT image.id AS id {IMAGES} WHERE {where} ORDER BY {_order(search)})",  # noqa: S608 - our own columns
        parameters,
    ).fetchone()
    return np.fromstring(row[0], dtype=np.int64, sep=",") if row[0] else np.empty(0, np.int64)


def _order(search: Search) -> str:
    terms = f"{ORDERS[search.order]}, file.path, image.frame".removeprefix(", ").split(", ")
    return ", ".join(f"{term} DESC" for term in terms) if search.descending else ", ".join(terms)


def _conditions(search: Search) -> Condition:
    found: list[Condition] = [("1", ())]
    if search.class_name == "":
        found.append(("class.id IS NULL", ()))
    elif search.class_name is not None:
        found.append(("class.name = ?", (search.class_name,)))
    if search.role is not None:
        found.append(("role.role = ?", (search.role,)))
    for column, identity in zip(("patient", "study", "series"), search.branch, strict=False):
        found.append((f"image.{column} IS ?", (identity,)))
    found += [_term(word) for word in _words(search.text)]
    return (
        " AND ".join(f"({sql})" for sql, _ in found),
        tuple(value for _, values in found for value in values),
    )


def _words(text: str) -> list[str]:
    """Split at spaces, but not inside quotation marks; a mark that is not closed yet is a letter."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars="")
    lexer.whitespace_split, lexer.commenters, lexer.escape, lexer.quotes = True, "", "", '"'
    try:
        return list(lexer)
    except ValueError:
        return text.split()


def _term(word: str) -> Condition:
    turned = word.startswith("-") and len(word) > 1
    sql, parameters = _field(word[1:]) if turned else _field(word)
    return (f"NOT ifnull({sql}, 0)", parameters) if turned else (sql, parameters)


def _field(word: str) -> Condition:
    place = next((number for number, letter in enumerate(word) if letter in ":="), -1)
    name, sign, value = word[:place].lower(), word[place : place + 1], word[place + 1 :]
    if place > 0 and name in NUMBER_FIELDS:
        return _number(NUMBER_FIELDS[name], value)
    if place > 0 and name in TEXT_FIELDS:
        return _text(TEXT_FIELDS[name], sign, value)
    return _like(ANYWHERE, word)


def _text(columns: tuple[str, ...], sign: str, value: str) -> Condition:
    if not value:  # still being typed
        return "1", ()
    if value.lower() in {"none", "any"}:
        there = " OR ".join(f"{column} IS NOT NULL" for column in columns)
        return (f"NOT ({there})" if value.lower() == "none" else f"({there})"), ()
    if sign == "=":
        equal = " OR ".join(f"{column} = ? COLLATE NOCASE" for column in columns)
        return f"({equal})", (value,) * len(columns)
    return _like(columns, value)


def _number(column: str, value: str) -> Condition:
    sign = value[:1] if value[:1] in {"<", ">"} else "="
    digits = value.lstrip("<>=")
    if not digits.isdecimal():  # still being typed
        return "1", ()
    return f"{column} {sign} ?", (int(digits),)


def _like(columns: tuple[str, ...], value: str) -> Condition:
    pattern = "%" + "".join(f"\\{c}" if c in "\\%_" else c for c in value) + "%"
    sql = " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in columns)
    return f"({sql})", (pattern,) * len(columns)
