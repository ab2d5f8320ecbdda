"""The wire's words: documents as the SDK's clients read them. Spelling, case and nulls matter here."""

from __future__ import annotations

from sandbox.identity import TENANT, object_id
from sandbox.machinelearning.models import PROVIDER, RUN_AFTER_PORT, Document, Workspace

_PIPELINE_STATUS = {"Completed": "Finished", "Queued": "Running"}
"""The pipeline service says Finished where run history says Completed."""
_NODE_STATUS = {"Completed": "Finished"}
_USER = {"userObjectId": "local", "userTenantId": "local", "userName": "local"}
_INTERNAL = ("pipeline", "experimentName", "nodeId")

DATA_TYPES = (
    "AnyFile",
    "AnyDirectory",
    "AzureBlobReference",
    "AzureDataLakeReference",
    "AzureDataLakeGen2Reference",
    "AzureFilesReference",
    "AzureSqlDatabaseReference",
    "AzurePostgresDatabaseReference",
    "AzureMySqlDatabaseReference",
    "DBFSReference",
    "AzureMLDataset",
    "DataFrameDirectory",
    "ModelDirectory",
    "UntrainedModelDirectory",
    "TransformationDirectory",
    "ZipFile",
    "GenericCSV",
)


def workspace(one: Workspace, body: Document, control: str) -> Document:
    given = body.get("properties") or {}
    group = f"/subscriptions/{one.subscription}/resourceGroups/{one.group}/providers"
    return {
        "id": one.resource_id,
        "name": one.name,
        "type": f"{PROVIDER}/workspaces",
        "location": body.get("location", "local"),
        "tags": body.get("tags") or {},
        "sku": body.get("sku") or {"name": "Basic", "tier": "Basic"},
        "identity": body.get("identity") or {"type": "SystemAssigned", "principalId": one.id},
        "properties": {
            "friendlyName": one.name,
            "description": "",
            "storageAccount": f"{group}/Microsoft.Storage/storageAccounts/stlocal",
            "keyVault": f"{group}/Microsoft.KeyVault/vaults/kv-local",
            "applicationInsights": f"{group}/Microsoft.Insights/components/ai-local",
            "hbiWorkspace": False,
            **given,
            "workspaceId": one.id,
            "discoveryUrl": f"{control}/discovery/workspaces/{one.id}",
            "mlFlowTrackingUri": "",
            "provisioningState": "Succeeded",
        },
    }


def _identity(resource_id: str, given: Document) -> Document:
    """With the ids that the directory gives to whom it makes or knows."""
    known = {
        each: {"principalId": object_id(each), "clientId": object_id(f"{each}/client")}
        for each in given.get("userAssignedIdentities") or ()
    }
    own = {"principalId": object_id(resource_id)} if "SystemAssigned" in given.get("type", "") else {}
    return {**given, **own, "tenantId": TENANT, **({"userAssignedIdentities": known} if known else {})}


def compute(one: Workspace, document: Document) -> Document:
    """As Resource Manager has it; the SDK needs `subnet` even when it is null, and no identity rather than
    null.
    """
    given = document.get("properties") or {}
    own = given.get("properties") or {}
    scale = {"minNodeCount": 0, "maxNodeCount": 1, "nodeIdleTimeBeforeScaleDown": "PT120S"}
    compute_id = f"{one.resource_id}/computes/{document['name']}"
    return {
        "id": compute_id,
        "name": document["name"],
        "type": f"{PROVIDER}/workspaces/computes",
        "location": document.get("location", "local"),
        "tags": document.get("tags") or {},
        **({"identity": _identity(compute_id, document["identity"])} if document.get("identity") else {}),
        "properties": {
            "computeType": "AmlCompute",
            "description": None,
            "resourceId": None,
            "isAttachedCompute": False,
            "provisioningErrors": None,
            **given,
            "provisioningState": "Succeeded",
            "properties": {
                "vmSize": "STANDARD_DS3_V2",
                "vmPriority": "Dedicated",
                "subnet": None,
                "remoteLoginPortPublicAccess": "NotSpecified",
                **own,
                "scaleSettings": {**scale, **(own.get("scaleSettings") or {})},
            },
        },
    }


def discovery(control: str) -> Document:
    names = ("api", "experimentation", "history", "hyperdrive", "modelmanagement", "studio", "pipelines")
    return dict.fromkeys(names, control)


def data_types() -> list[Document]:
    return [
        {
            "Id": name,
            "Name": name,
            "Description": name,
            "IsDirectory": name.endswith("Directory"),
            "ParentDataTypeIds": [],
            "EntityStatus": "Active",
        }
        for name in DATA_TYPES
    ]


def module(entity: Document) -> Document:
    interface = entity["StructuredInterface"]
    inputs = [
        {"Name": port["Name"], "Label": port.get("Label"), "DataTypesIds": port.get("DataTypeIdsList") or []}
        for port in interface.get("Inputs") or []
    ]
    outputs = [
        {"Name": port["Name"], "Label": port.get("Label"), "DataTypeId": port.get("DataTypeId")}
        for port in interface.get("Outputs") or []
    ]
    return {
        "Data": entity,
        "Interface": {
            "Parameters": [_parameter(one) for one in interface.get("Parameters") or []],
            "MetadataParameters": [_parameter(one) for one in interface.get("MetadataParameters") or []],
            "Ports": {"Inputs": inputs, "Outputs": outputs},
            "DataPathParameters": [],
            "DataPathParameterList": [],
        },
    }


