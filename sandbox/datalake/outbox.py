"""What happened to files, for those who asked to be told: events wait in lake.db until they are taken.

An event is raised only where a subscription wants it; while nobody listens a change costs nothing more. Its
rows, one a subscription, are written *before* the change they tell of, and are released after it:

    1. the row is committed, in one transaction with the change's own    crash: settled at the start
    2. the change becomes visible (storage.py)                            crash: settled at the start
    3. the row is released: from now on it is given out                   until it is taken

At a start a row that was not released is held against the file: a creation has happened if the path has the
version that the row names, a deletion if it has not. So no event is lost and none is made up, whenever the
process dies. A row is given out again and again until it is taken: whoever takes it must know what it did.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adf.events import CREATED, BlobEvent, BlobTrigger
from sandbox.datalake.models import Address

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence

TABLES = (
    """
CREATE TABLE subscriptions (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, type_properties TEXT NOT NULL) WITHOUT ROWID
""",
    """
CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, subscription TEXT NOT NULL,
    type TEXT NOT NULL, account TEXT NOT NULL, filesystem TEXT NOT NULL, path TEXT NOT NULL, size INTEGER,
    key TEXT NOT NULL, at INTEGER NOT NULL, released INTEGER NOT NULL DEFAULT 0)
""",
)
"""The step of lake.db's format that brings them."""
MOST_AT_ONCE = 100
Json = dict[str, Any]


@dataclass(frozen=True)
class Raised:
    """A change that is about to happen, for one subscription. `key` is that of the version it makes or ends;
    `at` is in nanoseconds since 1970.
    """

    id: str
    subscription: str
    type: str
    address: Address
    size: int | None
    key: str
    at: int


class Outbox:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._listeners = self._read_subscriptions()
        self._arrived = asyncio.Event()
        self._closed = False

    # who listens

    def subscribe(self, wanted: Sequence[Json]) -> None:
        """These subscriptions and no others; the events of one that has ended are dropped with it.

        Each is `{id, account, typeProperties}`; the caller has checked the type properties.
        """
        rows = [(one["id"], one["account"], json.dumps(one["typeProperties"])) for one in wanted]
        with self._connection:  # commits, or rolls back
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("DELETE FROM subscriptions")
            self._connection.executemany("INSERT INTO subscriptions VALUES (?, ?, ?)", rows)
            self._connection.execute(
                "DELETE FROM events WHERE subscription NOT IN (SELECT id FROM subscriptions)"
            )
        self._listeners = self._read_subscriptions()

    def _read_subscriptions(self) -> list[tuple[str, str, BlobTrigger]]:
        rows = self._connection.execute("SELECT id, account, type_properties FROM subscriptions")
        return [(one, account, BlobTrigger.from_json(json.loads(text))) for one, account, text in rows]

    # raising

    def raised(
        self, event_type: str, address: Address, key: str, at: int, size: int | None = None
    ) -> list[Raised]:
        """What a change will tell, and to whom: nothing where nobody listens."""
        if not self._listeners:
            return []
        event = BlobEvent(event_type, address.filesystem, address.path, size)
        return [
            Raised(uuid.uuid4().hex, subscription, event_type, address, size, key, at)
            for subscription, account, trigger in self._listeners
            if account == address.account and trigger.fires(event)
        ]

    def put(self, raised: Iterable[Raised]) -> None:
        """Step 1; inside the caller's transaction, if it has one."""
        self._connection.executemany(
            "INSERT INTO events (id, subscription, type, account, filesystem, path, size, key, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (one.id, one.subscription, one.type, one.address.account, one.address.filesystem,
                 one.address.path, one.size, one.key, one.at)
                for one in raised
            ],
        )  # fmt: skip

    def release(self, raised: Sequence[Raised]) -> None:
        """Step 3."""
        if raised:
            self._connection.executemany(
                "UPDATE events SET released = 1 WHERE id = ?", [(one.id,) for one in raised]
            )
            self._arrived.set()

    def settle(self, key_at: Callable[[Address], str | None]) -> None:
        """At a start: what the last process left between the steps. `key_at` tells what is at an address."""
        rows = self._connection.execute(
            "SELECT id, type, account, filesystem, path, key FROM events WHERE NOT released"
        ).fetchall()
        for one, event_type, account, filesystem, path, key in rows:
            is_there = key_at(Address(account, filesystem, path)) == key
            if is_there == (event_type == CREATED):
                self._connection.execute("UPDATE events SET released = 1 WHERE id = ?", (one,))
            else:
                self.take([one])

    # giving out

    async def waiting(self, seconds: float) -> list[Json]:
        """The oldest events that nobody has taken; where there is none, waits that long for one."""
        self._arrived.clear()
        found = self._released()
        if not found and not self._closed:
            try:
                async with asyncio.timeout(seconds):
                    await self._arrived.wait()
            except TimeoutError:
                return []
            found = self._released()
        return found

    def take(self, ids: Iterable[str]) -> None:
        """They are dealt with; one that is gone already is fine."""
        self._connection.executemany("DELETE FROM events WHERE id = ?", [(one,) for one in ids])

    def close(self) -> None:
        """Nobody needs to wait any more."""
        self._closed = True
        self._arrived.set()

    def _released(self) -> list[Json]:
        rows = self._connection.execute(
            "SELECT id, subscription, type, filesystem, path, size, at FROM events WHERE released"
            " ORDER BY position LIMIT ?",
            (MOST_AT_ONCE,),
        )
        names = ("id", "subscription", "type", "container", "path", "size", "at")
        return [dict(zip(names, row, strict=True)) for row in rows]
