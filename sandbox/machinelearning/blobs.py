"""The workspace's storage account, as much of it as the SDK needs: files under one container, opened by SAS
URLs.

The SDK takes a SAS URL's host apart at its dots into account, "blob" and suffix, and builds a new URL of
them. With `stlocal.blob.@127.0.0.1:PORT` (what stands before the @ is user information) the rebuilt URL is
the same: no DNS, no patch, and TLS is checked against the certificate's 127.0.0.1.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
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


@dataclass(frozen=True)
class Blob:
    """A path below the container: `<workspace id>/artifacts/ExperimentRun/dcid.../user_logs/std_log.txt`."""

    path: str
    file: Path


class Blobs:
    def __init__(self, context: Context, workspaces: Workspaces) -> None:
        self._context = context
        self._workspaces = workspaces

    def blob(self, workspace: Workspace, relative: str) -> Blob:
        root = self._workspaces.folder(workspace) / "blobs"
        return Blob(f"{workspace.id}/{relative}", _below(root, relative))

    def _by_path(self, path: str) -> Blob:
        identity, _, relative = path.partition("/")
        return self.blob(self._workspaces.by_id(identity), relative)

    def url(self, blob: Blob, permissions: str = "r") -> str:
        """A URL that carries its own permission: `r` reads, `rcw` also writes; it ends after a day."""
        expiry = (self._context.clock.now() + _LIFETIME).strftime("%Y-%m-%dT%H:%M:%SZ")
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
        now = self._context.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        for name in (path, unquote(path)):
            signed = self._context.identity.signed(_to_sign(name, permissions, expiry), query.get("sig", ""))
            if signed and now <= expiry and permission in permissions:
                return self._by_path(name)
        raise AzureError(403, "AuthenticationFailed", "The SAS does not permit this, or it has expired.")

    async def write(self, blob: Blob, content: AsyncIterator[bytes]) -> None:
        """Whole or not at all: a reader sees the old content until the new one is complete."""
        await _write(blob.file, content)

    async def write_block(self, blob: Blob, block: str, content: AsyncIterator[bytes]) -> None:
        await _write(_block(blob, block), content)

    def commit_blocks(self, blob: Blob, blocks: list[str]) -> None:
        parts = [_block(blob, block) for block in blocks]
        missing = [block for block, part in zip(blocks, parts, strict=True) if not part.is_file()]
        if missing:
            raise AzureError(400, "InvalidBlockList", "The specified block list is invalid.")
        blob.file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=blob.file.parent, prefix=".part-", delete=False) as whole:
            for part in parts:
                with part.open("rb") as stream:
                    shutil.copyfileobj(stream, whole)
        Path(whole.name).replace(blob.file)
        shutil.rmtree(_blocks(blob))

    def files(self, workspace: Workspace, prefix: str) -> Iterator[tuple[str, Blob]]:
        """Every file at or below the path `prefix` of the workspace's storage, sorted."""
        start = self.blob(workspace, prefix)
        found = [start.file] if start.file.is_file() else sorted(start.file.rglob("*"))
        for file in found:
            relative = file.relative_to(start.file).as_posix() if file != start.file else ""
            if file.is_file() and not file.name.startswith(".part-"):
                name = f"{prefix.rstrip('/')}/{relative}".rstrip("/")
                yield name, self.blob(workspace, name)

    def existing(self, workspace: Workspace, relative: str) -> Blob:
        blob = self.blob(workspace, relative)
        if not blob.file.is_file():
            raise NotFound("Artifact", relative)
        return blob


def _to_sign(path: str, permissions: str, expiry: str) -> str:
    return f"machinelearning\n{path}\n{permissions}\n{expiry}"


def _below(root: Path, relative: str) -> Path:
    parts = relative.split("/")
    if relative.startswith("/") or ".." in parts or "\0" in relative:
        raise BadRequest(f"'{relative}' is not a path inside the workspace's storage.")
    return root / relative


async def _write(file: Path, content: AsyncIterator[bytes]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".part-", delete=False) as draft:
        try:
            async for chunk in content:
                draft.write(chunk)
        except BaseException:
            os.unlink(draft.name)  # noqa: PTH108 - as below
            raise
    os.replace(draft.name, file)  # noqa: PTH105 - a rename is no waiting, and Path's is refused in a coroutine


def _blocks(blob: Blob) -> Path:
    return blob.file.with_name(f".part-blocks-{blob.file.name}")


def _block(blob: Blob, block: str) -> Path:
    return _blocks(blob) / block.encode().hex()
