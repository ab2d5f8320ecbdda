"""lake.db: what is known of the lake beyond the bytes, in SQLite. One process, one thread writes it.

Every call is one transaction: it is all there after a kill -9, or not at all.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox import database
from sandbox.datalake import outbox
from sandbox.datalake.models import Address, Entry, Filesystem, Properties

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from sandbox.datalake.outbox import Raised

_TABLES = (
    """
CREATE TABLE IF NOT EXISTS entries (
    key TEXT PRIMARY KEY, tag TEXT NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL,
    properties TEXT NOT NULL) WITHOUT ROWID
""",
    """
CREATE TABLE IF NOT EXISTS filesystems (
    account TEXT, name TEXT, tag TEXT NOT NULL, modified INTEGER NOT NULL, metadata TEXT NOT NULL,
    PRIMARY KEY (account, name)) WITHOUT ROWID
""",
    """
CREATE TABLE IF NOT EXISTS drafts (
    key TEXT PRIMARY KEY, file TEXT NOT NULL, ranges TEXT NOT NULL) WITHOUT ROWID
""",
    """
CREATE TABLE IF NOT EXISTS blocks (
    account TEXT, filesystem TEXT, path TEXT, id TEXT, file TEXT NOT NULL, size INTEGER NOT NULL,
    staged INTEGER NOT NULL, PRIMARY KEY (account, filesystem, path, id)) WITHOUT ROWID
""",
)
FORMAT = database.Format("entries", steps=(_TABLES, outbox.TABLES))
"""Of lake.db."""


@dataclass(frozen=True)
class Draft:
    """Bytes appended and not flushed yet: a file in the staging folder, and which ranges of it have arrived.

    Its ranges are positions in the file to be; they are sorted and never touch each other.
    """

    key: str
    file: str
    ranges: tuple[tuple[int, int], ...]

    def with_range(self, start: int, end: int) -> Draft:
        merged: list[tuple[int, int]] = []
        for low, high in sorted([*self.ranges, (start, end)]):
            if merged and low <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], high))
            else:
                merged.append((low, high))
        return Draft(self.key, self.file, tuple(merged))

    def overlaps(self, start: int, end: int) -> bool:
        return any(low < end and start < high for low, high in self.ranges)

    def covers(self, end: int) -> bool:
        """Whether every byte before `end` is here."""
        return end == 0 or (bool(self.ranges) and self.ranges[0][0] == 0 and self.ranges[0][1] >= end)


@dataclass(frozen=True)
class Block:
    id: str
    file: str
    size: int


class Catalog:
    def __init__(self, file: Path) -> None:
        self._connection = database.connect(file, FORMAT)
        self.outbox = outbox.Outbox(self._connection)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Never `await` inside: other requests would write into it."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            # A full disk may have rolled back already; a commit that failed has not.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    # files and directories

    def entry(self, key: str, *, is_directory: bool, size: int) -> Entry | None:
        row = self._connection.execute(
            "SELECT tag, created, modified, properties FROM entries WHERE key = ?", (key,)
        ).fetchone()
        if row is None:
            return None
        tag, created, modified, properties = row
        return Entry(key, is_directory, size, tag, created, modified, Properties.from_json(properties))

    def put(self, entry: Entry, raised: Sequence[Raised] = ()) -> None:
        """With the events that its change will raise."""
        if not raised:
            self._put(entry)
            return
        with self.transaction():
            self._put(entry)
            self.outbox.put(raised)

    def _put(self, entry: Entry) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?)",
            (entry.key, entry.tag, entry.created, entry.modified, entry.properties.to_json()),
        )

    def forget(self, keys: Iterable[str]) -> None:
        """Drop the entries and what was appended to them."""
        rows = [(key,) for key in keys]
        with self.transaction():
            self._connection.executemany("DELETE FROM entries WHERE key = ?", rows)
            self._connection.executemany("DELETE FROM drafts WHERE key = ?", rows)

    def keys(self) -> set[str]:
        """Of everything that has an entry or a draft."""
        rows = self._connection.execute("SELECT key FROM entries UNION SELECT key FROM drafts")
        return {row[0] for row in rows}

    def last_instant(self) -> int:
        """The latest instant ever written, in nanoseconds since 1970 (0: none)."""
        row = self._connection.execute(
            "SELECT max(m) FROM"
            " (SELECT max(modified) AS m FROM entries UNION SELECT max(modified) FROM filesystems)"
        ).fetchone()
        return int(row[0] or 0)

    # file systems

    def filesystem(self, account: str, name: str) -> Filesystem | None:
        row = self._connection.execute(
            "SELECT tag, modified, metadata FROM filesystems WHERE account = ? AND name = ?", (account, name)
        ).fetchone()
        return None if row is None else Filesystem(account, name, row[0], row[1], json.loads(row[2]))

    def put_filesystem(self, filesystem: Filesystem) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO filesystems VALUES (?, ?, ?, ?, ?)",
            (
                filesystem.account,
                filesystem.name,
                filesystem.tag,
                filesystem.modified,
                json.dumps(filesystem.metadata),
            ),
        )

    def forget_filesystem(self, account: str, name: str) -> None:
        self._connection.execute("DELETE FROM filesystems WHERE account = ? AND name = ?", (account, name))

    # what is not committed yet

    def draft(self, key: str) -> Draft | None:
        row = self._connection.execute("SELECT file, ranges FROM drafts WHERE key = ?", (key,)).fetchone()
        return None if row is None else Draft(key, row[0], tuple((a, b) for a, b in json.loads(row[1])))

    def put_draft(self, draft: Draft) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO drafts VALUES (?, ?, ?)",
            (draft.key, draft.file, json.dumps(draft.ranges)),
        )

    def block(self, address: Address, block_id: str) -> Block | None:
        row = self._connection.execute(
            "SELECT id, file, size FROM blocks WHERE account = ? AND filesystem = ? AND path = ? AND id = ?",
            (address.account, address.filesystem, address.path, block_id),
        ).fetchone()
        return None if row is None else Block(*row)

    def blocks(self, address: Address) -> list[Block]:
        rows = self._connection.execute(
            "SELECT id, file, size FROM blocks WHERE account = ? AND filesystem = ? AND path = ?"
            " ORDER BY staged, id",
            (address.account, address.filesystem, address.path),
        )
        return [Block(*row) for row in rows]

    def put_block(self, address: Address, block: Block, now: int) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?)",
            (address.account, address.filesystem, address.path, block.id, block.file, block.size, now),
        )

    def forget_blocks(self, address: Address) -> None:
        self._connection.execute(
            "DELETE FROM blocks WHERE account = ? AND filesystem = ? AND path = ?",
            (address.account, address.filesystem, address.path),
        )

    def forget_blocks_before(self, instant: int) -> None:
        self._connection.execute("DELETE FROM blocks WHERE staged < ?", (instant,))

    def staged_files(self) -> set[str]:
        """Names in the staging folder that something still refers to."""
        return {
            row[0]
            for row in self._connection.execute("SELECT file FROM drafts UNION SELECT file FROM blocks")
        }

    def close(self) -> None:
        self._connection.close()
