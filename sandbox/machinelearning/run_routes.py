"""The pipeline service, second half: runs and their nodes, cancelled, polled, with outputs and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.machinelearning import responses, steps
from sandbox.machinelearning.errors import BadRequest, NotFound
from sandbox.machinelearning.operations import Call, Operations
from sandbox.machinelearning.pipeline_routes import AREA

if TYPE_CHECKING:
    from sandbox.machinelearning.blobs import Blobs
    from sandbox.machinelearning.executor import Executor
    from sandbox.machinelearning.history import History
    from sandbox.machinelearning.models import Document, Node
    from sandbox.machinelearning.pipelines import Pipelines
    from sandbox.machinelearning.workspaces import Workspaces


class RunRoutes:
    def __init__(self, history: History, pipelines: Pipelines, executor: Executor, blobs: Blobs) -> None:
        self._history = history
        self._pipelines = pipelines
        self._executor = executor
        self._blobs = blobs

    def add_routes(self, app: web.Application, workspaces: Workspaces) -> None:
        area = Operations(app, workspaces, AREA)
        area.add("GET", "/PipelineRuns/Pipeline/{id}", self.runs_of_pipeline)
        area.add("GET", "/PipelineRuns/{id}", self.run)
        area.add("DELETE", "/PipelineRuns/{id}/Execution", self.cancel)
        area.add("POST", "/PipelineRuns/{id}/Graph/AllNodes/StatusCode", self.status_codes)
        area.add("POST", "/PipelineRuns/{id}/Graph/AllNodes/Status", self.statuses)
        area.add("POST", "/PipelineRuns/{id}/Graph/Node/StatusCode", self.status_code)
        area.add("POST", "/PipelineRuns/{id}/Graph/Node/Status", self.status)
        area.add("POST", "/PipelineRuns/{id}/Outputs", self.outputs)
        area.refuse(
            "GET",
            "/PipelineRuns/{id}/PipelineRunOutputs/{name}",
            "Named outputs of a pipeline (PipelineRunOutputs)",
        )
        area.add("POST", "/PipelineRuns/{id}/Graph/Shareable/STDOUT", self.log)
        area.add("POST", "/PipelineRuns/{id}/Graph/Shareable/STDERR", self.no_log)
        area.add("POST", "/PipelineRuns/{id}/Graph/Shareable/JobLog", self.job_log)

    def runs_of_pipeline(self, call: Call) -> list[Document]:
        found = [run for run in self._history.runs(call.workspace) if "pipeline" in run]
        return [
            responses.pipeline_run(run)
            for run in found
            if run["pipeline"].get("pipeline_id") == call.path["id"]
        ]

    def run(self, call: Call) -> Document:
        return responses.pipeline_run(self._run(call))

    def cancel(self, call: Call) -> Document:
        """Cancelling what has ended changes nothing and is no error."""
        self._executor.cancel(call.workspace, self._run(call)["runId"])
        return {}

    def status_codes(self, call: Call) -> dict[str, str]:
        run = self._run(call)
        return {
            node: responses.node_status_code(self._step(call, node), run) for node in self._nodes(call, run)
        }

    def statuses(self, call: Call) -> dict[str, Document]:
        run = self._run(call)
        return {node: responses.node_status(self._step(call, node), run) for node in self._nodes(call, run)}

    def status_code(self, call: Call) -> str:
        run = self._run(call)
        return responses.node_status_code(self._step(call, self._node(call, run).id), run)

    def status(self, call: Call) -> Document:
        run = self._run(call)
        return responses.node_status(self._step(call, self._node(call, run).id), run)

    def outputs(self, call: Call) -> dict[str, Document]:
        node = self._node(call, self._run(call))
        step = self._step(call, node.id)
        if step is None:
            return {}
        return {
            output.name: responses.node_output(output.datastore, steps.output_path(output, step["runId"]))
            for output in node.outputs.values()
        }

    def log(self, call: Call) -> web.StreamResponse:
        """Standard output and error in one, as they came: the SDK takes the body as the text."""
        step = self._step(call, self._node(call, self._run(call)).id)
        if step is None:
            return web.Response(text="")
        path = f"artifacts/ExperimentRun/dcid.{step['runId']}/user_logs/std_log.txt"
        file = self._blobs.blob(call.workspace, path).file
        if not file.is_file():
            return web.Response(text="")
        return web.FileResponse(file, headers={"Content-Type": "text/plain; charset=utf-8"})

    def no_log(self, call: Call) -> web.Response:
        self._node(call, self._run(call))
        return web.Response(text="")

    def job_log(self, call: Call) -> web.Response:
        step = self._step(call, self._node(call, self._run(call)).id)
        if step is None:
            return web.Response(text="")
        moments = (("created", "createdUtc"), ("started", "startTimeUtc"), ("ended", "endTimeUtc"))
        lines = [f"[{step[key]}] {word}" for word, key in moments if step[key]]
        return web.Response(text="\n".join([*lines, f"status {step['status']}"]))

    def _run(self, call: Call) -> Document:
        return self._history.pipeline_run(call.workspace, call.path["id"])

    def _step(self, call: Call, node: str) -> Document | None:
        return self._history.step_run(call.workspace, call.path["id"], node)

    def _nodes(self, call: Call, run: Document) -> dict[str, Node]:
        return dict(self._pipelines.parsed(call.workspace, run["pipeline"]["graph_id"]).nodes)

    def _node(self, call: Call, run: Document) -> Node:
        """The body is the path to a node: a list whose last element is its id."""
        if not isinstance(call.body, list) or not call.body:
            raise BadRequest("The request's body must be a list with a node's id.")
        nodes = self._nodes(call, run)
        if call.body[-1] not in nodes:
            raise NotFound("Node", str(call.body[-1]))
        return nodes[call.body[-1]]
