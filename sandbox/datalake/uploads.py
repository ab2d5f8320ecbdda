"""Bytes on their way in: appended ranges, staged blocks and whole bodies, none of them visible before a
commit.

Bodies are written as they arrive, so memory does not grow with their size. A body that ends early leaves
nothing.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.datalake.catalog import Block, Draft
from sandbox.datalake.errors import BadRequest, InvalidFlushPosition, LengthRequired, ServerBusy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from aiohttp import web

    from sandbox.datalake.models import Address, Entry, Properties
    from sandbox.datalake.storage import Storage

_COPY_BYTES = 1 << 30


@dataclass
class _Reservation:
    """A range of a draft that a request is writing right now; `lost` when it must not go on."""

    start: int
    end: int
    lost: bool = False


class Uploads:
    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._writing: dict[str, list[_Reservation]] = {}

    # Data Lake: append and flush

    async def append(self, address: Address, entry: Entry, position: int, request: web.Request) -> None:
        """Keep the body for the flush. Appends may come in any order and at once; of two that overlap, the
        last to complete counts as a whole.
        """
        length = _content_length(request)
        if position < entry.size:
            raise InvalidFlushPosition
        draft = await self._draft(address, entry)
        start, end = position, position + length
        busy = self._writing.setdefault(entry.key, [])
        if draft.overlaps(start, end) or any(other.start < end and start < other.end for other in busy):
            await self._append_aside(entry.key, start, length, request)
            return
        mine = _Reservation(start, end)
        busy.append(mine)
        try:
            with open(self._storage.staging / draft.file, "r+b", buffering=0) as file:  # noqa: ASYNC230, PTH123
                await _receive(request, length, file.fileno(), start, mine)
        finally:
            self._stop_writing(entry.key, mine)
        self._record(entry.key, start, end)

    def flush(
        self, address: Address, entry: Entry, position: int, properties: Properties, *, closes: bool = False
    ) -> Entry:
        """Make the first `position` bytes the file's content; later ones are dropped. One step: never
        awaits. Only a flush that `closes` the file raises an event, as its last one.
        """
        draft = self._storage.catalog.draft(entry.key)
        if draft is None or position == entry.size:
            if position != entry.size:
                raise InvalidFlushPosition
            return self._storage.update(address, entry, properties, raises=closes)
        if position < entry.size or not draft.covers(position):
            raise InvalidFlushPosition
        for other in self._writing.get(entry.key, ()):
            other.lost = True
        self._storage.catalog.put_draft(Draft(draft.key, draft.file, ((0, position),)))
        staged = self._storage.staging / draft.file
        return self._storage.publish(staged, address, properties, position, raises=closes)

    async def _draft(self, address: Address, entry: Entry) -> Draft:
        """The file that becomes the next version. It begins with a copy of what is committed."""
        found = self._storage.catalog.draft(entry.key)
        if found is not None:
            return found
        path = self._storage.draft()
        path.touch(mode=0o600)
        if entry.size:
            await self._copy_committed(address, entry, path)
            raced = self._storage.catalog.draft(entry.key)
            if raced is not None:
                path.unlink()
                return raced
        draft = Draft(entry.key, path.name, ((0, entry.size),) if entry.size else ())
        self._storage.catalog.put_draft(draft)
        return draft

    async def _copy_committed(self, address: Address, entry: Entry, target: Path) -> None:
        opened = self._storage.open(address)
        if opened is None or opened[1].key != entry.key:
            raise ServerBusy
        try:
            await asyncio.to_thread(_copy, opened[0], entry.size, target)
        finally:
            os.close(opened[0])

    async def _append_aside(self, key: str, start: int, length: int, request: web.Request) -> None:
        """Receive into a file of its own and put it over the other one when it is whole."""
        async with self.spooled(request) as (path, _):
            draft = self._storage.catalog.draft(key)
            if draft is None:
                raise ServerBusy
            for other in self._writing.get(key, ()):
                other.lost = other.lost or (other.start < start + length and start < other.end)
            _copy_over(path, self._storage.staging / draft.file, start, length)
            self._record(key, start, start + length)

    def _record(self, key: str, start: int, end: int) -> None:
        draft = self._storage.catalog.draft(key)
        if draft is None:  # another version of the file was committed meanwhile
            raise ServerBusy
        if end > start:
            self._storage.catalog.put_draft(draft.with_range(start, end))

    def _stop_writing(self, key: str, mine: _Reservation) -> None:
        busy = self._writing[key]
        busy.remove(mine)
        if not busy:
            del self._writing[key]

    # Blob: bodies and blocks

    @asynccontextmanager
    async def spooled(self, request: web.Request) -> AsyncIterator[tuple[Path, int]]:
        """The body in a staging file, which is removed unless the block moved it away."""
        length = _content_length(request)
        path = self._storage.draft()
        try:
            with open(path, "xb", buffering=0) as file:  # noqa: ASYNC230, PTH123
                await _receive(request, length, file.fileno(), 0, _Reservation(0, length))
            yield path, length
        finally:
            path.unlink(missing_ok=True)

    async def put_block(self, address: Address, block_id: str, request: web.Request) -> None:
        async with self.spooled(request) as (path, length):
            kept = self._storage.draft()
            path.rename(kept)
            replaced = self._storage.catalog.block(address, block_id)
            self._storage.catalog.put_block(address, Block(block_id, kept.name, length), self._storage.now())
            if replaced is not None:
                (self._storage.staging / replaced.file).unlink(missing_ok=True)

    async def join_blocks(self, blocks: Sequence[Block]) -> Path:
        """One staging file of all of them, in this order; the caller publishes or removes it."""
        path = self._storage.draft()
        path.touch(mode=0o600)
        await asyncio.to_thread(_concatenate, [self._storage.staging / block.file for block in blocks], path)
        return path

    def drop_blocks(self, address: Address) -> None:
        blocks = self._storage.catalog.blocks(address)
        self._storage.catalog.forget_blocks(address)
        for block in blocks:
            (self._storage.staging / block.file).unlink(missing_ok=True)


async def _receive(
    request: web.Request, length: int, descriptor: int, position: int, reservation: _Reservation
) -> None:
    """Write the body at `position`, as it comes. Stops when the range was taken over, or the digest is
    wrong.
    """
    digest = hashlib.md5(usedforsecurity=False) if "Content-MD5" in request.headers else None
    received = 0
    async for chunk in request.content.iter_any():
        if reservation.lost:
            raise ServerBusy
        _write_all(descriptor, chunk, position + received)
        received += len(chunk)
        if digest is not None:
            digest.update(chunk)
    if reservation.lost:
        raise ServerBusy
    if received != length:
        raise BadRequest("InvalidInput", f"The body has {received} bytes, Content-Length says {length}.")
    if digest is not None and base64.b64encode(digest.digest()).decode() != request.headers["Content-MD5"]:
        raise BadRequest("Md5Mismatch", "The MD5 value in the request did not match the one calculated.")


def _content_length(request: web.Request) -> int:
    if request.content_length is None:
        raise LengthRequired
    return request.content_length


def _write_all(descriptor: int, chunk: bytes, position: int) -> None:
    view = memoryview(chunk)
    while view:
        written = os.pwrite(descriptor, view, position)
        view = view[written:]
        position += written


def _copy(descriptor: int, size: int, target: Path) -> None:
    with target.open("r+b") as file:
        done = 0
        while done < size:
            copied = os.copy_file_range(descriptor, file.fileno(), min(_COPY_BYTES, size - done), done, done)
            if copied == 0:
                raise ServerBusy
            done += copied


def _copy_over(source: Path, target: Path, position: int, length: int) -> None:
    with source.open("rb") as piece, target.open("r+b") as file:
        done = 0
        while done < length:
            done += os.copy_file_range(piece.fileno(), file.fileno(), length - done, done, position + done)


def _concatenate(pieces: Sequence[Path], target: Path) -> None:
    position = 0
    for piece in pieces:
        size = piece.stat().st_size
        _copy_over(piece, target, position, size)
        position += size
