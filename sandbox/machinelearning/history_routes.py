"""Run history and metrics, as `Run`, `Experiment` and `Run.get_context()` use them."""

from __future__ import annotations

import uuid
from itertools import islice
from typing import TYPE_CHECKING

from sandbox.machinelearning import responses, steps
from sandbox.machinelearning.errors import BadRequest, NotFound
from sandbox.machinelearning.history import is_executed
from sandbox.machinelearning.operations import Call, Operations
from sandbox.machinelearning.run_filter import parse_filter

if TYPE_CHECKING:
    from aiohttp import web

    from sandbox.context import Context
    from sandbox.machinelearning.blobs import Blobs
    from sandbox.machinelearning.history import History
    from sandbox.machinelearning.models import Document, Status
    from sandbox.machinelearning.workspaces import Workspaces

_LOGS = ("user_logs", "logs", "system_logs")
_EVENTS: dict[str, Status] = {
    "Microsoft.MachineLearning.Run.Start": "Running",
    "Microsoft.MachineLearning.Run.Completed": "Completed",
    "Microsoft.MachineLearning.Run.Failed": "Failed",
    "Microsoft.MachineLearning.Run.Canceled": "Canceled",
}


class HistoryRoutes:
    def __init__(self, context: Context, history: History, blobs: Blobs) -> None:
        self._context = context
        self._history = history
        self._blobs = blobs

    def add_routes(self, app: web.Application, workspaces: Workspaces) -> None:
        area = Operations(app, workspaces, "/history/v1.0")
        area.add("POST", "/experiments:query", self.experiments)
        area.add("GET", "/experiments/{experiment}", self.experiment)
        area.add("POST", "/experiments/{experiment}", self.create_experiment)
        area.add("GET", "/experimentids/{experimentid}", self.experiment_by_id)
        area.add("GET", "/runs/{run}", self.run)
        for parent in ("/experiments/{experiment}", "/experimentids/{experimentid}"):
            area.add("POST", parent + "/runs:query", self.query)
            area.add("GET", parent + "/runs/{run}", self.run)
            area.add("PATCH", parent + "/runs/{run}", self.patch)
            area.add("GET", parent + "/runs/{run}/details", self.details)
            area.add("GET", parent + "/runs/{run}/children", self.children)
            area.add("DELETE", parent + "/runs/{run}/tags", self.delete_tags)
            area.add("POST", parent + "/runs/{run}/events", self.event)
            area.add("GET", parent + "/runs/{run}/metricsingest/wait", lambda _: {})
            area.add("POST", parent + "/runs/{run}/token", self.token)
            area.add("GET", parent + "/runs/{run}/token", self.token)
        metrics = Operations(app, workspaces, "/metric/v2.0")
        metrics.add("POST", "/runs/{run}/batch", self.log_metrics)
        metrics.add("POST", "/runs/{run}/list", self.list_metrics)
        metrics.add("POST", "/runs/{run}/full", self.full_metric)

    def experiments(self, call: Call) -> Document:
        return {"value": self._history.experiments(call.workspace), "continuationToken": None}

    def experiment(self, call: Call) -> Document:
        return self._history.find_experiment(call.workspace, call.path["experiment"])

    def create_experiment(self, call: Call) -> Document:
        return self._history.experiment(call.workspace, call.path["experiment"])

    def experiment_by_id(self, call: Call) -> Document:
        return self._history.find_experiment(call.workspace, self._experiment(call))

    def query(self, call: Call) -> Document:
        """Newest first; `top` of them."""
        asked = call.body or {}
        chosen = parse_filter(asked.get("filter"))
        experiment = self._experiment(call).lower()
        found = (
            run for run in self._history.runs(call.workspace) if run["experimentName"].lower() == experiment
        )
        top = asked.get("top")
        if not (top is None or (isinstance(top, int) and top >= 0)):
            raise BadRequest(f"top must be a number of runs; it is {top!r}.", target="top")
        shown = [responses.run(run) for run in islice(filter(chosen, found), top)]
        return {"value": shown, "continuationToken": None}

    def run(self, call: Call) -> Document:
        return responses.run(self._history.run(call.workspace, call.path["run"]))

    def patch(self, call: Call) -> Document:
        """Also creates: a client starts runs of its own with a PATCH of a new id."""
        try:
            run = self._history.patch(call.workspace, call.path["run"], call.document())
        except NotFound:
            run = self._history.create_child_run(
                call.workspace, self._experiment(call), call.path["run"], call.document()
            )
        return responses.run(run)

    def details(self, call: Call) -> Document:
        run = self._history.run(call.workspace, call.path["run"])
        folder = f"artifacts/ExperimentRun/dcid.{run['runId']}/"
        found = (one for part in _LOGS for one in self._blobs.files(call.workspace, folder + part))
        return responses.run_details(
            run, {path.removeprefix(folder): self._blobs.url(blob) for path, blob in found}
        )

    def children(self, call: Call) -> Document:
        """Newest first, as the SDK asks (`$orderby=StartTimeUtc desc`)."""
        chosen = parse_filter(call.query.get("$filter"))
        found = reversed(self._history.children(call.workspace, call.path["run"]))
        return {"value": [responses.run(run) for run in found if chosen(run)], "continuationToken": None}

    def delete_tags(self, call: Call) -> Document:
        return responses.run(
            self._history.delete_tags(call.workspace, call.path["run"], list(call.body or []))
        )

    def event(self, call: Call) -> Document:
        """A client that keeps a run of its own says when it starts and ends."""
        body = call.document()
        status = _EVENTS.get(body.get("name", ""))
        run = self._history.run(call.workspace, call.path["run"])
        if status == "Running":
            self._history.start(call.workspace, run["runId"])
        elif status is not None and not is_executed(run):
            self._history.end(call.workspace, run["runId"], status)
        return {}

    def token(self, call: Call) -> Document:
        """A fresh AZUREML_RUN_TOKEN."""
        self._history.run(call.workspace, call.path["run"])
        seconds = steps.TOKEN_LIFETIME_SECONDS
        token = self._context.identity.issue("https://management.azure.com/", lifetime_seconds=seconds)
        return {"token": token, "expiryTimeUtc": None}

    def log_metrics(self, call: Call) -> Document:
        metrics = call.document().get("values") or []
        for metric in metrics:
            for value in metric.get("value") or []:
                value.setdefault("metricId", str(uuid.uuid4()))
        self._history.log_metrics(call.workspace, call.path["run"], metrics)
        return {"errors": []}

    def list_metrics(self, call: Call) -> Document:
        found = self._history.metrics(call.workspace, call.path["run"])
        return {
            "value": [responses.metric_definition(one) for one in found.values()],
            "continuationToken": None,
        }

    def full_metric(self, call: Call) -> Document:
        name = call.document()["metricName"]
        found = self._history.metrics(call.workspace, call.path["run"]).get(name)
        if found is None:
            raise NotFound("Metric", name)
        return responses.metric(call.path["run"], found)

    def _experiment(self, call: Call) -> str:
        if "experiment" in call.path:
            return call.path["experiment"]
        return self._history.experiment_name(call.workspace, call.path["experimentid"])