def graph(document: Document) -> Document:
    return {**document["Graph"], "Id": document["Id"], "EntityStatus": "Active"}


def pipeline(document: Document, area: str) -> Document:
    """With the address that runs it: the "REST endpoint" of the studio."""
    return {**document, "Url": f"{area}/PipelineRuns/PipelineSubmit/{document['Id']}"}


def endpoint(document: Document, area: str) -> Document:
    return {**document, "Url": f"{area}/PipelineRuns/PipelineEndpointSubmit/Id/{document['Id']}"}


def pipeline_run(run: Document) -> Document:
    about = run["pipeline"]
    error = ((run["error"] or {}).get("error") or {}).get("message")
    return {
        "Id": run["runId"],
        "Description": about.get("description"),
        "Status": {
            "StatusCode": _PIPELINE_STATUS.get(run["status"], run["status"]),
            "StatusDetail": error,
            "CreationTime": run["createdUtc"],
            "EndTime": run["endTimeUtc"],
        },
        "GraphId": about["graph_id"],
        "IsSubmitted": True,
        "HasErrors": run["status"] == "Failed",
        "UploadState": "Completed",
        "ParameterAssignments": about["parameters"],
        "RunHistoryExperimentName": run["experimentName"],
        "PipelineId": about.get("pipeline_id"),
        "RunSource": about.get("source"),
        "RunType": "HTTP",
        "TotalRunSteps": about.get("steps", 0),
        "tags": run["tags"],
        "Properties": run["properties"],
        "EntityStatus": "Active",
        "CreatedDate": run["createdUtc"],
        "LastModifiedDate": run["endTimeUtc"] or run["startTimeUtc"] or run["createdUtc"],
    }


def node_status_code(step_run: Document | None, pipeline_run: Document) -> str:
    """A step that never began is NotStarted, and Canceled once its pipeline run has ended."""
    if step_run is None:
        return "Canceled" if pipeline_run["endTimeUtc"] else "NotStarted"
    status: str = step_run["status"]
    return _NODE_STATUS.get(status, status)


def node_status(step_run: Document | None, pipeline_run: Document) -> Document:
    run = step_run or {}
    error = ((run.get("error") or {}).get("error") or {}).get("message")
    return {
        "StatusCode": node_status_code(step_run, pipeline_run),
        "StatusDetail": error,
        "CreationTime": run.get("createdUtc"),
        "ScheduleTime": run.get("createdUtc"),
        "StartTime": run.get("startTimeUtc"),
        "EndTime": run.get("endTimeUtc"),
        "RunId": run.get("runId"),
        "HasWarnings": False,
    }


def node_output(datastore: str, path: str) -> Document:
    reference = {"AmlDataStoreName": datastore, "RelativePath": path}
    location = {"Type": "AzureBlob", "AzureBlobReference": reference}
    return {"DataTypeId": "AnyDirectory", "DataLocation": {"DataReference": location}}


def run(document: Document) -> Document:
    """Without a user's name the SDK logs a complaint each second."""
    shown = {name: value for name, value in document.items() if name not in _INTERNAL}
    return {**shown, "runUuid": document["runId"], "createdBy": _USER, "userId": "local", "warnings": None}


def run_details(document: Document, log_files: dict[str, str]) -> Document:
    return {
        "runId": document["runId"],
        "target": document.get("target"),
        "status": document["status"],
        "startTimeUtc": document["startTimeUtc"],
        "endTimeUtc": document["endTimeUtc"],
        "error": document["error"],
        "warnings": None,
        "services": {},
        "properties": document["properties"],
        "inputDatasets": [],
        "outputDatasets": [],
        "runDefinition": {},
        "logFiles": log_files,
        "submittedBy": "local",
    }


def metric(run_id: str, document: Document) -> Document:
    return {**document, "dataContainerId": f"dcid.{run_id}", "continuationToken": None}


def metric_definition(document: Document) -> Document:
    key = {"namespace": None, "name": document["name"], "labels": {}}
    return {"metricKey": key, "columns": document.get("columns") or {}}


def model(document: Document) -> Document:
    return {
        "datasets": [],
        "derivedModelIds": [],
        "mimeType": "application/x-python",
        "unpack": False,
        "sampleInputData": None,
        "sampleOutputData": None,
        "resourceRequirements": None,
        **document,
        "createdBy": _USER,
    }


def output_ports(entity: Document) -> list[str]:
    ports = entity["StructuredInterface"].get("Outputs") or []
    return [port["Name"] for port in ports if port["Name"] != RUN_AFTER_PORT]


def _parameter(declared: Document) -> Document:
    default = declared.get("DefaultValue")
    return {
        "Name": declared["Name"],
        "Documentation": None,
        "DefaultValue": None if default is None else str(default),
        "IsOptional": declared.get("IsOptional", True),
        "Type": "String",
    }
