"""What a graph may ask of the real service and not of this one: refused by name when it is published.

The alternative, a run that quietly does something else than it would in Azure, costs more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import NotEmulated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.machinelearning.models import Document, Graph

_STEP_TYPES = {None, "", "PythonScriptStep", "ParallelRunStep"}


def refuse_unsupported(graph: Document, interface: Document, module: Callable[[str], Document]) -> None:
    """Raises NotEmulated for the first thing in the graph that does not work here."""
    for asked in _unsupported(graph, interface):
        raise NotEmulated(asked)
    for node in graph.get("ModuleNodes") or []:
        for asked in _unsupported_of_node(node, module(node["ModuleId"])):
            raise NotEmulated(asked)


def refuse_commands(graph: Graph) -> None:
    for node in graph.nodes.values():
        if not node.literal("Script"):
            raise NotEmulated(f"Step '{node.name}': a step without a script (a command line)")


def _unsupported(graph: Document, interface: Document) -> Iterator[str]:
    if graph.get("DatasetNodes"):
        yield "A graph with datasets, DataReferences or DataPaths as inputs (DatasetNodes)"
    if graph.get("SubGraphNodes"):
        yield "A graph inside a graph (SubGraphNodes)"
    if interface.get("DataPathParameters") or interface.get("DataPathParameterList"):
        yield "A pipeline parameter that is a DataPath or a dataset"


def _unsupported_of_node(node: Document, module: Document) -> Iterator[str]:
    step = f"Step '{module.get('Name')}'"
    if module.get("StepType") not in _STEP_TYPES:
        yield f"{step}: a step of type {module['StepType']}"
    for setting in node.get("ModuleInputSettings") or []:
        yield f"{step}: the input '{setting.get('Name')}' with a path on the compute or as a table"
    for setting in node.get("ModuleOutputSettings") or []:
        yield from _unsupported_of_output(f"{step}: the output '{setting['Name']}'", setting)


def _unsupported_of_output(output: str, setting: Document) -> Iterator[str]:
    registration = setting.get("DatasetRegistration") or {}
    if registration.get("Name"):
        yield f"{output} registered as a dataset"
    if registration.get("AdditionalTransformations"):
        yield f"{output} read as a table"
    if setting.get("PathOnCompute"):
        yield f"{output} taken from a folder of its own choice (source)"
