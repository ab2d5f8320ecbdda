"""The content service: which files are already here, where to put the others, and the snapshot they make."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from sandbox.machinelearning.operations import Call, Operations

if TYPE_CHECKING:
    from aiohttp import web

    from sandbox.machinelearning.blobs import Blobs
    from sandbox.machinelearning.models import Document
    from sandbox.machinelearning.snapshots import Snapshots
    from sandbox.machinelearning.workspaces import Workspaces

_EMPTY = str(uuid.UUID(int=0))


class SnapshotRoutes:
    def __init__(self, snapshots: Snapshots, blobs: Blobs) -> None:
        self._snapshots = snapshots
        self._blobs = blobs

    def add_routes(self, app: web.Application, workspaces: Workspaces) -> None:
        first = Operations(app, workspaces, "/content/v1.0")
        first.add("GET", "/snapshots/latest/metadata", self.latest)
        first.add("GET", "/snapshots/{id}/metadata", self.metadata)
        second = Operations(app, workspaces, "/content/v2.0")
        second.add("POST", "/snapshots/getblob", self.upload_targets)
        second.refuse("POST", "/snapshots/{id}/zip", "Downloading a snapshot as a zip")
        second.add("POST", "/snapshots/{id}", self.create)

    def latest(self, _: Call) -> Document:
        """Always the empty one: a client without a cache uploads everything. (A 404 is fatal to it.)"""
        return {"id": _EMPTY, "root": {}}

    def metadata(self, call: Call) -> Document:
        found = self._snapshots.require(call.workspace, call.path["id"])
        return {"id": found["id"], "files": sorted(found["files"])}

    def upload_targets(self, call: Call) -> Document:
        batch = str(uuid.uuid4())
        nodes = []
        for name in call.document()["FileNames"]:
            blob = self._snapshots.upload_target(call.workspace, batch, name)
            nodes.append({"fullName": name, "blobUri": self._blobs.url(blob, "rcw")})
        return {"fileNodes": nodes}

    def create(self, call: Call) -> Document:
        created = self._snapshots.create(call.workspace, call.path["id"], call.document())
        return {"id": created["id"]}
