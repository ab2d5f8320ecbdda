"""One step of a run: which folders it reads and writes, with which arguments and environment its script
starts.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.machinelearning import parallel_run_driver
from sandbox.machinelearning.errors import StepNotStarted
from sandbox.machinelearning.models import Document, Graph, Node, Output, Source, Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.context import Context

TOKEN_LIFETIME_SECONDS = 7 * 24 * 3600
"""Longer than any local run, so that the SDK never starts its token refresh thread."""
_OUTPUT = re.compile(r"^(?:DatasetOutputConfig:|\$AZUREML_DATAREFERENCE_)(?P<name>.+)$")
_INPUT = re.compile(r"^(?:DatasetConsumptionConfig:|\$AZUREML_DATAREFERENCE_)(?P<name>.+)$")
_EXCEPTION = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception): ")
"""A last word without a traceback, as the driver of a ParallelRunStep writes it."""
_INHERITED = ("LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")


@dataclass(frozen=True)
class Folders:
    """A step run's places: `work` is its fresh copy of the snapshot, `home` its HOME; both are removed at
    its end.
    """

    work: Path
    home: Path
    artifacts: Path
    """`user_logs/`, `logs/` and `outputs/` of the run, as the SDK lists them."""

    @property
    def log(self) -> Path:
        return self.artifacts / "user_logs" / "std_log.txt"


@dataclass(frozen=True)
class Command:
    arguments: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Locations:
    """Where the outputs of a run's nodes are: path on the datastore, and the folder that stands for it."""

    paths: Mapping[Source, str]
    folders: Mapping[Source, Path]

    def folder(self, source: Source, reader: Node) -> Path:
        found = self.folders.get(source)
        if found is None:
            raise StepNotStarted(f"the input of '{reader.name}' from port '{source.port}' was never produced")
        return found


def output_path(output: Output, run_id: str) -> str:
    return output.path.strip("/").replace("{run-id}", run_id).replace("{output-name}", output.name)


def command(
    python: str,
    node: Node,
    parameters: Mapping[str, str],
    locations: Locations,
    environment: Mapping[str, str],
) -> Command:
    """The process of a step. `parameters` are the run's, complete; the node's own outputs are in
    `locations` too.
    """
    values = {
        name: parameters[value.text] if value.is_parameter else value.text
        for name, value in node.parameters.items()
    }
    ports = _ports(node, locations)
    arguments = [_argument(argument.kind, argument.value, values, ports, node) for argument in node.arguments]
    handed_over = {
        variable: values[name] for name, variable in node.environment_names.items() if name in values
    }
    own = dict((node.run_configuration.get("environment") or {}).get("environmentVariables") or {})
    own |= dict(node.run_configuration.get("environmentVariables") or {})
    return Command(
        arguments=(*_program(python, node), *arguments),
        environment={**own, **handed_over, **_references(ports), **environment},
    )


