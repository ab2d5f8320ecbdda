"""Run history: experiments, runs, their states, tags, properties and metrics. One document a run; it is
kept for good.

A run's states: NotStarted → Queued → Running → Completed | Failed | Canceled. The last three are final:
what comes later does not change them, so a cancelled step that still reports its end stays Canceled.
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.machinelearning.errors import BadRequest, NotFound
from sandbox.machinelearning.models import TERMINAL, Document, Node, Status, Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.clock import Clock
    from sandbox.store import Store


class History:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def experiment(self, workspace: Workspace, name: str) -> Document:
        """The experiment of that name; created when there is none, as every submission does."""
        with self._store.transaction():
            found = self._store.get(workspace.scope, "experiments", name)
            if found is None:
                found = {
                    "experimentId": str(uuid.uuid4()),
                    "name": name,
                    "description": None,
                    "createdUtc": self._now(),
                    "tags": {},
                }
                self._store.put(workspace.scope, "experiments", name, found)
                self._store.put(workspace.scope, "experiment-ids", found["experimentId"], {"name": name})
        return found

    def find_experiment(self, workspace: Workspace, name: str) -> Document:
        found = self._store.get(workspace.scope, "experiments", name)
        if found is None:
            raise NotFound("Experiment", name)
        return found

    def experiment_name(self, workspace: Workspace, identity: str) -> str:
        found = self._store.get(workspace.scope, "experiment-ids", identity)
        if found is None:
            raise NotFound("Experiment", identity)
        name: str = found["name"]
        return name

    def experiments(self, workspace: Workspace) -> list[Document]:
        return self._store.list(workspace.scope, "experiments")

    def create_pipeline_run(
        self, workspace: Workspace, experiment: str, pipeline: Document, *, parent: str | None = None
    ) -> Document:
        """`pipeline` is what the executor needs: graph, parameters, whether to go on after a failure."""
        found = self.experiment(workspace, experiment)
        run = self._new_run(workspace, found, str(uuid.uuid4()), parent)
        run |= {
            "displayName": pipeline.get("description") or experiment,
            "runType": "azureml.PipelineRun",
            "properties": {
                "azureml.runsource": "azureml.PipelineRun",
                "runSource": pipeline.get("source") or "Unavailable",
                "runType": "HTTP",
                "azureml.parameters": _text(pipeline.get("parameters") or {}),
                "azureml.continue_on_step_failure": str(pipeline.get("goes_on", False)),
                "azureml.pipelineid": pipeline.get("pipeline_id") or "",
                **(pipeline.get("properties") or {}),
            },
            "tags": dict(pipeline.get("tags") or {}),
            "pipeline": pipeline,
        }
        self._put(workspace, run)
        return run

    def create_step_run(self, workspace: Workspace, pipeline_run: Document, node: Node) -> Document:
        """The SDK finds a step's node and pipeline in the tags, and its class in the properties."""
        experiment = self.find_experiment(workspace, pipeline_run["experimentName"])
        run = self._new_run(workspace, experiment, str(uuid.uuid4()), pipeline_run["runId"])
        run |= {
            "status": "Queued",
            "name": node.name,
            "displayName": node.name,
            "runType": "azureml.StepRun",
            "scriptName": node.literal("Script"),
            "target": node.literal("Target"),
            "nodeId": node.id,
            "properties": {
                "azureml.runsource": "azureml.StepRun",
                "azureml.nodeid": node.id,
                "azureml.pipelinerunid": pipeline_run["runId"],
                "ContentSnapshotId": node.snapshot or "",
                "StepType": node.step_type,
                "ComputeTargetType": "AmlCompute",
                "azureml.moduleName": node.name,
            },
            "tags": {"azureml.nodeid": node.id, "azureml.pipeline": pipeline_run["runId"]},
        }
        self._put(workspace, run)
        return run

    def create_child_run(
        self, workspace: Workspace, experiment: str, run_id: str, body: Document
    ) -> Document:
        """A run that a client made by itself (`child_run()`, `start_logging()`)."""
        run = self._new_run(
            workspace, self.experiment(workspace, experiment), run_id, body.get("parentRunId")
        )
        self._put(workspace, run)
        return self.patch(workspace, run_id, body)

    def start(self, workspace: Workspace, run_id: str) -> None:
        self._move(workspace, run_id, "Running", {"startTimeUtc": self._now()})

    def end(self, workspace: Workspace, run_id: str, status: Status, error: Document | None = None) -> None:
        """Once only: a run that has ended keeps its first end."""
        self._move(workspace, run_id, status, {"endTimeUtc": self._now(), "error": error})

    def patch(self, workspace: Workspace, run_id: str, body: Mapping[str, Any]) -> Document:
        """Merge tags and properties; replace the other fields that are given. Properties never change once
        set.
        """
        with self._store.transaction():
            run = self.run(workspace, run_id)
            for name, value in (body.get("properties") or {}).items():
                if run["properties"].get(name, value) != value:
                    raise BadRequest(f"The property '{name}' of run '{run_id}' is set and cannot be changed.")
            run["tags"] |= {name: _as_text(value) for name, value in (body.get("tags") or {}).items()}
            run["properties"] |= {name: str(value) for name, value in (body.get("properties") or {}).items()}
            for name in ("name", "displayName", "description", "runType", "hidden"):
                if body.get(name) is not None:
                    run[name] = body[name]
            if body.get("status") is not None and not is_executed(run) and run["status"] not in TERMINAL:
                run["status"] = body["status"]
            self._put(workspace, run)
        return run

    def delete_tags(self, workspace: Workspace, run_id: str, names: list[str]) -> Document:
        with self._store.transaction():
            run = self.run(workspace, run_id)
            run["tags"] = {name: value for name, value in run["tags"].items() if name not in names}
            self._put(workspace, run)
        return run

    def run(self, workspace: Workspace, run_id: str) -> Document:
        found = self._store.get(workspace.scope, "runs", run_id)
        if found is None:
            raise NotFound("Run", run_id)
        return found

    def pipeline_run(self, workspace: Workspace, run_id: str) -> Document:
        found = self._store.get(workspace.scope, "runs", run_id)
        if found is None or "pipeline" not in found:
            raise NotFound("PipelineRun", run_id)
        return found

    def runs(self, workspace: Workspace) -> list[Document]:
        """Newest first."""
        return list(reversed(self._store.list(workspace.scope, "runs")))

    def children(self, workspace: Workspace, run_id: str) -> list[Document]:
        links = self._store.list(workspace.scope, f"children/{run_id}")
        return [self.run(workspace, link["runId"]) for link in links]

    def step_run(self, workspace: Workspace, run_id: str, node_id: str) -> Document | None:
        for child in self.children(workspace, run_id):
            if child.get("nodeId") == node_id:
                return child
        return None

    def unfinished(self, workspace: Workspace) -> list[Document]:
        return [run for run in self._store.list(workspace.scope, "runs") if run["status"] not in TERMINAL]

    def log_metrics(self, workspace: Workspace, run_id: str, metrics: list[Document]) -> None:
        self.run(workspace, run_id)
        with self._store.transaction():
            for metric in metrics:
                self._store.put(workspace.scope, f"metrics/{run_id}", str(uuid.uuid4()), metric)

    def metrics(self, workspace: Workspace, run_id: str) -> dict[str, Document]:
        """By name, in the order of first logging; what was logged under one name is one list of values."""
        merged: dict[str, Document] = {}
        for metric in self._store.list(workspace.scope, f"metrics/{run_id}"):
            known = merged.setdefault(metric["name"], {**metric, "value": []})
            known["value"] = [*known["value"], *(metric.get("value") or [])]
            known["columns"] = {**(known.get("columns") or {}), **(metric.get("columns") or {})}
        return merged

    def _new_run(
        self, workspace: Workspace, experiment: Document, run_id: str, parent: str | None
    ) -> Document:
        root = self.run(workspace, parent)["rootRunId"] if parent else run_id
        return {
            "runId": run_id,
            "parentRunId": parent,
            "rootRunId": root,
            "runNumber": int(self._clock.now().timestamp()),
            "experimentId": experiment["experimentId"],
            "experimentName": experiment["name"],
            "dataContainerId": f"dcid.{run_id}",
            "status": "NotStarted",
            "createdUtc": self._now(),
            "startTimeUtc": None,
            "endTimeUtc": None,
            "error": None,
            "hidden": False,
            "tags": {},
            "properties": {},
        }

    def _put(self, workspace: Workspace, run: Document) -> None:
        with self._store.transaction():
            self._store.put(workspace.scope, "runs", run["runId"], run)
            if run["parentRunId"]:
                kind = f"children/{run['parentRunId']}"
                self._store.put(workspace.scope, kind, run["runId"], {"runId": run["runId"]})

    def _move(self, workspace: Workspace, run_id: str, status: Status, changes: Document) -> None:
        with self._store.transaction():
            run = self.run(workspace, run_id)
            if run["status"] not in TERMINAL:
                self._put(workspace, {**run, **changes, "status": status})

    def _now(self) -> str:
        return as_utc(self._clock.now())


def is_executed(run: Document) -> bool:
    """A pipeline's or a step's: its end is what its processes say, whatever a script reports of itself."""
    return "nodeId" in run or "pipeline" in run


def as_utc(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _text(parameters: Mapping[str, str]) -> str:
    return json.dumps(parameters)


def _as_text(value: object) -> str | None:
    return None if value is None else str(value)
