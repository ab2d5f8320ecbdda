"""Files and directories on disk, and the one way in which they change.

A path of the lake is a plain file at `lake/<account>/<file system>/<path>`; what else is known of it lies
in the catalog under a key that the *file itself* carries: `f:<mtime in ns>:<size>`. The lake gives every
file it writes a modification time that it never gives again. Hence:

    1. the new bytes are complete in the staging folder         crash: nobody refers to them; swept at the
    start 2. a catalog row is committed under the key they will have  crash: a row without a file; swept at
    the start 3. the staged file gets its modification time               crash: as before 4. one rename(2)
    puts it in place                           THE COMMIT: bytes and properties change together 5. the old
    version's row is dropped                         crash: a row without a file; swept at the start

Before 4 every reader finds the old file, whose key leads to the old row; after 4 the new file and the new
row. A renamed file or directory takes its properties along, because they hang on the file and not on its
name. Directories are known by inode. A file that was dropped or edited by hand has a key without a row: it
is *adopted*, with an etag made of its time and size. Opened files keep their version while a rename
replaces it, so a reader never sees a mixture.

Not promised: a power cut (nothing is fsynced).
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import stat
import uuid
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from adf.events import CREATED, DELETED
from sandbox.datalake.catalog import Catalog
from sandbox.datalake.errors import (
    AccountNotFound,
    BadRequest,
    CoarseTimes,
    FilesystemNotFound,
    LakeError,
    PathConflict,
)
from sandbox.datalake.models import Address, Entry, Properties, tag_of, ticks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.clock import Clock
    from sandbox.datalake.outbox import Raised

_BLOCKS_KEPT_DAYS = 7
_DAY = 86_400 * 10**9


class Storage:
    def __init__(self, state: Path, clock: Clock) -> None:
        self.root = state / "lake"
        self.staging = self.root / ".staging"  # account names have no dot: these two are nobody's account
        self._trash = self.root / ".trash"
        for folder in (self.root, self.staging, self._trash):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.catalog = Catalog(state / "lake.db")
        self._clock = clock
        self._last = self.catalog.last_instant()
        self._sweeping: set[asyncio.Task[None]] = set()
        self._check_times()

    # time

    def now(self) -> int:
        """Nanoseconds since 1970."""
        return int(self._clock.now().timestamp() * 1_000_000) * 1000

    def instant(self) -> int:
        """Now, and later than any instant given before (also by an earlier process); a multiple of 100 ns.

        Never a whole millisecond, as the times of copied and unpacked files often are.
        """
        self._last = max(self.now(), self._last + 100) // 100 * 100
        if self._last % 1_000_000 == 0:
            self._last += 100
        return self._last

    def _check_times(self) -> None:
        """The protocol above stands on times that the disk keeps to 100 ns."""
        probe = self.draft()
        probe.touch(mode=0o600)
        instant = self.instant()
        os.utime(probe, ns=(instant, instant))
        kept = probe.stat().st_mtime_ns
        probe.unlink()
        if kept != instant:
            raise CoarseTimes(self.root)

    # what is there

    def account_folder(self, account: str) -> Path:
        folder = self.root / account
        if not folder.is_dir():
            raise AccountNotFound
        return folder

    def filesystem_folder(self, address: Address) -> Path:
        folder = self.account_folder(address.account) / address.filesystem
        if not folder.is_dir():
            raise FilesystemNotFound
        return folder

    def location(self, address: Address) -> Path:
        folder = self.filesystem_folder(address)
        return folder / address.path if address.path else folder

    def entry(self, address: Address) -> Entry | None:
        """What is at the address now; raises when not even its file system is there."""
        try:
            return self.describe(self.location(address).stat())
        except OSError as error:
            _only_absence(error)
            return None

    def describe(self, status: os.stat_result) -> Entry:
        is_directory = stat.S_ISDIR(status.st_mode)
        size = 0 if is_directory else status.st_size
        key = f"d:{status.st_ino}" if is_directory else f"f:{status.st_mtime_ns}:{size}"
        found = self.catalog.entry(key, is_directory=is_directory, size=size)
        return found or _adopted(key, status, is_directory=is_directory, size=size)

    def open(self, address: Address) -> tuple[int, Entry] | None:
        """A descriptor that keeps this version whatever happens to the path; the caller closes it."""
        try:
            descriptor = os.open(self.location(address), os.O_RDONLY | os.O_NONBLOCK)
        except OSError as error:
            _only_absence(error)
            return None
        return descriptor, self.describe(os.fstat(descriptor))

    # changes

    def draft(self) -> Path:
        """A name in the staging folder that was never used."""
        return self.staging / uuid.uuid4().hex

    def publish(
        self, draft: Path, address: Address, properties: Properties, size: int, *, raises: bool = True
    ) -> Entry:
        """Put the first `size` bytes of `draft` at the address, replacing what is there (not a directory).

        `raises` the event that the file was created (of a replaced one, too), for those who listen to it.
        No `await` between the caller's look at the conditions and this: that makes both one step.
        """
        previous = self.entry(address)
        self.make_parents(address)
        instant = self.instant()
        created = previous.created if previous else instant
        entry = Entry(f"f:{instant}:{size}", False, size, tag_of(instant), created, instant, properties)
        raised = self._created(address, entry) if raises else []
        self.catalog.put(entry, raised)
        os.truncate(draft, size)
        os.utime(draft, ns=(instant, instant))
        draft.rename(self.location(address))
        self.catalog.outbox.release(raised)
        if previous is not None:
            self.catalog.forget([previous.key])
        return entry

    def _created(self, address: Address, entry: Entry) -> list[Raised]:
        return self.catalog.outbox.raised(CREATED, address, entry.key, entry.modified, entry.size)

    def create_file(self, address: Address, properties: Properties) -> Entry:
        draft = self.draft()
        draft.touch(mode=0o600)
        return self.publish(draft, address, properties, 0)

    def create_directory(self, address: Address, properties: Properties) -> Entry:
        """Also over an existing directory, which keeps its content and takes the new properties."""
        existing = self.entry(address)
        if existing is not None:
            return self.update(address, existing, properties)
        self.make_parents(address)
        draft = self.draft()
        draft.mkdir(mode=0o700)
        instant = self.instant()
        key = f"d:{draft.stat().st_ino}"
        entry = Entry(key, True, 0, tag_of(instant), instant, instant, properties)
        self.catalog.put(entry)
        draft.rename(self.location(address))
        return entry

    def make_parents(self, address: Address) -> None:
        """Every directory above the address; raises `PathConflict` when one of them is a file."""
        try:
            self.location(address).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise PathConflict from error
        except OSError as error:
            raise _unusable(address, error) from error

    def update(
        self, address: Address, entry: Entry, properties: Properties, *, raises: bool = False
    ) -> Entry:
        """New properties, a new etag, the same bytes; `raises` as for `publish`."""
        instant = self.instant()
        changed = replace(entry, tag=tag_of(instant), modified=instant, properties=properties)
        return self._write_row(address, changed, raises=raises)

    def annotate(self, address: Address, entry: Entry, properties: Properties) -> Entry:
        """New properties, the same etag: for leases."""
        return self._write_row(address, replace(entry, properties=properties))

    def _write_row(self, address: Address, entry: Entry, *, raises: bool = False) -> Entry:
        """A hand-made file gets a time of ours first: two such files may share theirs, and would share the
        row.
        """
        known = entry.is_directory or self.catalog.entry(entry.key, is_directory=False, size=entry.size)
        instant = self.instant()
        owned = entry if known else replace(entry, key=f"f:{instant}:{entry.size}")
        raised = self._created(address, owned) if raises else []
        self.catalog.put(owned, raised)
        if not known:
            os.utime(self.location(address), ns=(instant, instant))
        self.catalog.outbox.release(raised)
        return owned

    def rename(self, source: Address, destination: Address) -> Entry:
        """A file or a whole directory, in one step. The caller has checked all that may forbid it."""
        moved = self.entry(source)
        replaced = self.entry(destination)
        target = self.location(destination)
        self.location(source).rename(target)
        if replaced is not None and (moved is None or replaced.key != moved.key):
            self.catalog.forget([replaced.key])
        entry = self.describe(target.stat())
        if entry.properties.lease is not None:
            entry = self.annotate(destination, entry, replace(entry.properties, lease=None))
        return entry

    def delete(self, address: Address, entry: Entry) -> None:
        """A directory goes as a whole, in one step; its content is swept afterwards."""
        if entry.is_directory:
            self._discard(self.location(address))
            return
        raised = self.catalog.outbox.raised(DELETED, address, entry.key, self.now())
        self.catalog.outbox.put(raised)
        self.location(address).unlink()
        self.catalog.outbox.release(raised)
        self.catalog.forget([entry.key])

    def delete_filesystem(self, address: Address) -> None:
        self._discard(self.filesystem_folder(address))
        self.catalog.forget_filesystem(address.account, address.filesystem)

    def is_empty(self, address: Address) -> bool:
        return next(os.scandir(self.location(address)), None) is None

    # sweeping

    def recover(self) -> None:
        """After a crash or a stop: drop what no file refers to. Committed files are not touched."""
        for leftover in self._trash.iterdir():
            shutil.rmtree(leftover)
        self.catalog.outbox.settle(self._key_at)
        live = set(self._live_keys(self.root))
        self.catalog.forget(self.catalog.keys() - live)
        self.catalog.forget_blocks_before(self.now() - _BLOCKS_KEPT_DAYS * _DAY)
        wanted = self.catalog.staged_files()
        for file in self.staging.iterdir():
            if file.is_dir():
                file.rmdir()
            elif file.name not in wanted:
                file.unlink()

    def _key_at(self, address: Address) -> str | None:
        try:
            entry = self.entry(address)
        except LakeError:  # not even its file system is there
            return None
        return None if entry is None else entry.key

    async def close(self) -> None:
        """Waits for the sweeping of what was deleted."""
        await asyncio.gather(*self._sweeping)
        self.catalog.close()

    def _discard(self, folder: Path) -> None:
        doomed = self._trash / uuid.uuid4().hex
        folder.rename(doomed)
        task = asyncio.get_running_loop().create_task(self._sweep(doomed))
        self._sweeping.add(task)
        task.add_done_callback(self._sweeping.discard)

    async def _sweep(self, folder: Path) -> None:
        """Rows before files: an inode that is free again may name another directory at once."""
        keys = await asyncio.to_thread(lambda: list(self._live_keys(folder)))
        self.catalog.forget(keys)
        await asyncio.to_thread(shutil.rmtree, folder)

    def _live_keys(self, folder: Path) -> Iterator[str]:
        yield f"d:{folder.stat().st_ino}"
        for item in os.scandir(folder):
            if item.is_dir(follow_symlinks=False):
                if item.path not in (str(self.staging), str(self._trash)):
                    yield from self._live_keys(Path(item.path))
            elif item.is_file():
                status = item.stat()
                yield f"f:{status.st_mtime_ns}:{status.st_size}"


def _adopted(key: str, status: os.stat_result, *, is_directory: bool, size: int) -> Entry:
    """Made by hand, or a directory that came into being as somebody's parent."""
    tag = f"0x{status.st_ino:X}" if is_directory else f"0x{ticks(status.st_mtime_ns):X}{size:X}"
    return Entry(key, is_directory, size, tag, status.st_mtime_ns, status.st_mtime_ns, Properties())


def _only_absence(error: OSError) -> None:
    """Nothing is, or can be, at such a path; any other trouble is the disk's, and raised again."""
    if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
        raise error


def _unusable(address: Address, error: OSError) -> BadRequest:
    return BadRequest("InvalidUri", f"The path '{address.path}' cannot be kept here: {error.strerror}.")
