"""What an infrastructure team creates: workspace, computes, datastores, environments."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.machinelearning import responses
from sandbox.machinelearning.errors import BadRequest, NotFound, WorkspaceNotFound
from sandbox.machinelearning.models import PROVIDER, Document, Workspace
from sandbox.machinelearning.operations import SCOPE, Call, Operations
from sandbox.resource_manager import require_group
from sandbox.routing import arm, json_body, public

if TYPE_CHECKING:
    from sandbox.context import Context
    from sandbox.machinelearning.executor import Executor
    from sandbox.machinelearning.workspaces import Workspaces

_DATASTORE_TYPES = {"AzureBlob": "azureStorageSection", "AzureDataLakeGen2": "azureStorageSection"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,32}")
_ALL = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{PROVIDER}/workspaces"


class Resources:
    def __init__(self, context: Context, workspaces: Workspaces, executor: Executor) -> None:
        self._context = context
        self._executor = executor
        self._store = context.store
        self._workspaces = workspaces

    def add_routes(self, app: web.Application) -> None:
        app.add_routes(
            [
                arm("GET", _ALL, self.list_workspaces),
                arm("PUT", SCOPE, self.put_workspace),
                arm("DELETE", SCOPE, self.delete_workspace),
                arm("GET", "/discovery/workspaces/{id}", public(self.discover)),
            ]
        )
        resource_manager = Operations(app, self._workspaces, "")
        resource_manager.add("GET", "", self.get_workspace)
        for area in ("", "/rp/workspaces"):
            computes = Operations(app, self._workspaces, area)
            computes.add("GET", "/computes", self.list_computes)
            computes.add("GET", "/computes/{name}", self.get_compute)
            computes.add("PUT", "/computes/{name}", self.put_compute)
            computes.add("DELETE", "/computes/{name}", self.delete_compute)
        datastores = Operations(app, self._workspaces, "/datastore/v1.0")
        datastores.add("GET", "/default", self.default_datastore)
        datastores.add("PUT", "/default/{name}", self.set_default_datastore)
        datastores.add("GET", "/datastores", self.list_datastores)
        datastores.add("POST", "/datastores", self.put_datastore)
        datastores.add("GET", "/datastores/{name}", self.get_datastore)
        datastores.add("PUT", "/datastores/{name}", self.put_datastore)
        datastores.add("DELETE", "/datastores/{name}", self.delete_datastore)
        environments = Operations(app, self._workspaces, "/environment/v1.0")
        environments.add("GET", "/environments", self.list_environments)
        environments.add("GET", "/environments/{name}", self.get_environment)
        environments.add("PUT", "/environments/{name}", self.put_environment)
        environments.add("GET", "/environments/{name}/versions/{version}", self.get_environment)
        environments.add("PUT", "/environments/{name}/versions/{version}", self.put_environment)
        environments.refuse(
            "POST", "/environments/{name}/versions/{version}/image", "Building an environment's image"
        )

    async def list_workspaces(self, request: web.Request) -> web.Response:
        subscription, group = (request.match_info[one].lower() for one in ("subscription", "group"))
        found = [
            one
            for one in self._workspaces.all()
            if (one.subscription.lower(), one.group.lower()) == (subscription, group)
        ]
        return web.json_response({"value": [self._workspace(one) for one in found]})

    async def put_workspace(self, request: web.Request) -> web.Response:
        names = request.match_info
        require_group(self._context, names["subscription"], names["group"])
        if not _NAME.fullmatch(names["workspace"]):
            raise BadRequest(f"{names['workspace']!r} is no name of a workspace.", target="workspaceName")
        body = await json_body(request)
        workspace, new = self._workspaces.create(
            names["subscription"], names["group"], names["workspace"], body
        )
        return web.json_response(self._workspace(workspace), status=201 if new else 200)

    async def delete_workspace(self, request: web.Request) -> web.Response:
        names = request.match_info
        place = names["subscription"], names["group"], names["workspace"]
        try:
            self._executor.cancel_all(self._workspaces.find(*place))
        except WorkspaceNotFound:
            return web.Response(status=204)
        self._workspaces.delete(*place)
        return web.Response(status=200)

    async def discover(self, request: web.Request) -> web.Response:
        """Asked without a token, as the real one is."""
        self._workspaces.by_id(request.match_info["id"])
        return web.json_response(responses.discovery(self._context.endpoints.control))

    def get_workspace(self, call: Call) -> Document:
        return self._workspace(call.workspace)

    def list_computes(self, call: Call) -> Document:
        found = self._workspaces.computes(call.workspace)
        return {"value": [responses.compute(call.workspace, one) for one in found]}

    def get_compute(self, call: Call) -> Document:
        return responses.compute(call.workspace, self._workspaces.compute(call.workspace, call.path["name"]))

    def put_compute(self, call: Call) -> web.Response:
        kind = (call.document().get("properties") or {}).get("computeType")
        if kind != "AmlCompute":
            raise BadRequest(f"The local Azure runs steps on compute of type AmlCompute, not {kind}.")
        new = self._workspaces.put_compute(call.workspace, call.path["name"], call.document())
        return web.json_response(self.get_compute(call), status=201 if new else 200)

    def delete_compute(self, call: Call) -> web.Response:
        gone = self._workspaces.delete_compute(call.workspace, call.path["name"])
        return web.Response(status=200 if gone else 204)

    def default_datastore(self, call: Call) -> Document:
        chosen = self._store.get(call.workspace.scope, "settings", "datastore") or {}
        return self._datastore(call.workspace, chosen["name"])

    def set_default_datastore(self, call: Call) -> Document:
        found = self._datastore(call.workspace, call.path["name"])
        self._store.put(call.workspace.scope, "settings", "datastore", {"name": found["name"]})
        return {}

    def list_datastores(self, call: Call) -> Document:
        return {"value": self._store.list(call.workspace.scope, "datastores"), "continuationToken": None}

    def get_datastore(self, call: Call) -> Document:
        return self._datastore(call.workspace, call.path["name"])

    def put_datastore(self, call: Call) -> Document:
        """Answers exactly 200, new or not: the SDK takes nothing else."""
        body = call.document()
        if body.get("dataStoreType") not in _DATASTORE_TYPES:
            raise BadRequest(
                f"The local Azure registers datastores of type {' and '.join(_DATASTORE_TYPES)}, "
                f"not {body.get('dataStoreType')}."
            )
        document = {"tags": {}, "hasBeenValidated": True, **body}
        self._store.put(call.workspace.scope, "datastores", body["name"], document)
        return document

    def delete_datastore(self, call: Call) -> Document:
        self._store.delete(call.workspace.scope, "datastores", call.path["name"])
        return {}

    def list_environments(self, call: Call) -> Document:
        return {"value": self._store.list(call.workspace.scope, "environments"), "continuationToken": None}

    def get_environment(self, call: Call) -> Document:
        """The newest version where none is named."""
        name, version = call.path["name"], call.path.get("version")
        kind, key = ("environment-versions", f"{name}:{version}") if version else ("environments", name)
        found = self._store.get(call.workspace.scope, kind, key)
        if found is None:
            raise NotFound("Environment", f"{name}:{version}" if version else name)
        return found

    def put_environment(self, call: Call) -> Document:
        """Without a version: the one it has when nothing changed, else the next number. Nothing is built
        from it.
        """
        name, body = call.path["name"], _lower_keys(call.document())
        newest = self._store.get(call.workspace.scope, "environments", name)
        version = call.path.get("version") or _next_version(newest, body)
        document = {"assetId": str(uuid.uuid4()), **body, "name": name, "version": version}
        with self._store.transaction():
            self._store.put(call.workspace.scope, "environments", name, document)
            self._store.put(call.workspace.scope, "environment-versions", f"{name}:{version}", document)
        return document

    def _workspace(self, workspace: Workspace) -> Document:
        body = self._workspaces.body(workspace)
        return responses.workspace(workspace, body, self._context.endpoints.control)

    def _datastore(self, workspace: Workspace, name: str) -> Document:
        found = self._store.get(workspace.scope, "datastores", name)
        if found is None:
            raise NotFound("Datastore", name)
        return found


def _next_version(newest: Document | None, body: Document) -> str:
    if newest is None:
        return "1"
    same = all(newest.get(name) == value for name, value in body.items() if name not in {"name", "version"})
    version = str(newest["version"])
    return version if same or not version.isdigit() else str(int(version) + 1)


def _lower_keys(body: Document) -> Document:
    """The SDK writes `EnvironmentVariables` and reads `environmentVariables`."""
    return {name[:1].lower() + name[1:]: value for name, value in body.items()}
