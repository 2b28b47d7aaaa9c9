"""The rows of a table that someone made in a spreadsheet program: CSV with any usual delimiter, or XLSX."""

import csv
import io
import zipfile
from pathlib import Path
from typing import Final

from meddistill_gui.core.errors import LabelError

Row = dict[str, str]

_ENCODINGS: Final = ("utf-8-sig", "cp1252")  # what spreadsheet programs write
_DELIMITERS: Final = ",;\t|"
_ZIP: Final = b"PK\x03\x04"
_MOST_UNPACKED: Final = 1 << 29
_MOST_ROWS: Final = 2_000_000


def read_table(path: Path) -> list[Row]:
    """The rows of a CSV file or of an XLSX file's first sheet, by the titles in its first line.

    Raises:
        LabelError: It cannot be read, is no table, has no rows, or has a title twice.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LabelError(
            f"The table {path} cannot be read: {error.strerror}.", "Check the path and the rights."
        ) from error
    lines = _sheet(path, content) if content.startswith(_ZIP) else _text_lines(path, content)
    rows = [line for line in lines if any(line)]
    if len(rows) < 2:
        raise LabelError(
            f"The table {path.name} has no rows.", "It needs a header line and one row per image."
        )
    titles = _titles(path, rows[0])
    return [dict(zip(titles, [*row, *[""] * len(titles)], strict=False)) for row in rows[1:]]


def columns_of(path: Path) -> tuple[str, ...]:
    """The titles of a table's columns.

    Raises:
        LabelError: As `read_table`.
    """
    return tuple(read_table(path)[0])


def check_columns(path: Path, rows: list[Row], *columns: str) -> None:
    """Raise unless a table has these columns.

    Raises:
        LabelError: It lacks one.
    """
    for column in columns:
        if column not in rows[0]:
            raise LabelError(
                f"The table {path.name} has no column {column!r}.",
                f"Choose one of its columns: {', '.join(rows[0])}.",
            )


def _titles(path: Path, row: list[str]) -> list[str]:
    while row and not row[-1]:
        row = row[:-1]
    twice = sorted({title for title in row if title and row.count(title) > 1})
    if twice:
        raise LabelError(
            f"The table {path.name} has the column {twice[0]!r} twice.",
            "Give each column a title of its own.",
        )
    return row


def _text_lines(path: Path, content: bytes) -> list[list[str]]:
    text = _decoded(path, content)
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise LabelError(
            f"{path.name} is no text table ({error}).", "Save it as CSV (UTF-8) and try again."
        ) from error
    return [[value.strip() for value in row] for row in rows]


def _decoded(path: Path, content: bytes) -> str:
    for encoding in _ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise LabelError(f"{path.name} is no text table.", "Save it as CSV (UTF-8) and try again.")


def _sheet(path: Path, content: bytes) -> list[list[str]]:
    """The first sheet; formulas count as what they came to when the file was saved."""
    try:
        unpacked = _unpacked_bytes(content)
        rows = _sheet_rows(content) if unpacked <= _MOST_UNPACKED else []
    except Exception as error:
        # Whatever a damaged archive of XML makes the library raise; the file is named and nothing is changed.
        raise LabelError(
            f"{path.name} is no spreadsheet that can be read ({type(error).__name__}).",
            "Open it in a spreadsheet program and save it again, as XLSX or CSV.",
        ) from error
    if unpacked > _MOST_UNPACKED:
        raise LabelError(
            f"{path.name} unpacks to more than 512 MiB.", "Save it as CSV and try again."
        )
    return rows


def _unpacked_bytes(content: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return sum(member.file_size for member in archive.infolist())


def _sheet_rows(content: bytes) -> list[list[str]]:
    from openpyxl import load_workbook  # noqa: PLC0415 - slow to import, and few tables need it

    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    try:
        values = book.worksheets[0].iter_rows(values_only=True, max_row=_MOST_ROWS)
        return [[_cell(value) for value in row] for row in values]
    finally:
        book.close()


def _cell(value: object) -> str:
    """A cell as a person reads it: a whole number has no point."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
