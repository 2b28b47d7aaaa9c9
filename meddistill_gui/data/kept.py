"""Answers about the whole catalogue, kept in it until something they depend on changes: a large project opens at once.

The catalogue's own triggers drop an answer in the transaction that makes it wrong (`schema.KEPT`), so no writer has to think of it. An answer
is put down in the snapshot in which it was asked: SQLite refuses that if anything was written meanwhile.
"""

import contextlib
import sqlite3
from collections.abc import Callable
from typing import Final

SUMMARY: Final = "summary"
ORDER: Final = "order"
PATIENTS: Final = "patients"


def kept(connection: sqlite3.Connection, name: str, ask: Callable[[], bytes]) -> bytes:
    """What was answered before, else what `ask` answers now.

    Args:
        connection: A catalogue's.
        name: `SUMMARY`, `ORDER` or `PATIENTS`.
        ask: Asks the catalogue through the same connection.
    """
    if connection.in_transaction:  # of a writer, who may still change the answer
        return ask()
    connection.execute("BEGIN")
    try:
        row = connection.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
        if row is not None:
            return bytes(row[0])
        answer = ask()
        _keep(connection, name, answer)
        return answer
    finally:
        _end(connection)


def _keep(connection: sqlite3.Connection, name: str, answer: bytes) -> None:
    """Put it down; where another program writes, or the disk is full or read-only, it is asked anew next time."""
    patience = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    connection.execute("PRAGMA busy_timeout = 0")
    with contextlib.suppress(sqlite3.OperationalError):
        connection.execute("INSERT INTO kept VALUES (?, ?)", (name, answer))
        connection.execute("COMMIT")
    connection.execute(f"PRAGMA busy_timeout = {patience:d}")


def _end(connection: sqlite3.Connection) -> None:
    """Let go of the snapshot, unless keeping the answer has done so."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")
