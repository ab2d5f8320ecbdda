"""Files of the lake in a working thread: read by ranges, written by blocks that appear when committed."""

from __future__ import annotations

import base64
import hashlib
import io
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.sax.saxutils import escape

from sandbox.datafactory.activities.lake import Place, refusal

if TYPE_CHECKING:
    from datetime import datetime

    from typing_extensions import Buffer

    from sandbox.datafactory.activities.call import Response
    from sandbox.datafactory.activities.worker import Worker

BLOCK = 1024 * 1024


@dataclass(frozen=True)
class Found:
    """A file as it was listed. `relative` is its path below the folder that was looked into."""

    path: str
    relative: str
    size: int
    etag: str
    modified: datetime


class LakeFile(io.RawIOBase):
    """One file's bytes, on the condition that it is still the one that was listed (If-Match)."""

    def __init__(self, worker: Worker, where: Place, found: Found) -> None:
        super().__init__()
        self._worker = worker
        self._where = where.at(found.path)
        self._found = found
        self._position = 0
        self.bytes_read = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._found.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: Buffer, /) -> int:
        target = memoryview(buffer).cast("B")
        count = min(len(target), BLOCK, self._found.size - self._position)
        if count <= 0:
            return 0
        last = self._position + count - 1
        headers = {"Range": f"bytes={self._position}-{last}", "If-Match": f'"{self._found.etag}"'}
        content = _done(self._worker, self._where, "GET", self._where.url(), headers).body
        target[: len(content)] = content
        self._position += len(content)
        self.bytes_read += len(content)
        return len(content)

    def buffered(self) -> io.BufferedReader:
        """With as much read ahead as one request brings."""
        return io.BufferedReader(self, buffer_size=BLOCK)


class LakeWriter(io.RawIOBase):
    """A new file, or the next content of one: readers see it whole, after `commit`, or not at all.

    Closed, it takes what is written and forgets it: writers around it that are given up still flush.
    """

    def __init__(self, worker: Worker, where: Place) -> None:
        super().__init__()
        self._worker = worker
        self._where = where
        self._pending = bytearray()
        self._blocks: list[str] = []
        self._mark = uuid.uuid4().hex  # another writer of the same path has blocks of its own
        self._digest = hashlib.md5(usedforsecurity=False)
        self.bytes_written = 0

    def writable(self) -> bool:
        return True

    def write(self, content: Buffer, /) -> int:
        added = memoryview(content).cast("B")
        if self.closed:
            return len(added)
        self._pending += added
        while len(self._pending) >= BLOCK:
            self._put(bytes(self._pending[:BLOCK]))
            del self._pending[:BLOCK]
        return len(added)

    def commit(self) -> None:
        """Where a reply was lost, the next commit finds no blocks: then the content tells that it is done."""
        if self._pending:
            self._put(bytes(self._pending))
            self._pending.clear()
        md5 = base64.b64encode(self._digest.digest()).decode()
        listed = "".join(f"<Latest>{escape(block)}</Latest>" for block in self._blocks)
        body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'.encode()
        headers = {"x-ms-blob-content-md5": md5}
        url = self._where.url()
        response = self._worker.send("PUT", f"{url}?comp=blocklist", headers, body)
        if response.headers.get("x-ms-error-code") == "InvalidBlockList":
            there = self._worker.send("HEAD", f"{url}?action=getStatus")
            if there.headers.get("Content-MD5") == md5:
                return
        if response.status >= 400:
            raise refusal(self._worker.call, response, self._where)

    def _put(self, block: bytes) -> None:
        name = base64.b64encode(f"{self._mark}{len(self._blocks):06d}".encode()).decode()
        url = f"{self._where.url()}?comp=block&blockid={quote(name, safe='')}"
        _done(self._worker, self._where, "PUT", url, {}, block)
        self._blocks.append(name)
        self._digest.update(block)
        self.bytes_written += len(block)


def delete(worker: Worker, where: Place, *, etag: str | None = None, recursive: bool = False) -> None:
    """What is gone is fine: a reply may have been lost. With an etag only if it is that file still."""
    headers = {} if etag is None else {"If-Match": f'"{etag}"'}
    response = worker.send("DELETE", f"{where.url()}?recursive={str(recursive).lower()}", headers)
    if response.status >= 400 and response.status != 404:
        raise refusal(worker.call, response, where)


def _done(
    worker: Worker, where: Place, method: str, url: str, headers: dict[str, str], content: bytes | None = None
) -> Response:
    response = worker.send(method, url, headers, content)
    if response.status >= 400:
        raise refusal(worker.call, response, where)
    return response
