"""What is published: modules (steps, found again by their hash), graphs, pipelines and the endpoints over
them.
"""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING

from sandbox.machinelearning.errors import BadRequest, Conflict, Disabled, NotFound
from sandbox.machinelearning.history import as_utc
from sandbox.machinelearning.models import Document, Graph, Workspace, parse_graph
from sandbox.machinelearning.refusals import refuse_commands, refuse_unsupported

if TYPE_CHECKING:
    from sandbox.clock import Clock
    from sandbox.machinelearning.snapshots import Snapshots
    from sandbox.store import Store

_ACTIVE = ("0", "Active")
_STATUS = {"0": "Active", "1": "Deprecated", "2": "Disabled"}


class Pipelines:
    def __init__(self, store: Store, clock: Clock, snapshots: Snapshots) -> None:
        self._store = store
        self._clock = clock
        self._snapshots = snapshots

    def create_module(self, workspace: Workspace, body: Document) -> Document:
        """A module's snapshot must be here: the SDK's cache may name one of another workspace, and would
        run nothing.
        """
        if body.get("StorageId"):
            self._snapshots.require(workspace, body["StorageId"])
        elif not body.get("IsInterfaceOnly"):
            raise BadRequest("A module needs the snapshot it runs (StorageId).", target="StorageId")
        module = {**body, **self._new(), "UploadState": "Completed"}
        with self._store.transaction():
            self._store.put(workspace.scope, "modules", module["Id"], module)
            if body.get("IdentifierHash"):
                link = {"Id": module["Id"]}
                self._store.put(workspace.scope, "module-hashes", body["IdentifierHash"], link)
        return module

    def module(self, workspace: Workspace, identity: str) -> Document:
        return self._require(workspace, "modules", identity, "Module")

    def module_by_hash(self, workspace: Workspace, identifier_hash: str) -> Document:
        link = self._require(workspace, "module-hashes", identifier_hash, "Module")
        return self.module(workspace, link["Id"])

    def create_graph(self, workspace: Workspace, graph: Document, interface: Document) -> Document:
        """Parsed before it is kept: what cannot run is refused when it is published, not when it runs."""
        document = {**self._new(), "Graph": graph, "Interface": interface}
        module = partial(self.module, workspace)
        refuse_unsupported(graph, interface, module)
        refuse_commands(parse_graph(graph, interface, module))
        self._store.put(workspace.scope, "graphs", document["Id"], document)
        return document

    def graph(self, workspace: Workspace, identity: str) -> Document:
        return self._require(workspace, "graphs", identity, "Graph")

    def parsed(self, workspace: Workspace, identity: str) -> Graph:
        document = self.graph(workspace, identity)
        return parse_graph(document["Graph"], document["Interface"], partial(self.module, workspace))

    def create_pipeline(self, workspace: Workspace, body: Document) -> Document:
        graph = self.create_graph(workspace, body["Graph"], body.get("GraphInterface") or {})
        pipeline = {
            **self._new(),
            "Name": body.get("Name"),
            "Description": body.get("Description"),
            "Version": body.get("Version"),
            "GraphId": graph["Id"],
            "TotalRunSteps": len(body["Graph"].get("ModuleNodes") or []),
            "ContinueRunOnStepFailure": bool(body.get("ContinueRunOnStepFailure")),
            "Properties": body.get("Properties") or {},
            "ParameterAssignments": _defaults(graph["Interface"]),
        }
        self._store.put(workspace.scope, "pipelines", pipeline["Id"], pipeline)
        return pipeline

    def pipeline(self, workspace: Workspace, identity: str) -> Document:
        return self._require(workspace, "pipelines", identity, "Pipeline")

    def active_pipeline(self, workspace: Workspace, identity: str) -> Document:
        pipeline = self.pipeline(workspace, identity)
        if pipeline["EntityStatus"] != "Active":
            raise Disabled("Pipeline", identity)
        return pipeline

    def pipelines(self, workspace: Workspace, *, active_only: bool) -> list[Document]:
        return _newest(self._store.list(workspace.scope, "pipelines"), active_only=active_only)

    def set_pipeline_status(self, workspace: Workspace, identity: str, status: str) -> None:
        pipeline = self.pipeline(workspace, identity)
        changes = {"EntityStatus": _status(status), "LastModifiedDate": as_utc(self._clock.now())}
        self._store.put(workspace.scope, "pipelines", identity, {**pipeline, **changes})

    def create_endpoint(self, workspace: Workspace, body: Document) -> Document:
        self.pipeline(workspace, body["PipelineId"])
        if self._endpoint_named(workspace, body["Name"]) is not None:
            raise Conflict("PipelineEndpoint", body["Name"])
        endpoint = {
            **self._new(),
            "Name": body["Name"],
            "Description": body.get("Description"),
            "DefaultVersion": "0",
            "PipelineVersionList": [{"Version": "0", "PipelineId": body["PipelineId"]}],
            "Properties": body.get("Properties") or {},
            "tags": body.get("tags") or {},
        }
        self._store.put(workspace.scope, "endpoints", endpoint["Id"], endpoint)
        return endpoint

    def update_endpoint(self, workspace: Workspace, identity: str, body: Document) -> Document:
        """The whole entity, as the SDK sends it: it adds a version by itself and may make it the default."""
        endpoint = self.endpoint(workspace, identity)
        versions = body.get("PipelineVersionList") or endpoint["PipelineVersionList"]
        default = str(body.get("DefaultVersion") or endpoint["DefaultVersion"])
        for version in versions:
            self.pipeline(workspace, version["PipelineId"])
        if default not in {str(version["Version"]) for version in versions}:
            raise BadRequest(f"The endpoint has no version '{default}'.", target="DefaultVersion")
        named = self._endpoint_named(workspace, body.get("Name") or endpoint["Name"])
        if named is not None and named["Id"] != endpoint["Id"]:
            raise Conflict("PipelineEndpoint", body["Name"])
        changed = {name: body[name] for name in ("Name", "Description", "tags") if body.get(name) is not None}
        changed |= {"PipelineVersionList": versions, "DefaultVersion": default}
        changed |= {"EntityStatus": _status(str(body.get("EntityStatus") or endpoint["EntityStatus"]))}
        changed |= {"LastModifiedDate": as_utc(self._clock.now())}
        self._store.put(workspace.scope, "endpoints", identity, {**endpoint, **changed})
        return {**endpoint, **changed}

    def endpoint(self, workspace: Workspace, identity: str) -> Document:
        return self._require(workspace, "endpoints", identity, "PipelineEndpoint")

    def endpoint_by_name(self, workspace: Workspace, name: str) -> Document:
        found = self._endpoint_named(workspace, name)
        if found is None:
            raise NotFound("PipelineEndpoint", name)
        return found

    def endpoints(self, workspace: Workspace, *, active_only: bool) -> list[Document]:
        return _newest(self._store.list(workspace.scope, "endpoints"), active_only=active_only)

    def _endpoint_named(self, workspace: Workspace, name: str) -> Document | None:
        for endpoint in self._store.list(workspace.scope, "endpoints"):
            if endpoint["Name"].lower() == name.lower():
                return endpoint
        return None

    def _require(self, workspace: Workspace, kind: str, identity: str, word: str) -> Document:
        found = self._store.get(workspace.scope, kind, identity)
        if found is None:
            raise NotFound(word, identity)
        return found

    def _new(self) -> Document:
        now = as_utc(self._clock.now())
        identity = str(uuid.uuid4())
        return {"Id": identity, "EntityStatus": "Active", "CreatedDate": now, "LastModifiedDate": now}


