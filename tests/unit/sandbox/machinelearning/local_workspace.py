"""Builders: a workspace without HTTP, and graphs as the SDK would publish them."""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.clock import SystemClock
from sandbox.context import Context, Endpoints
from sandbox.identity import Identity
from sandbox.machinelearning.models import RUN_AFTER_PORT
from sandbox.machinelearning.routes import Service
from sandbox.machinelearning.submissions import Submission
from sandbox.store import Store

if TYPE_CHECKING:
    from pathlib import Path

Document = dict[str, Any]


@dataclass
class Step:
    """`inputs` are port → (step, output); an argument that is a tuple is (kind, value)."""

    name: str
    code: str = ""
    arguments: list[str | tuple[str, str]] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    inputs: dict[str, tuple[str, str]] = field(default_factory=dict)
    after: list[str] = field(default_factory=list)
    compute: str = "cpu"
    timeout_seconds: float | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    """Parameter of the step → parameter of the pipeline."""
    files: dict[str, str] = field(default_factory=dict)
    script: str = "step.py"

    def module(self, snapshot: str) -> Document:
        arguments = [one if isinstance(one, tuple) else ("Literal", one) for one in self.arguments]
        names = ["Target", "Script", *self.parameters]
        interface = {
            "Inputs": [{"Name": port} for port in self.inputs],
            "Outputs": [{"Name": port} for port in [*self.outputs, RUN_AFTER_PORT]],
            "Parameters": [{"Name": name, "DefaultValue": None} for name in names],
            "MetadataParameters": [],
            "Arguments": [{"ValueType": kind, "Value": value} for kind, value in arguments],
        }
        return {"Name": self.name, "StorageId": snapshot, "StructuredInterface": interface}

    def node(self, module: str) -> Document:
        own = [
            {"Name": "Target", "Value": self.compute, "ValueType": "0"},
            {"Name": "Script", "Value": self.script, "ValueType": "0"},
        ]
        given = [{"Name": name, "Value": value, "ValueType": "1"} for name, value in self.parameters.items()]
        limit = json.dumps({"maxRunDurationSeconds": self.timeout_seconds})
        return {"Id": self.name, "ModuleId": module, "ModuleParameters": [*own, *given], "Runconfig": limit}

    def edges(self) -> list[Document]:
        data = [(step, output, port) for port, (step, output) in self.inputs.items()]
        order = [(step, RUN_AFTER_PORT, f"_run_after_input_{n}") for n, step in enumerate(self.after)]
        return [
            {
                "SourceOutputPort": {"NodeId": source, "PortName": output},
                "DestinationInputPort": {"NodeId": self.name, "PortName": port},
            }
            for source, output, port in [*data, *order]
        ]


class LocalWorkspace:
    def __init__(self, state: Path, step_python: str = sys.executable) -> None:
        self.store = Store(state / "state.db")
        endpoints = Endpoints(
            "https://127.0.0.1:1", "https://127.0.0.1:2", "http://127.0.0.1:3", "h", "ca.pem", "authorities"
        )
        identity = Identity(state / "secret")
        context = Context(state, self.store, SystemClock(), identity, endpoints, step_python=step_python)
        self.service = Service.over(context)
        self.workspace, _ = self.service.workspaces.create("s", "rg", "w", {})
        self.service.workspaces.put_compute(self.workspace, "cpu", {})

    def snapshot(self, files: dict[str, str]) -> str:
        identity = str(uuid.uuid4())
        relative = {name: f"snapshots/{identity}/{name}" for name in files}
        for name, text in files.items():
            file = self.service.blobs.blob(self.workspace, relative[name]).file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        nodes = [
            {"FullName": name, "BlobUri": f"https://x/azureml/{self.workspace.id}/{path}"}
            for name, path in relative.items()
        ]
        tree = {"children": {name: {"type": "File"} for name in files}}
        body = {"DirTreeNode": tree, "FileRevisionList": {"FileNodes": nodes}}
        self.service.snapshots.create(self.workspace, identity, body)
        return identity

    def publish(
        self, *steps: Step, defaults: dict[str, str | None] | None = None, goes_on: bool = False
    ) -> str:
        nodes = []
        for step in steps:
            snapshot = self.snapshot({"step.py": step.code, **step.files})
            module = self.service.pipelines.create_module(self.workspace, step.module(snapshot))
            nodes.append(step.node(module["Id"]))
        graph = {"ModuleNodes": nodes, "Edges": [edge for step in steps for edge in step.edges()]}
        parameters = [{"Name": name, "DefaultValue": value} for name, value in (defaults or {}).items()]
        body = {
            "Name": "demo",
            "Graph": graph,
            "GraphInterface": {"Parameters": parameters},
            "ContinueRunOnStepFailure": goes_on,
        }
        identity: str = self.service.pipelines.create_pipeline(self.workspace, body)["Id"]
        return identity

    def accept(self, pipeline: str, **parameters: str) -> Document:
        submission = Submission.parse({"ExperimentName": "tests", "ParameterAssignments": parameters})
        return self.service.submissions.accept(self.workspace, pipeline, submission)

    def run(self, pipeline: str, **parameters: str) -> Document:
        """To its end; the run's document."""

        async def to_the_end() -> Document:
            run = self.accept(pipeline, **parameters)
            self.service.executor.start(self.workspace, run)
            return await self.ended(run["runId"])

        return asyncio.run(to_the_end())

    async def ended(self, run_id: str) -> Document:
        while True:
            run = self.service.history.run(self.workspace, run_id)
            if run["endTimeUtc"]:
                return run
            await asyncio.sleep(0.01)

    async def has_log(self, run_id: str, step: str, text: str) -> None:
        while text not in self.log(run_id, step):  # noqa: ASYNC110 - what a client does: it polls
            await asyncio.sleep(0.01)

    def step(self, run_id: str, step: str) -> Document | None:
        return self.service.history.step_run(self.workspace, run_id, step)

    def steps(self, run_id: str) -> dict[str, str]:
        """Step → status, in the order in which they began."""
        children = self.service.history.children(self.workspace, run_id)
        return {child["name"]: child["status"] for child in children}

    def log(self, run_id: str, step: str) -> str:
        run = self.step(run_id, step)
        if run is None:
            return ""
        path = f"artifacts/ExperimentRun/dcid.{run['runId']}/user_logs/std_log.txt"
        file = self.service.blobs.blob(self.workspace, path).file
        return file.read_text() if file.is_file() else ""


def message(run: Document) -> str:
    text: str = run["error"]["error"]["message"]
    return text
