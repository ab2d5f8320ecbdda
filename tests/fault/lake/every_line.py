"""Die at every line of a change, one process a line, and look at what is left. A script: it forks.

python every_line.py FOLDER
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[3]))

from sandbox.clock import SystemClock
from sandbox.datalake.catalog import Draft
from sandbox.datalake.models import Address, Properties
from sandbox.datalake.storage import Storage
from sandbox.datalake.uploads import Uploads
from tests.fault.forks import die_at_line, killed

if TYPE_CHECKING:
    from collections.abc import Callable

A, B, D, E = (Address("lake1", "data", path) for path in ("a", "b", "d", "e"))
OLD, NEW = Properties({"is": "old"}), Properties({"is": "new"})
TRACED = ("storage.py", "catalog.py", "uploads.py", "outbox.py")
FOUND = dict[str, tuple[bytes, str | None]]
TOLD = list[tuple[str, str, int | None]]
LISTENS = {
    "id": "s1",
    "account": "lake1",
    "typeProperties": {
        "events": ["Microsoft.Storage.BlobCreated", "Microsoft.Storage.BlobDeleted"],
        "blobPathBeginsWith": "/data/blobs/",
        "ignoreEmptyBlobs": False,
    },
}


def put(storage: Storage, address: Address, content: bytes, properties: Properties) -> None:
    draft = storage.draft()
    draft.write_bytes(content)
    storage.publish(draft, address, properties, len(content))


def prepare(storage: Storage) -> None:
    put(storage, A, b"old", OLD)
    put(storage, B, b"new", NEW)
    put(storage, Address("lake1", "data", "d/x"), b"old", OLD)
    (storage.location(A).parent / "hand").write_bytes(b"hand")
    storage.catalog.outbox.subscribe([LISTENS])


def replace_a_file(storage: Storage) -> None:
    put(storage, A, b"new", NEW)


def flush_a_draft(storage: Storage) -> None:
    entry = storage.entry(A)
    assert entry is not None
    draft = storage.draft()
    draft.write_bytes(b"old+new, and what is not flushed")
    storage.catalog.put_draft(Draft(entry.key, draft.name, ((0, 32),)))
    Uploads(storage).flush(A, entry, 7, NEW, closes=True)


def close_a_file_without_new_bytes(storage: Storage) -> None:
    entry = storage.entry(A)
    assert entry is not None
    Uploads(storage).flush(A, entry, entry.size, NEW, closes=True)


def close_a_hand_made_file(storage: Storage) -> None:
    hand = Address("lake1", "data", "hand")
    entry = storage.entry(hand)
    assert entry is not None
    Uploads(storage).flush(hand, entry, entry.size, NEW, closes=True)


def delete_a_file(storage: Storage) -> None:
    entry = storage.entry(A)
    assert entry is not None
    storage.delete(A, entry)


def rename_over_a_file(storage: Storage) -> None:
    storage.rename(B, A)


def rename_a_directory(storage: Storage) -> None:
    storage.rename(D, E)


def describe_a_hand_made_file(storage: Storage) -> None:
    hand = Address("lake1", "data", "hand")
    entry = storage.entry(hand)
    assert entry is not None
    storage.update(hand, entry, NEW)


def make_a_directory(storage: Storage) -> None:
    storage.create_directory(E, NEW)


def delete_a_directory(storage: Storage) -> None:
    async def delete() -> None:
        entry = storage.entry(D)
        assert entry is not None
        storage.delete(D, entry)
        await asyncio.sleep(0)

    asyncio.run(delete())


def look(storage: Storage) -> FOUND:
    """Every path with its bytes (b"/" for a directory) and what its metadata say of them."""
    root = storage.filesystem_folder(A)
    found: FOUND = {}
    for path in sorted(root.rglob("*")):
        address = replace(A, path=str(path.relative_to(root)))
        entry = storage.entry(address)
        assert entry is not None
        found[address.path] = (
            b"/" if path.is_dir() else path.read_bytes(),
            entry.properties.metadata.get("is"),
        )
    return found


def told(storage: Storage) -> TOLD:
    """The events that are given out."""
    events = asyncio.run(storage.catalog.outbox.waiting(0))
    return [(event["type"].rpartition(".")[2], event["path"], event["size"]) for event in events]


def check(folder: Path, allowed: list[tuple[FOUND, TOLD]]) -> None:
    """What happened is told, and what did not happen is not."""
    storage = Storage(folder, SystemClock())
    before = look(storage)
    storage.recover()
    assert (before, told(storage)) in allowed, before
    assert look(storage) == before
    pending = storage.catalog._connection.execute("SELECT count(*) FROM events WHERE NOT released")
    assert pending.fetchone() == (0,)
    live = set(storage._live_keys(storage.root))
    assert storage.catalog.keys() <= live
    wanted = storage.catalog.staged_files()
    assert {file.name for file in storage.staging.iterdir()} == wanted
    storage.catalog.close()


def dies_at(line: int, folder: Path, change: Callable[[Storage], None]) -> bool:
    """Whether there was such a line."""

    def doomed() -> None:
        storage = Storage(folder, SystemClock())
        die_at_line(line, TRACED)
        change(storage)

    return killed(doomed)


def crash_everywhere(base: Path, change: Callable[[Storage], None]) -> int:
    """How many lines it died at."""
    shutil.rmtree(base, ignore_errors=True)
    (base / "origin/lake/lake1/data").mkdir(parents=True)
    origin = Storage(base / "origin", SystemClock())
    prepare(origin)
    before = look(origin)
    origin.catalog.close()
    line = 0
    allowed = [(before, []), after(base, change)]
    assert allowed[0][0] != allowed[1][0], change.__name__
    while True:
        line += 1
        folder = base / f"line{line}"
        shutil.copytree(base / "origin", folder)
        died = dies_at(line, folder, change)
        check(folder, allowed if died else allowed[1:])
        shutil.rmtree(folder)
        if not died:
            return line - 1


def after(base: Path, change: Callable[[Storage], None]) -> tuple[FOUND, TOLD]:
    """What is there, and told, when nothing dies."""
    shutil.copytree(base / "origin", base / "after")
    assert not dies_at(1_000_000, base / "after", change)
    storage = Storage(base / "after", SystemClock())
    found = look(storage), told(storage)
    storage.catalog.close()
    assert found[1] == RAISED.get(change.__name__, []), change.__name__
    return found


RAISED: dict[str, TOLD] = {
    "replace_a_file": [("BlobCreated", "a", 3)],
    "flush_a_draft": [("BlobCreated", "a", 7)],
    "close_a_file_without_new_bytes": [("BlobCreated", "a", 3)],
    "close_a_hand_made_file": [("BlobCreated", "hand", 4)],
    "delete_a_file": [("BlobDeleted", "a", None)],
}
"""A rename, a directory and new properties raise none that Data Factory hears."""

if __name__ == "__main__":
    for each in (
        replace_a_file,
        flush_a_draft,
        close_a_file_without_new_bytes,
        close_a_hand_made_file,
        delete_a_file,
        rename_over_a_file,
        rename_a_directory,
        describe_a_hand_made_file,
        make_a_directory,
        delete_a_directory,
    ):
        points = crash_everywhere(Path(sys.argv[1]) / each.__name__, each)
        sys.stdout.write(f"{each.__name__} {points}\n")
