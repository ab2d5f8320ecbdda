"""Documents in one SQLite file: (scope, kind, name) → JSON body; like Resource Manager it ignores case."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sandbox import database

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_DOCUMENTS = """
CREATE TABLE IF NOT EXISTS documents (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    scope TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (scope, kind, name)
)
"""
_FIELDS = (
    *("runId", "runGroupId", "pipelineName", "status", "runStart", "runEnd", "lastUpdated", "isLatest"),
    *("activityRunId", "activityName", "activityType", "activityRunStart", "activityRunEnd"),
    *("triggerRunId", "triggerName", "triggerRunTimestamp", "invokedBy.name"),
)
"""Of bodies, by which documents are selected: columns that take no space. A dot is `_` in a column's name."""


def _field(path: str) -> str:
    extracted = f"CASE WHEN json_valid(body) THEN json_extract(body, '$.{path}') END"
    name = path.replace(".", "_")
    return f"ALTER TABLE documents ADD COLUMN {name} GENERATED ALWAYS AS ({extracted}) VIRTUAL"


_PIPELINE_RUNS = """
CREATE INDEX pipeline_runs ON documents
    (scope, runStart, runId, lastUpdated, runEnd, status, pipelineName, runGroupId, isLatest, invokedBy_name)
WHERE kind = 'pipelineruns'
"""
_TRIGGER_RUNS = """
CREATE INDEX trigger_runs ON documents (scope, triggerRunTimestamp, triggerRunId, triggerName, status)
WHERE kind = 'triggerruns'
"""
_INDEXED = {"pipelineruns": "INDEXED BY pipeline_runs", "triggerruns": "INDEXED BY trigger_runs"}
# In the order in which runs are mostly asked for, with all that a query looks at: of a hundred thousand runs
# only those are read that it answers with.
_SELECTED = (*map(_field, _FIELDS), _PIPELINE_RUNS, _TRIGGER_RUNS)
FORMAT = database.Format("documents", steps=((_DOCUMENTS,), _SELECTED))
"""Of state.db, and by it of everything in the state folder that its documents describe."""

_PUT = """
INSERT INTO documents (scope, kind, name, body) VALUES (?, ?, ?, ?)
ON CONFLICT (scope, kind, name) DO UPDATE SET body = excluded.body
"""


_ENCODER = json.JSONEncoder(allow_nan=False)


class Store:
    """Every committed document survives a kill -9. Raises what `database.connect` raises.

    Any thread may call it; calls are serialised. Look-ups ignore case, bodies keep theirs.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        # Closed by close(), from whatever thread stops the server.
        self._connection = database.connect(path, FORMAT)
        self._connection.create_function("lower", 1, _lower, deterministic=True)

    def get(self, scope: str, kind: str, name: str) -> dict[str, Any] | None:
        with self._lock:
            row = self._connection.execute(
                "SELECT body FROM documents WHERE scope = ? AND kind = ? AND name = ?",
                _key(scope, kind, name),
            ).fetchone()
        return None if row is None else json.loads(row[0])

    def has(self, scope: str, kind: str, name: str) -> bool:
        """Whether there is one; nothing of it is read."""
        with self._lock:
            row = self._connection.execute(
                "SELECT 1 FROM documents WHERE scope = ? AND kind = ? AND name = ?", _key(scope, kind, name)
            ).fetchone()
        return row is not None

    def put(self, scope: str, kind: str, name: str, body: Mapping[str, Any]) -> None:
        """Insert or replace; a replaced document keeps its place in `list`."""
        with self._lock:
            self._connection.execute(_PUT, (*_key(scope, kind, name), _text(body)))

    def delete(self, scope: str, kind: str, name: str) -> bool:
        """Whether there was one to delete."""
        with self._lock:
            cursor = self._connection.execute(
                "DELETE FROM documents WHERE scope = ? AND kind = ? AND name = ?", _key(scope, kind, name)
            )
            return cursor.rowcount > 0

    def select(
        self, scope: str, kind: str, where: str, values: Sequence[str], *, order: str, limit: int
    ) -> list[dict[str, Any]]:
        """At most `limit`; `where` and `order` are SQL over the fields that have columns. In `where`,
        `lower()` is Python's.
        """
        # The kind is no parameter: the indices are of one kind each, and are used where it is known.
        found = (
            f"SELECT position FROM documents {_INDEXED.get(kind, '')} "  # noqa: S608 - no caller's words in it
            f"WHERE scope = ? AND kind = '{kind}' AND ({where}) ORDER BY {order} LIMIT {limit}"
        )
        with self._lock:
            positions = self._connection.execute(found, (scope.lower(), *values)).fetchall()
            bodies = [
                self._connection.execute("SELECT body FROM documents WHERE position = ?", one).fetchone()
                for one in positions
            ]
        return [json.loads(row[0]) for row in bodies]

    def list(self, scope: str, kind: str) -> list[dict[str, Any]]:
        """In the order of first insertion."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT body FROM documents WHERE scope = ? AND kind = ? ORDER BY position",
                (scope.lower(), kind.lower()),
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block's changes or none; blocks nest (the outermost decides). Never `await` inside one:

        the lock is the thread's, so another coroutine of the same thread would write into this transaction.
        """
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    self._connection.execute("COMMIT")
            except BaseException:
                # A full disk may have rolled back already; a commit that failed has not.
                if self._depth == 1 and self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _lower(text: str | None) -> str | None:
    """SQLite's own knows the letters of ASCII only."""
    return None if text is None else str(text).lower()


def _text(body: Mapping[str, Any]) -> str:
    """JSON has no NaN and no infinity, and SQLite takes it at its word: there they are text."""
    try:
        return _ENCODER.encode(body)
    except ValueError:
        return json.dumps(json.loads(json.dumps(body), parse_constant=str))


def _key(scope: str, kind: str, name: str) -> tuple[str, str, str]:
    return scope.lower(), kind.lower(), name.lower()
