"""The pipeline service, first half: what is published and how it is submitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.machinelearning import responses
from sandbox.machinelearning.operations import Call, Operations
from sandbox.machinelearning.pipelines import Pipelines, pipeline_of
from sandbox.machinelearning.submissions import Submission, Submissions

if TYPE_CHECKING:
    from aiohttp import web

    from sandbox.machinelearning.executor import Executor
    from sandbox.machinelearning.models import Document, Workspace
    from sandbox.machinelearning.schedules import Schedules
    from sandbox.machinelearning.workspaces import Workspaces

AREA = "/pipelines/v1.0"
_REFUSED = {
    "/PipelineDrafts{rest:(?:/.*)?}": "Azure ML pipeline drafts",
    "/AzureMLModules{rest:(?:/.*)?}": "Registered modules (AzureMLModules)",
    "/AzureMLModuleVersions{rest:(?:/.*)?}": "Registered modules (AzureMLModuleVersions)",
    "/DataSources": "Pipeline inputs from a DataReference or DataPath (DataSources)",
}


class PipelineRoutes:
    def __init__(
        self,
        pipelines: Pipelines,
        schedules: Schedules,
        submissions: Submissions,
        executor: Executor,
        control: str,
    ) -> None:
        self._pipelines = pipelines
        self._schedules = schedules
        self._submissions = submissions
        self._executor = executor
        self._control = control

    def add_routes(self, app: web.Application, workspaces: Workspaces) -> None:
        area = Operations(app, workspaces, AREA)
        for pattern, name in _REFUSED.items():
            for method in ("GET", "POST", "PUT"):
                area.refuse(method, pattern, name)
        area.add("GET", "/DataTypes", lambda _: responses.data_types())
        area.refuse("POST", "/DataTypes", "New data types")
        self._add_modules(area)
        self._add_pipelines(area)
        self._add_endpoints(area)
        self._add_submissions(area)
        self._schedules.add_routes(area)

    def _add_modules(self, area: Operations) -> None:
        area.add("POST", "/Modules", self.create_module)
        area.add("GET", "/Modules/Hash/{hash}", self.module_by_hash)
        area.add("GET", "/Modules/{id}", self.module)

    def _add_pipelines(self, area: Operations) -> None:
        area.add("GET", "/Graphs/{id}", self.graph)
        area.add("GET", "/Graphs/{id}/Interface", self.graph_interface)
        area.add("POST", "/Pipelines/Create", self.create_pipeline)
        area.add("GET", "/Pipelines", self.pipelines)
        area.add("GET", "/Pipelines/{id}", self.pipeline)
        area.add("PUT", "/Pipelines/{id}/status", self.set_pipeline_status)

    def _add_endpoints(self, area: Operations) -> None:
        area.add("POST", "/PipelineEndpoints/Create", self.create_endpoint)
        area.add("GET", "/PipelineEndpoints/Name", self.endpoint_by_name)
        area.add("GET", "/PipelineEndpoints/Id/{id}", self.endpoint)
        area.add("GET", "/PipelineEndpoints", self.endpoints)
        area.add("PUT", "/PipelineEndpoints/{id}", self.update_endpoint)
        area.add("GET", "/PipelineEndpoints/{id}/pipelines", self.endpoint_pipelines)

    def _add_submissions(self, area: Operations) -> None:
        area.add("POST", "/PipelineRuns/PipelineSubmit/{id}", self.submit)
        area.add("POST", "/PipelineRuns/PipelineEndpointSubmit/Id/{id}", self.submit_endpoint)
        area.add("POST", "/PipelineRuns/PipelineEndpointSubmit/Id/{id}/{version}", self.submit_endpoint)
        area.add("POST", "/PipelineRuns/PipelineEndpointSubmit/Name", self.submit_endpoint)
        area.add("POST", "/PipelineRuns/Unsubmitted/CreationInfoWithGraph", self.create_unsubmitted)
        area.add("POST", "/PipelineRuns/Submit/{id}", self.submit_created)

    def create_module(self, call: Call) -> Document:
        return self._pipelines.create_module(call.workspace, call.document())

    def module(self, call: Call) -> Document:
        return responses.module(self._pipelines.module(call.workspace, call.path["id"]))

    def module_by_hash(self, call: Call) -> Document:
        return responses.module(self._pipelines.module_by_hash(call.workspace, call.path["hash"]))

    def graph(self, call: Call) -> Document:
        return responses.graph(self._pipelines.graph(call.workspace, call.path["id"]))

    def graph_interface(self, call: Call) -> Document:
        interface: Document = self._pipelines.graph(call.workspace, call.path["id"])["Interface"]
        return interface

    def create_pipeline(self, call: Call) -> Document:
        return self._pipeline(
            call.workspace, self._pipelines.create_pipeline(call.workspace, call.document())
        )

    def pipeline(self, call: Call) -> Document:
        return self._pipeline(call.workspace, self._pipelines.pipeline(call.workspace, call.path["id"]))

    def pipelines(self, call: Call) -> list[Document]:
        """A bare array, newest first."""
        found = self._pipelines.pipelines(call.workspace, active_only=call.flag("activeOnly", default=True))
        return [self._pipeline(call.workspace, one) for one in found]

    def set_pipeline_status(self, call: Call) -> Document:
        self._pipelines.set_pipeline_status(call.workspace, call.path["id"], str(call.body))
        return {}

    def create_endpoint(self, call: Call) -> Document:
        return self._endpoint(
            call.workspace, self._pipelines.create_endpoint(call.workspace, call.document())
        )

    def endpoint(self, call: Call) -> Document:
        return self._endpoint(call.workspace, self._pipelines.endpoint(call.workspace, call.path["id"]))

    def endpoint_by_name(self, call: Call) -> Document:
        found = self._pipelines.endpoint_by_name(call.workspace, call.query.get("name", ""))
        return self._endpoint(call.workspace, found)

    def endpoints(self, call: Call) -> list[Document]:
        found = self._pipelines.endpoints(call.workspace, active_only=call.flag("activeOnly", default=True))
        return [self._endpoint(call.workspace, one) for one in found]

    def update_endpoint(self, call: Call) -> Document:
        changed = self._pipelines.update_endpoint(call.workspace, call.path["id"], call.document())
        return self._endpoint(call.workspace, changed)

    def endpoint_pipelines(self, call: Call) -> list[Document]:
        versions = self._pipelines.endpoint(call.workspace, call.path["id"])["PipelineVersionList"]
        found = [self._pipelines.pipeline(call.workspace, version["PipelineId"]) for version in versions]
        active_only = call.flag("activeOnly", default=True)
        chosen = [one for one in found if not active_only or one["EntityStatus"] == "Active"]
        return [self._pipeline(call.workspace, one) for one in chosen]

    def submit(self, call: Call) -> Document:
        return self._submit(call, call.path["id"])

    def submit_endpoint(self, call: Call) -> Document:
        """By id or name; the version in the path or as `pipelineVersion`, else the default one."""
        if "id" in call.path:
            endpoint = self._pipelines.endpoint(call.workspace, call.path["id"])
        else:
            endpoint = self._pipelines.endpoint_by_name(call.workspace, call.query.get("name", ""))
        version = call.path.get("version") or call.query.get("pipelineversion")
        return self._submit(call, pipeline_of(endpoint, version))

    def create_unsubmitted(self, call: Call) -> Document:
        body = call.document()
        graph = self._pipelines.create_graph(call.workspace, body["Graph"], body.get("GraphInterface") or {})
        creation = {**(body.get("CreationInfo") or {}), "ExperimentName": call.query.get("experimentname")}
        run = self._submissions.accept_graph(call.workspace, graph["Id"], Submission.parse(creation))
        return responses.pipeline_run(run)

    def submit_created(self, call: Call) -> Document:
        self._executor.start_created(call.workspace, call.path["id"])
        return {}

    def _submit(self, call: Call, pipeline_id: str) -> Document:
        submission = Submission.parse(call.document(), call.query.get("parentrunid"))
        run = self._submissions.accept(call.workspace, pipeline_id, submission)
        self._executor.start(call.workspace, run)
        return responses.pipeline_run(run)

    def _pipeline(self, workspace: Workspace, document: Document) -> Document:
        return responses.pipeline(document, self._address(workspace))

    def _endpoint(self, workspace: Workspace, document: Document) -> Document:
        return responses.endpoint(document, self._address(workspace))

    def _address(self, workspace: Workspace) -> str:
        return f"{self._control}{AREA}{workspace.resource_id}"
