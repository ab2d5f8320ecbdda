"""Workspaces and their computes, as Resource Manager creates them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from sandbox.machinelearning.errors import NotFound, WorkspaceNotFound
from sandbox.machinelearning.models import PROVIDER, Document, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.context import Context

_ALL = "/machinelearning"
DEFAULT_DATASTORE = "workspaceblobstore"


class Workspaces:
    def __init__(self, context: Context) -> None:
        self._store = context.store
        self._root = context.state / "machinelearning"

    def folder(self, workspace: Workspace) -> Path:
        """The workspace's files; only this sandbox's user may read them."""
        folder = self._root / workspace.id
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def create(self, subscription: str, group: str, name: str, body: Document) -> tuple[Workspace, bool]:
        """The workspace and whether it is new; a new one gets a fresh id, a known one keeps its own."""
        with self._store.transaction():
            known = self._store.get(_ALL, "workspaces", _path(subscription, group, name))
            workspace = Workspace(subscription, group, name, known["id"] if known else str(uuid.uuid4()))
            document = {
                "id": workspace.id,
                "subscription": subscription,
                "group": group,
                "name": name,
                "body": body,
            }
            self._store.put(_ALL, "workspaces", _path(subscription, group, name), document)
            if known is None:
                self._store.put(
                    workspace.scope, "datastores", DEFAULT_DATASTORE, _default_datastore(workspace)
                )
                self._store.put(workspace.scope, "settings", "datastore", {"name": DEFAULT_DATASTORE})
        return workspace, known is None

    def find(self, subscription: str, group: str, name: str) -> Workspace:
        return _workspace(self._document(subscription, group, name))

    def body(self, workspace: Workspace) -> Document:
        """What Resource Manager was given: location, tags, identity, properties."""
        found: Document = self._document(workspace.subscription, workspace.group, workspace.name)["body"]
        return found

    def by_id(self, identity: str) -> Workspace:
        for workspace in self.all():
            if workspace.id == identity:
                return workspace
        raise NotFound("Workspace", identity)

    def all(self) -> Iterator[Workspace]:
        return (_workspace(document) for document in self._store.list(_ALL, "workspaces"))

    def delete(self, subscription: str, group: str, name: str) -> bool:
        """What the workspace kept stays on disk under its old id, unreachable."""
        return self._store.delete(_ALL, "workspaces", _path(subscription, group, name))

    def put_compute(self, workspace: Workspace, name: str, body: Document) -> bool:
        """Whether it is new."""
        with self._store.transaction():
            known = self._store.get(workspace.scope, "computes", name)
            self._store.put(workspace.scope, "computes", name, {**body, "name": name})
        return known is None

    def compute(self, workspace: Workspace, name: str) -> Document:
        found = self._store.get(workspace.scope, "computes", name)
        if found is None:
            raise NotFound("Compute", name)
        return found

    def computes(self, workspace: Workspace) -> list[Document]:
        return self._store.list(workspace.scope, "computes")

    def delete_compute(self, workspace: Workspace, name: str) -> bool:
        return self._store.delete(workspace.scope, "computes", name)

    def _document(self, subscription: str, group: str, name: str) -> Document:
        found = self._store.get(_ALL, "workspaces", _path(subscription, group, name))
        if found is None:
            raise WorkspaceNotFound(group, name)
        return found


def _path(subscription: str, group: str, name: str) -> str:
    return f"{subscription}/{group}/{PROVIDER}/{name}"


def _workspace(document: Document) -> Workspace:
    return Workspace(document["subscription"], document["group"], document["name"], document["id"])


def _default_datastore(workspace: Workspace) -> Document:
    return {
        "name": DEFAULT_DATASTORE,
        "dataStoreType": "AzureBlob",
        "hasBeenValidated": True,
        "tags": {},
        "azureStorageSection": {
            "accountName": "stlocal",
            "containerName": f"azureml-blobstore-{workspace.id}",
            "endpoint": "core.local.invalid",
            "protocol": "https",
            "credentialType": "None",
            "credential": "",
            "blobCacheTimeout": 0,
            "isSas": False,
        },
    }