def pipeline_of(endpoint: Document, version: str | None) -> str:
    """The id of the pipeline behind a version of an active endpoint; None is the default version."""
    if endpoint["EntityStatus"] != "Active":
        raise Disabled("PipelineEndpoint", endpoint["Id"])
    wanted = version or endpoint["DefaultVersion"]
    for candidate in endpoint["PipelineVersionList"]:
        if str(candidate["Version"]) == wanted:
            identity: str = candidate["PipelineId"]
            return identity
    raise BadRequest(f"PipelineEndpoint '{endpoint['Name']}' has no version '{wanted}'.", target="version")


def _defaults(interface: Document) -> dict[str, str]:
    parameters = interface.get("Parameters") or []
    return {
        parameter["Name"]: str(parameter["DefaultValue"])
        for parameter in parameters
        if parameter.get("DefaultValue") is not None
    }


def _newest(documents: list[Document], *, active_only: bool) -> list[Document]:
    chosen = [one for one in documents if not active_only or one["EntityStatus"] in _ACTIVE]
    return list(reversed(chosen))


def _status(word: str) -> str:
    status = _STATUS.get(word, word)
    if status not in _STATUS.values():
        raise BadRequest(f"'{word}' is not a status; it is one of {', '.join(_STATUS.values())}.")
    return status
