"""The workspace's storage account, as much of it as the SDK needs: files under one container, opened by SAS
URLs.

The SDK takes a SAS URL's host apart at its dots into account, "blob" and suffix, and builds a new URL of
them. With `stlocal.blob.@127.0.0.1:PORT` (what stands before the @ is user information) the rebuilt URL is
the same: no DNS, no patch, and TLS is checked against the certificate's 127.0.0.1.

Beside the blobs lies `uploads/`, what is not a blob yet: `drafts/`, of requests under way, and `blocks/`,
which wait for their list, a week at most.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import quote, unquote, urlencode, urlsplit

from sandbox.errors import AzureError
from sandbox.machinelearning.errors import BadRequest, NotFound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sandbox.context import Context
    from sandbox.machinelearning.models import Workspace
    from sandbox.machinelearning.workspaces import Workspaces

CONTAINER = "azureml"
_LIFETIME = timedelta(hours=24)
_BLOCKS_ARE_KEPT = timedelta(days=7)
_LONGEST_BLOCK_NAME = 120
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Blob:
    """A path below the container: `<workspace id>/artifacts/ExperimentRun/dcid.../user_logs/std_log.txt`."""

    path: str
    file: Path
    uploads: Path

    @property
    def blocks(self) -> Path:
        """Where its blocks wait for their list."""
        return self.uploads / "blocks" / hashlib.sha256(self.path.encode()).hexdigest()

    def block(self, name: str) -> Path:
        if not 0 < len(name) <= _LONGEST_BLOCK_NAME:
            raise AzureError(
                400, "InvalidQueryParameterValue", "The block's id has no or too many characters."
            )
        return self.blocks / name.encode().hex()

    @contextmanager
    def draft(self, target: Path) -> Iterator[IO[bytes]]:
        """What is written becomes `target` at the end of the block, and nothing if that is not reached."""
        drafts = self.uploads / "drafts"
        for folder in (drafts, target.parent):
            folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=drafts, delete=False) as draft:
            try:
                yield draft
                draft.flush()
                Path(draft.name).replace(target)
            except BaseException:
                Path(draft.name).unlink()
                raise


class Blobs:
    def __init__(self, context: Context, workspaces: Workspaces) -> None:
        self._context = context
        self._workspaces = workspaces

    def blob(self, workspace: Workspace, relative: str) -> Blob:
        folder = self._workspaces.folder(workspace)
        return Blob(f"{workspace.id}/{relative}", _below(folder / "blobs", relative), folder / "uploads")

    def _by_path(self, path: str) -> Blob:
        identity, _, relative = path.partition("/")
        return self.blob(self._workspaces.by_id(identity), relative)

    def url(self, blob: Blob, permissions: str = "r") -> str:
        """A URL that carries its own permission: `r` reads, `rcw` also writes; it ends after a day."""
        expiry = (datetime.now(UTC) + _LIFETIME).strftime("%Y-%m-%dT%H:%M:%SZ")
        signature = self._context.identity.sign(_to_sign(blob.path, permissions, expiry))
        query = urlencode({"sv": "2021-08-06", "sr": "b", "sp": permissions, "se": expiry, "sig": signature})
        host = urlsplit(self._context.endpoints.control).netloc
        return f"https://stlocal.blob.@{host}/{CONTAINER}/{quote(blob.path)}?{query}"

    def opened(self, path: str, query: dict[str, str], permission: str) -> Blob:
        """The blob that the query's SAS opens: raises 403 unless its signature gives `permission` now.

        The SDK encodes the path of a URL once more, so that `a b` comes back as `a%20b`: what is signed tells
        which of the two is the name.
        """
        permissions, expiry = query.get("sp", ""), query.get("se", "")
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for name in (path, unquote(path)):
            signed = self._context.identity.signed(_to_sign(name, permissions, expiry), query.get("sig", ""))
            if signed and now <= expiry and permission in permissions:
                return self._by_path(name)
        raise AzureError(403, "AuthenticationFailed", "The SAS does not permit this, or it has expired.")

    async def write(self, blob: Blob, content: AsyncIterator[bytes]) -> None:
        """Whole or not at all: a reader sees the old content until the new one is complete."""
        with blob.draft(blob.file) as draft:
            async for chunk in content:
                draft.write(chunk)

    async def write_block(self, blob: Blob, block: str, content: AsyncIterator[bytes]) -> None:
        with blob.draft(blob.block(block)) as draft:
            async for chunk in content:
                draft.write(chunk)

    def commit_blocks(self, blob: Blob, blocks: list[str]) -> None:
        parts = [blob.block(block) for block in blocks]
        if not all(part.is_file() for part in parts):
            raise AzureError(400, "InvalidBlockList", "The specified block list is invalid.")
        with blob.draft(blob.file) as whole:
            for part in parts:
                with part.open("rb") as stream:
                    shutil.copyfileobj(stream, whole)
        shutil.rmtree(blob.blocks, ignore_errors=True)

    def sweep(self, workspace: Workspace) -> None:
        """At a start, when nothing uploads: drop drafts, and blocks that nobody came back for."""
        uploads = self._workspaces.folder(workspace) / "uploads"
        shutil.rmtree(uploads / "drafts", ignore_errors=True)
        oldest = (datetime.now(UTC) - _BLOCKS_ARE_KEPT).timestamp()
        for blocks in (uploads / "blocks").glob("*"):
            if blocks.stat().st_mtime < oldest:
                shutil.rmtree(blocks)

    def files(self, workspace: Workspace, prefix: str) -> Iterator[tuple[str, Blob]]:
        """Every file at or below the path `prefix` of the workspace's storage, sorted."""
        start = self.blob(workspace, prefix)
        found = [start.file] if start.file.is_file() else sorted(start.file.rglob("*"))
        for file in found:
            relative = file.relative_to(start.file).as_posix() if file != start.file else ""
            if file.is_file():
                name = f"{prefix.rstrip('/')}/{relative}".rstrip("/")
                yield name, self.blob(workspace, name)

    def existing(self, workspace: Workspace, relative: str) -> Blob:
        blob = self.blob(workspace, relative)
        if not blob.file.is_file():
            raise NotFound("Artifact", relative)
        return blob


def _to_sign(path: str, permissions: str, expiry: str) -> str:
    """In a form in which no other path with other permissions reads the same."""
    return json.dumps(["machinelearning", path, permissions, expiry])


def _below(root: Path, relative: str) -> Path:
    if relative.startswith("/") or ".." in relative.split("/") or _CONTROL.search(relative):
        raise BadRequest(f"'{relative}' is not a path inside the workspace's storage.")
    return root / relative
