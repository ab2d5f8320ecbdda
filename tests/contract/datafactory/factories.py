"""A factory of the session's local Azure, driven by azure-mgmt-datafactory with bodies as bytes."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from azure.mgmt.datafactory import DataFactoryManagementClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import LocalAzure

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
GROUP = "rg-datafactory"
WORKSPACE = "mlw-datafactory"
ML_SCOPE = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    f"/providers/Microsoft.MachineLearningServices/workspaces/{WORKSPACE}"
)
WAIT_SECONDS = 60
_FOREVER = {"lastUpdatedAfter": "2020-01-01T00:00:00Z", "lastUpdatedBefore": "2100-01-01T00:00:00Z"}


@dataclass
class Factory:
    azure: LocalAzure
    client: DataFactoryManagementClient
    name: str

    @property
    def place(self) -> tuple[str, str]:
        return GROUP, self.name

    @property
    def path(self) -> str:
        return (
            f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
            f"/providers/Microsoft.DataFactory/factories/{self.name}"
        )

    def put(self, kind: str, name: str, properties: Any, **options: Any) -> Any:
        """`kind` is the SDK's: pipelines, datasets, linked_services, triggers."""
        body = json.dumps({"properties": properties}).encode()
        operations = getattr(self.client, kind)
        return operations.create_or_update(*self.place, name, body, cls=_raw, **options)

    def pipeline(self, name: str, *activities: Any, **properties: Any) -> Any:
        return self.put("pipelines", name, {"activities": list(activities), **properties})

    def start(self, pipeline: str, parameters: Any = None, **options: Any) -> str:
        return str(self.client.pipelines.create_run(*self.place, pipeline, parameters, **options).run_id)

    def run(self, run_id: str) -> Any:
        return self.client.pipeline_runs.get(*self.place, run_id)

    def finish(self, run_id: str) -> Any:
        """Wait until the run is over."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            run = self.run(run_id)
            if run["status"] in ("Succeeded", "Failed", "Cancelled"):
                return run
            time.sleep(0.1)
        raise TimeoutError(run_id)

    def activities(self, run_id: str) -> dict[str, Any]:
        found = self.client.activity_runs.query_by_pipeline_run(*self.place, run_id, _FOREVER)
        return {one["activityName"]: one for one in found.value}

    def output(self, pipeline: str, name: str, parameters: Any = None) -> Any:
        """Run a pipeline that must succeed; the output of one activity."""
        run = self.finish(self.start(pipeline, parameters))
        assert run["status"] == "Succeeded", run["message"]
        return self.activities(run["runId"])[name]["output"]

    def query(self, what: str, **asked: Any) -> Any:
        operations = {"pipeline": self.client.pipeline_runs, "trigger": self.client.trigger_runs}[what]
        return operations.query_by_factory(*self.place, {**_FOREVER, **asked})


def eventually(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WAIT_SECONDS
    while not (value := found()):
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)
    return value


def _raw(response: Any, _deserialized: Any, _headers: Any) -> Any:
    return response.http_response.json()


def client_of(azure: LocalAzure) -> DataFactoryManagementClient:
    return DataFactoryManagementClient(
        azure.credential,
        SUBSCRIPTION,
        base_url=azure.control,
        connection_verify=azure.bundle,
        polling_interval=1,
        retry_total=0,
    )


def new_factory(azure: LocalAzure, client: DataFactoryManagementClient, **body: Any) -> Factory:
    """In a resource group of these tests; with an identity unless told otherwise."""
    azure.arm(
        "PUT", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}", {"location": "x"}
    ).raise_for_status()
    factory = Factory(azure, client, f"adf-{uuid.uuid4().hex[:8]}")
    body = {"location": "westeurope", "identity": {"type": "SystemAssigned"}, **body}
    client.factories.create_or_update(*factory.place, json.dumps(body).encode(), cls=_raw)
    return factory


def activity(name: str, kind: str, *, after: dict[str, list[str]] | None = None, **properties: Any) -> Any:
    """An activity's JSON; `after` is its dependsOn, keywords are its typeProperties."""
    common = {key: properties.pop(key) for key in ("policy", "linkedServiceName") if key in properties}
    depends_on = [{"activity": key, "dependencyConditions": value} for key, value in (after or {}).items()]
    return {"name": name, "type": kind, "dependsOn": depends_on, **common, "typeProperties": properties}


def wait(name: str, seconds: Any = 0, **common: Any) -> Any:
    return activity(name, "Wait", waitTimeInSeconds=seconds, **common)


def expression(text: str) -> Any:
    return {"value": text, "type": "Expression"}


def reference(name: str, kind: str, **parameters: Any) -> Any:
    return {"referenceName": name, "type": kind, **({"parameters": parameters} if parameters else {})}


def publish_step(azure: LocalAzure, script: str, *, parameters: tuple[str, ...] = ()) -> str:
    """The id of an ML pipeline of one step, published over REST; its parameters have the default `-`."""
    azure.arm("PUT", ML_SCOPE, {"location": "x"}).raise_for_status()
    cluster = {"properties": {"computeType": "AmlCompute"}}
    azure.arm("PUT", f"{ML_SCOPE}/computes/cpu", cluster).raise_for_status()
    module = {
        "Name": "step",
        "StorageId": _upload(azure, script),
        "StructuredInterface": {
            "Inputs": [],
            "Outputs": [{"Name": "_run_after_output"}],
            "Parameters": [{"Name": "Target"}, {"Name": "Script"}, *({"Name": one} for one in parameters)],
            "MetadataParameters": [],
            "Arguments": [{"ValueType": "Parameter", "Value": one} for one in parameters],
        },
    }
    values = [{"Name": "Target", "Value": "cpu"}, {"Name": "Script", "Value": "step.py"}]
    node = {
        "Id": "n1",
        "ModuleId": pipelines(azure, "POST", "/Modules", module)["Id"],
        "ModuleParameters": [
            *({**one, "ValueType": "0"} for one in values),
            *({"Name": one, "Value": one, "ValueType": "1"} for one in parameters),
        ],
    }
    body = {
        "Name": "demo",
        "Graph": {"ModuleNodes": [node], "Edges": []},
        "GraphInterface": {"Parameters": [{"Name": one, "DefaultValue": "-"} for one in parameters]},
    }
    return str(pipelines(azure, "POST", "/Pipelines/Create", body)["Id"])


def pipelines(azure: LocalAzure, method: str, path: str, body: Any = None) -> Any:
    """Azure ML's pipeline service."""
    answer = azure.arm(method, f"/pipelines/v1.0{ML_SCOPE}{path}", body)
    assert answer.ok, answer.text
    return answer.json()


def _upload(azure: LocalAzure, script: str) -> str:
    content = f"/content/v2.0{ML_SCOPE}/snapshots"
    nodes = azure.arm("POST", f"{content}/getblob", {"FileNames": ["step.py"]}).json()["fileNodes"]
    url = nodes[0]["blobUri"].replace("stlocal.blob.@", "")
    requests.put(url, script.encode(), verify=azure.bundle, timeout=10).raise_for_status()
    revisions = [{"FullName": node["fullName"], "BlobUri": node["blobUri"]} for node in nodes]
    body = {
        "DirTreeNode": {"children": {"step.py": {"type": "File"}}},
        "FileRevisionList": {"FileNodes": revisions},
    }
    return str(azure.arm("POST", f"{content}/{uuid.uuid4()}", body).json()["id"])
