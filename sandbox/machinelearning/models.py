"""The workspace's nouns: what a published graph says, parsed from the wire once and then used as values."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from sandbox.machinelearning.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PROVIDER = "Microsoft.MachineLearningServices"
RUN_AFTER_PORT = "_run_after_output"
PARALLEL_RUN_DRIVER = "driver/amlbi_main.py"
"""What the SDK names as the script of a ParallelRunStep: the service brings it, not the snapshot."""

Status = Literal["NotStarted", "Queued", "Running", "Completed", "Failed", "Canceled"]
TERMINAL: frozenset[str] = frozenset({"Completed", "Failed", "Canceled"})

_DEFAULT_PATH = "azureml/{run-id}/{output-name}"
"""Where the service puts PipelineData."""
_DATASET_PATH = "dataset/{run-id}/{output-name}"
"""Where it puts an OutputFileDatasetConfig without a destination."""

Document = dict[str, Any]


@dataclass(frozen=True)
class Workspace:
    subscription: str
    group: str
    name: str
    id: str
    """A fresh uuid per created workspace; everything the workspace keeps is keyed by it."""

    @property
    def scope(self) -> str:
        return f"/machinelearning/{self.id}"

    @property
    def resource_id(self) -> str:
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
            f"/providers/{PROVIDER}/workspaces/{self.name}"
        )


@dataclass(frozen=True)
class Argument:
    kind: Literal["Literal", "Input", "Output", "Parameter"]
    value: str


@dataclass(frozen=True)
class Value:
    """A node's parameter: text, or the name of the graph's parameter that gives it."""

    text: str
    is_parameter: bool


@dataclass(frozen=True)
class Output:
    name: str
    datastore: str
    path: str
    """On the datastore, `{run-id}` and `{output-name}` still to be replaced."""


@dataclass(frozen=True)
class Source:
    node: str
    port: str


@dataclass(frozen=True)
class Node:
    id: str
    name: str
    snapshot: str | None
    step_type: str
    arguments: tuple[Argument, ...]
    parameters: Mapping[str, Value]
    environment_names: Mapping[str, str]
    """Parameter → environment variable, for those that are also handed over so."""
    outputs: Mapping[str, Output]
    inputs: Mapping[str, Source] = field(default_factory=dict)
    after: frozenset[str] = frozenset()
    """The nodes that must have ended well before this one starts, whatever the reason."""
    run_configuration: Mapping[str, Any] = field(default_factory=dict)

    def literal(self, parameter: str) -> str:
        """The value of one of the SDK's own parameters (`Script`, `Target`), "" when it is not set."""
        found = self.parameters.get(parameter)
        return "" if found is None or found.text == "None" else found.text

    @property
    def is_parallel_run(self) -> bool:
        return self.literal("Script") == PARALLEL_RUN_DRIVER

    @property
    def timeout_seconds(self) -> float | None:
        limit = self.run_configuration.get("maxRunDurationSeconds")
        return float(limit) if limit else None


@dataclass(frozen=True)
class Graph:
    nodes: Mapping[str, Node]
    defaults: Mapping[str, str | None]
    """The pipeline's parameters and their defaults; None: the submission must give one."""


def parse_graph(graph: Document, interface: Document, module: Callable[[str], Document]) -> Graph:
    """The graph as `Pipelines/Create` got it; `module` looks a module's entity up and raises when it is
    unknown.
    """
    edges = graph.get("Edges") or []
    nodes = [_parse_node(node, module(node["ModuleId"]), edges) for node in graph.get("ModuleNodes") or []]
    parameters = interface.get("Parameters") or []
    parsed = Graph(
        nodes={node.id: node for node in nodes},
        defaults={parameter["Name"]: parameter.get("DefaultValue") for parameter in parameters},
    )
    _check_edges(parsed)
    return parsed


def _parse_node(node: Document, module: Document, edges: list[Document]) -> Node:
    interface = module["StructuredInterface"]
    arriving = [edge for edge in edges if edge["DestinationInputPort"].get("NodeId") == node["Id"]]
    return Node(
        id=node["Id"],
        name=module["Name"],
        snapshot=module.get("StorageId"),
        step_type=module.get("StepType") or "",
        arguments=tuple(
            Argument(argument["ValueType"], str(argument["Value"]))
            for argument in interface.get("Arguments") or []
        ),
        parameters=_parse_parameters(node, interface),
        environment_names=_environment_names(interface),
        outputs=_parse_outputs(node, interface),
        inputs={
            edge["DestinationInputPort"]["PortName"]: _source(edge)
            for edge in arriving
            if _source(edge).port != RUN_AFTER_PORT
        },
        after=frozenset(_source(edge).node for edge in arriving),
        run_configuration=json.loads(node.get("Runconfig") or module.get("Runconfig") or "{}"),
    )


def _source(edge: Document) -> Source:
    port = edge["SourceOutputPort"]
    return Source(port["NodeId"], port["PortName"])


def _parse_parameters(node: Document, interface: Document) -> dict[str, Value]:
    declared = [*(interface.get("Parameters") or []), *(interface.get("MetadataParameters") or [])]
    assigned = [*(node.get("ModuleParameters") or []), *(node.get("ModuleMetadataParameters") or [])]
    values = {
        parameter["Name"]: Value(str(parameter["DefaultValue"]), is_parameter=False)
        for parameter in declared
        if parameter.get("DefaultValue") is not None
    }
    for assignment in assigned:
        if assignment.get("Value") is not None:
            refers = str(assignment.get("ValueType")) in {"1", "GraphParameterName"}
            values[assignment["Name"]] = Value(str(assignment["Value"]), is_parameter=refers)
    return values


def _environment_names(interface: Document) -> dict[str, str]:
    return {
        parameter["Name"]: parameter.get("EnvironmentVariableOverride")
        or f"AML_PARAMETER_{parameter['Name']}"
        for parameter in interface.get("Parameters") or []
        if parameter.get("SetEnvironmentVariable")
    }


def _parse_outputs(node: Document, interface: Document) -> dict[str, Output]:
    settings = {setting["Name"]: setting for setting in node.get("ModuleOutputSettings") or []}
    outputs = {}
    for declared in interface.get("Outputs") or []:
        if declared["Name"] == RUN_AFTER_PORT:
            continue
        setting = settings.get(declared["Name"], {})
        options = setting.get("DatasetOutputOptions")
        outputs[declared["Name"]] = Output(
            name=declared["Name"],
            datastore=setting.get("DataStoreName") or declared.get("DataStoreName") or "workspaceblobstore",
            path=_DEFAULT_PATH if options is None else options.get("PathOnDatastore") or _DATASET_PATH,
        )
    return outputs


def _check_edges(graph: Graph) -> None:
    for node in graph.nodes.values():
        for other in node.after:
            if other not in graph.nodes:
                raise BadRequest(
                    f"An edge of step '{node.name}' starts at an unknown node '{other}'.", target="Edges"
                )
    waiting = {node.id: set(node.after) for node in graph.nodes.values()}
    while waiting:
        ready = {identity for identity, others in waiting.items() if not others & waiting.keys()}
        if not ready:
            raise BadRequest("The graph's edges go in a circle.", target="Edges")
        waiting = {identity: others for identity, others in waiting.items() if identity not in ready}
