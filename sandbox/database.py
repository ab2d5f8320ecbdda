"""SQLite files that outlive the program that wrote them: opened in today's format, or refused untouched.

A file's format is a number, its `PRAGMA user_version`; 0 is what was written before there were numbers.
`Format.steps[n]` takes a file from n to n + 1; a new file takes all of them. An older file is brought to
today's in one transaction, beside a copy (`state.db.format-0`) that stays until it succeeded. A newer file,
one of another program and one that cannot be read are refused, and are left as they are.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.errors import DatabaseNotOurs, NewerFormat, UpgradeFailed

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Format:
    """`table` is there in every format: by it a file of ours is known."""

    table: str
    steps: tuple[tuple[str, ...], ...]
    """SQL statements, step by step; the first finds the tables of format 0, or none at all."""

    @property
    def number(self) -> int:
        return len(self.steps)


def check(file: Path, newest: Format) -> int | None:
    """The file's format; None where nothing has been written yet. Reads only.

    Raises `NewerFormat` and `DatabaseNotOurs`.
    """
    if not file.exists():
        return None
    try:
        # A connection that may write would fold a log into the file when it closes.
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as reader:
            (found,) = reader.execute("PRAGMA user_version").fetchone()
            tables = {name for (name,) in reader.execute("SELECT name FROM sqlite_master")}
    except sqlite3.DatabaseError as error:
        raise DatabaseNotOurs(file, str(error)) from error
    if found == 0 and not tables:
        return None
    if newest.table not in tables:
        raise DatabaseNotOurs(file, f"it has no table '{newest.table}'")
    if found > newest.number:
        raise NewerFormat(file, found, newest.number)
    return int(found)


def connect(file: Path, newest: Format) -> sqlite3.Connection:
    """Autocommitting, for use by any thread; a committed transaction survives a kill -9 (WAL; no power cut).

    Raises what `check` raises, and `UpgradeFailed`.
    """
    found = check(file, newest)
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        if found != newest.number:
            _upgrade(connection, file, found, newest)
        for older in range(newest.number):
            _copy_of(file, older).unlink(missing_ok=True)
    except BaseException:
        connection.close()
        raise
    return connection


def _upgrade(connection: sqlite3.Connection, file: Path, found: int | None, newest: Format) -> None:
    try:
        if found is not None:
            _copy(connection, _copy_of(file, found))
        connection.execute("BEGIN IMMEDIATE")
        for step in newest.steps[found or 0 :]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {newest.number}")
        connection.execute("COMMIT")
    except (sqlite3.Error, OSError) as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise UpgradeFailed(file, found or 0, newest.number, str(error)) from error


def _copy_of(file: Path, number: int) -> Path:
    return file.with_name(f"{file.name}.format-{number}")


def _copy(connection: sqlite3.Connection, copy: Path) -> None:
    """Whole or not at all: an upgrade that is interrupted begins again with what is in the file."""
    draft = copy.with_name(f".{copy.name}")
    draft.unlink(missing_ok=True)
    connection.execute("VACUUM INTO ?", (str(draft),))
    draft.replace(copy)
