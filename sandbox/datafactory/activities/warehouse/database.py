"""One connection to a database of the warehouse, and batches run in it: in a working thread, all of it."""

from __future__ import annotations

import re
import sqlite3
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from sandbox.datafactory.activities.warehouse.columns import instant
from sandbox.datafactory.activities.warehouse.errors import SqlFailed
from sandbox.datafactory.activities.warehouse.statements import Statement, statements
from sandbox.datafactory.activities.warehouse.tokens import bracketed, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

_SERVER = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,126}[a-z0-9])?")
_DATABASE = re.compile(r"[\w](?:[\w .-]{0,126}[\w-])?")
_BUSY_SECONDS = 60  # another copy or script writes; each holds the right to for a batch only
_STEPS = 10_000  # of SQLite's machine between two looks at whether to go on


@dataclass
class Results:
    """What a batch gave: of each SELECT names and at most `most_rows` rows, and how many rows changed."""

    most_rows: int
    sets: list[tuple[list[str], list[tuple[Any, ...]]]] = field(default_factory=list)
    changed: int = 0


def file_of(folder: Path, server: str, database: str) -> Path:
    """`<folder>/<server>/<database>.db`; names as Azure has them. Raises `SqlFailed`."""
    host = server.strip().removeprefix("tcp:").partition(",")[0].lower()
    if not _SERVER.fullmatch(host) or ".." in host:
        raise SqlFailed(f"'{server}' is no name of a server")
    if not _DATABASE.fullmatch(database) or ".." in database:
        raise SqlFailed(f"'{database}' is no name of a database")
    return folder / host / f"{database.lower()}.db"


def _now() -> datetime:
    return datetime.now(UTC)


class Database:
    """`go_on` is asked now and then; when it says no, what runs is interrupted and rolled back. `now` is what
    GETDATE and its like tell.
    """

    def __init__(self, file: Path, go_on: Callable[[], bool], now: Callable[[], datetime] = _now) -> None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._connection = sqlite3.connect(file, timeout=_BUSY_SECONDS, isolation_level=None)
        self._go_on = go_on
        self._now = now
        self._deadline: float | None = None
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._connection.close()
            raise SqlFailed(f"{file}: {error}") from error

    def _prepare(self) -> None:
        connection = self._connection
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.set_progress_handler(lambda: not self._may_go_on(), _STEPS)
        connection.set_authorizer(_authorize)
        # Only here: to other clients these columns are text that is compared without trailing blanks.
        connection.create_collation("RTRIM", _compare_instants)
        for name in ("GETDATE", "GETUTCDATE", "SYSUTCDATETIME", "SYSDATETIME"):
            connection.create_function(name, 0, lambda: _as_text(self._now()))
        connection.create_function("NEWID", 0, lambda: str(uuid.uuid4()))
        connection.create_function("LEN", 1, lambda text: None if text is None else len(str(text).rstrip()))
        connection.create_function(
            "CONCAT", -1, lambda *parts: "".join("" if p is None else str(p) for p in parts)
        )

    def close(self) -> None:
        """What was begun and not committed is undone."""
        self._connection.close()

    def run(
        self, text: str, parameters: Mapping[str, Any], seconds: float | None = None, most_rows: int = 0
    ) -> Results:
        """A batch, statement by statement. The first failure undoes what was begun and not committed.

        Raises `SqlError`.
        """
        results = Results(most_rows)
        self._deadline = None if seconds is None else time.monotonic() + seconds
        try:
            for statement in statements(text):
                self._run_one(statement, parameters, results)
        except BaseException:
            self.roll_back()
            raise
        finally:
            self._deadline = None
        return results

    def _run_one(self, statement: Statement, parameters: Mapping[str, Any], results: Results) -> None:
        if statement.does == "nothing":
            return
        if statement.does == "throws":
            raise SqlFailed(statement.sql)
        if statement.does in ("decides", "asks"):
            for inner in statement.inner if self._holds(statement, parameters) else ():
                self._run_one(inner, parameters, results)
            return
        cursor = self._execute(statement.sql, parameters)
        if cursor.description is not None:
            rows = list(islice(self._streamed(cursor), results.most_rows))
            results.sets.append(([one[0] for one in cursor.description], rows))
            cursor.close()
        elif statement.does == "changes":
            results.changed += max(cursor.rowcount, 0)

    def _holds(self, statement: Statement, parameters: Mapping[str, Any]) -> bool:
        if statement.does == "decides":
            return bool(self.columns(statement.table)) is statement.wanted
        return bool(self._execute(statement.sql, parameters).fetchone()[0]) is statement.wanted

    def rows(self, query: str) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
        """The rows of one SELECT, as they are asked for."""
        found = [one for one in statements(query) if one.does != "nothing"]
        if len(found) != 1 or found[0].does != "reads":
            raise SqlFailed("one SELECT is expected")
        cursor = self._execute(found[0].sql, {})
        return [one[0] for one in cursor.description], self._streamed(cursor)

    def columns(self, table: str) -> dict[str, str]:
        """Name → declared type; empty where there is no such table."""
        return {one[1]: one[2] for one in self._execute(f"PRAGMA table_info({quoted(table)})", {})}

    def create(self, table: str, columns: Mapping[str, str]) -> None:
        listed = ", ".join(f"{bracketed(name)} {kind}" for name, kind in columns.items())
        self.run(f"CREATE TABLE {bracketed(table)} ({listed})", {})

    def insert(self, table: str, columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
        """All of the rows or none."""
        names, marks = ", ".join(map(quoted, columns)), ", ".join("?" * len(columns))
        with self.transaction():
            self._connection.executemany(f"INSERT INTO {quoted(table)} ({names}) VALUES ({marks})", rows)  # noqa: S608 - names are quoted, values bound

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._execute("BEGIN IMMEDIATE", {})
        try:
            yield
            self._execute("COMMIT", {})
        except sqlite3.Error as error:
            self.roll_back()
            raise SqlFailed(str(error)) from error
        except BaseException:
            self.roll_back()
            raise

    def roll_back(self) -> None:
        if self._connection.in_transaction:
            self._deadline = None
            self._connection.set_progress_handler(None, 0)
            self._connection.execute("ROLLBACK")
            self._connection.set_progress_handler(lambda: not self._may_go_on(), _STEPS)

    def _execute(self, sql: str, parameters: Mapping[str, Any]) -> sqlite3.Cursor:
        try:
            return self._connection.execute(sql, parameters)
        except sqlite3.Error as error:
            raise self._failure(error, sql) from error

    def _streamed(self, cursor: sqlite3.Cursor) -> Iterator[tuple[Any, ...]]:
        try:
            yield from cursor
        except sqlite3.Error as error:
            raise self._failure(error, "") from error

    def _failure(self, error: sqlite3.Error, sql: str) -> SqlFailed:
        if self._deadline is not None and time.monotonic() > self._deadline:
            return SqlFailed("Execution timeout expired.")
        return SqlFailed(f"{error}: {sql[:200]}" if sql else str(error))

    def _may_go_on(self) -> bool:
        return self._go_on() and (self._deadline is None or time.monotonic() <= self._deadline)


def _authorize(action: int, *_: str | None) -> int:
    """A script reads and writes its own database, and no file beside it."""
    return (
        sqlite3.SQLITE_DENY if action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH) else sqlite3.SQLITE_OK
    )


def _compare_instants(one: str, other: str) -> int:
    try:
        left, right = instant(one), instant(other)
    except ValueError:
        return (one > other) - (one < other)
    return (left > right) - (left < right)


def _as_text(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds")