def run_environment(
    context: Context, workspace: Workspace, pipeline_run: Document, run: Document, folders: Folders
) -> dict[str, str]:
    """What `Run.get_context()`, azure-identity and TLS need, and nothing else of the sandbox's own
    environment.
    """
    endpoints = context.endpoints
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    now = int(time.time())
    return inherited | {
        "PATH": os.pathsep.join((str(Path(context.step_python).parent), os.environ.get("PATH", os.defpath))),
        "HOME": str(folders.home),
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        "AZUREML_RUN_ID": run["runId"],
        "AZUREML_ROOT_RUN_ID": pipeline_run["runId"],
        "AZUREML_EXPERIMENT_ID": run["experimentId"],
        "AZUREML_ARM_SUBSCRIPTION": workspace.subscription,
        "AZUREML_ARM_RESOURCEGROUP": workspace.group,
        "AZUREML_ARM_WORKSPACE_NAME": workspace.name,
        "AZUREML_ARM_PROJECT_NAME": run["experimentName"],
        "AZUREML_WORKSPACE_ID": workspace.id,
        "AZUREML_WORKSPACE_SCOPE": workspace.resource_id,
        "AZUREML_SERVICE_ENDPOINT": endpoints.control,
        "AZUREML_DISCOVERY_SERVICE_ENDPOINT": f"{endpoints.control}/discovery/workspaces/{workspace.id}",
        "AZUREML_RUN_TOKEN": context.identity.issue(
            "https://management.azure.com/", subject=run["runId"], lifetime_seconds=TOKEN_LIFETIME_SECONDS
        ),
        "AZUREML_RUN_TOKEN_EXPIRY": str(now + TOKEN_LIFETIME_SECONDS),
        "AZUREML_CURRENT_CLOUD": "LocalSandbox",
        "ARM_CLOUD_METADATA_URL": f"{endpoints.control}/metadata/endpoints?api-version=2019-05-01",
        "REQUESTS_CA_BUNDLE": endpoints.authorities,
        "SSL_CERT_FILE": endpoints.bundle,
        "IDENTITY_ENDPOINT": endpoints.identity,
        "IDENTITY_HEADER": endpoints.identity_header,
    }


def run_parameters(graph: Graph, assigned: Mapping[str, str]) -> dict[str, str]:
    return {name: str(assigned.get(name, default)) for name, default in graph.defaults.items()}


def _program(python: str, node: Node) -> tuple[str, ...]:
    """-P keeps the driver's folder off the path of the entry script, which may bring a module `errors`."""
    if node.is_parallel_run:
        return (python, "-P", str(Path(parallel_run_driver.__file__)))
    return (python, node.literal("Script"))


def _ports(node: Node, locations: Locations) -> dict[str, Path]:
    ports = {name: locations.folder(source, node) for name, source in node.inputs.items()}
    return ports | {name: locations.folder(Source(node.id, name), node) for name in node.outputs}


def _references(ports: Mapping[str, Path]) -> dict[str, str]:
    """As on a compute: the port's folder by its name, with and without the old prefix."""
    plain = {name: str(folder) for name, folder in ports.items()}
    return plain | {f"AZUREML_DATAREFERENCE_{name}": folder for name, folder in plain.items()}


def _argument(kind: str, value: str, values: Mapping[str, str], ports: Mapping[str, Path], node: Node) -> str:
    match kind:
        case "Input" | "Output":
            return str(_port(value, ports, node))
        case "Parameter":
            if value not in values:
                raise StepNotStarted(f"its parameter '{value}' has no value")
            return values[value]
        case _:
            found = _OUTPUT.match(value) or _INPUT.match(value)
            return str(_port(found["name"], ports, node)) if found else value


def _port(name: str, ports: Mapping[str, Path], node: Node) -> Path:
    if name not in ports:
        raise StepNotStarted(f"its argument names the port '{name}', which '{node.name}' does not have")
    return ports[name]


def error_of(log: Path) -> str:
    """The line that says what went wrong: the last exception's, or the log's last when there is none."""
    lines = _tail(log).splitlines()
    in_traceback = False
    found = ""
    for line in lines:
        if line.startswith("Traceback (most recent call last)"):
            in_traceback = True
        elif (in_traceback and line.strip() and not line.startswith((" ", "\t"))) or _EXCEPTION.match(line):
            in_traceback = False
            found = line
    found = found or next((line for line in reversed(lines) if line.strip()), "")
    return found.strip().removeprefix("__main__.")


def _tail(log: Path, size: int = 65536) -> str:
    if not log.is_file():
        return ""
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - size))
        return stream.read().decode("utf-8", "replace")


def compute_of(node: Node) -> str:
    return node.literal("Target")


def error_document(code: str, message: str) -> dict[str, Any]:
    """A run's error as run history words it."""
    return {"error": {"code": code, "message": message, "details": [], "messageParameters": {}}}
