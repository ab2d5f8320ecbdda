"""Snapshots: the folders that steps are published from, uploaded as differences to an earlier snapshot."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from sandbox.machinelearning.blobs import CONTAINER, Blob, Blobs
from sandbox.machinelearning.errors import BadRequest, UnknownSnapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.machinelearning.models import Document, Workspace
    from sandbox.store import Store


class Snapshots:
    def __init__(self, store: Store, blobs: Blobs) -> None:
        self._store = store
        self._blobs = blobs

    def create(self, workspace: Workspace, identity: str, body: Document) -> Document:
        """Every file of the tree must be uploaded with this snapshot or be in its parent, else the whole is
        refused.
        """
        files = dict(self._parent_files(workspace, body.get("ParentSnapshotId")))
        revisions = (body.get("FileRevisionList") or {}).get("FileNodes") or []
        files |= {revision["FullName"]: _relative(revision["BlobUri"], workspace) for revision in revisions}
        named = list(_tree_files(body.get("DirTreeNode") or {}))
        for name in named:
            if name not in files or not self._blobs.blob(workspace, files[name]).file.is_file():
                raise BadRequest(f"The content of '{name}' was not uploaded.", target="FileRevisionList")
        document = {"id": identity, "files": {name: files[name] for name in named}}
        self._store.put(workspace.scope, "snapshots", identity, document)
        return document

    def require(self, workspace: Workspace, identity: str) -> Document:
        found = self._store.get(workspace.scope, "snapshots", identity)
        if found is None:
            raise UnknownSnapshot(identity)
        return found

    def materialize(self, workspace: Workspace, identity: str, folder: Path) -> None:
        """A fresh copy: what a step writes into its folder is never seen by another."""
        for name, relative in self.require(workspace, identity)["files"].items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._blobs.blob(workspace, relative).file, target)

    def upload_target(self, workspace: Workspace, batch: str, name: str) -> Blob:
        return self._blobs.blob(workspace, f"snapshots/{batch}/{name}")

    def _parent_files(self, workspace: Workspace, parent: str | None) -> Document:
        """The nil id is what an empty workspace answers for "latest": a parent without files."""
        if not parent or set(parent) <= {"0", "-"}:
            return {}
        files: Document = self.require(workspace, parent)["files"]
        return files


def _relative(url: str, workspace: Workspace) -> str:
    prefix = f"/{CONTAINER}/{workspace.id}/"
    path = unquote(urlsplit(url).path)
    if not path.startswith(prefix + "snapshots/"):
        raise BadRequest(f"'{path}' is not in this workspace's storage.", target="FileRevisionList")
    return path.removeprefix(prefix)


def _tree_files(node: Document, folder: str = "") -> Iterator[str]:
    for name, child in (node.get("children") or {}).items():
        if "/" in name or "\0" in name or name in {"", ".", ".."}:
            raise BadRequest(f"'{name}' is not a file's name.", target="DirTreeNode")
        if child["type"] == "File":
            yield folder + name
        else:
            yield from _tree_files(child, f"{folder}{name}/")
