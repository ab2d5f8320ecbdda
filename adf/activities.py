"""The activities that our pipelines are made of, each as Data Factory's own JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from adf.entities import EndpointId, EndpointVersion
from adf.expressions import Value, constant, evaluated
from adf.linked_services import reference as linked_service_reference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Activity = dict[str, Any]
Condition = Literal["Succeeded", "Failed", "Skipped", "Completed"]

RETRIES = 2
"""Of what may be done twice: reading, telling, and the warehouse's steps. Scoring is not retried, a rerun of
it is a decision."""

KEY_VAULT = "https://vault.azure.net"
"""Whom a token for any vault is for."""


def after(**conditions: Condition | Sequence[Condition]) -> list[dict[str, Any]]:
    """`dependsOn`: all of the named activities, each in its condition, or in one of several."""
    return [
        {"activity": name, "dependencyConditions": [any_of] if isinstance(any_of, str) else list(any_of)}
        for name, any_of in conditions.items()
    ]


def run_ml_pipeline(
    name: str,
    ml_pipeline: str,
    *,
    linked_service: str,
    experiment: str,
    parameters: Mapping[str, str],
    timeout_minutes: int,
    user_properties: Mapping[str, Value],
) -> Activity:
    """`AzureMLExecutePipeline` of a pipeline endpoint pinned to a version; waits until the ML run has ended.

    `parameters` are strings only: that is what Azure ML takes from Data Factory.
    """
    return {
        "name": name,
        "type": "AzureMLExecutePipeline",
        "dependsOn": [],
        "policy": policy(timeout_minutes),
        "userProperties": [{"name": key, "value": value} for key, value in user_properties.items()],
        "linkedServiceName": linked_service_reference(linked_service),
        "typeProperties": {
            "mlPipelineEndpointId": EndpointId(ml_pipeline),
            "version": EndpointVersion(ml_pipeline),
            "experimentName": experiment,
            "mlPipelineParameters": dict(parameters),
        },
    }


def look_up_json(name: str, dataset: Mapping[str, Any], depends_on: Sequence[Mapping[str, Any]]) -> Activity:
    """`Lookup` of the first object of a JSON file in the lake."""
    return {
        "name": name,
        "type": "Lookup",
        "dependsOn": list(depends_on),
        "policy": policy(10, retry=RETRIES),
        "typeProperties": {
            "source": {
                "type": "JsonSource",
                "storeSettings": {"type": "AzureBlobFSReadSettings", "recursive": False},
                "formatSettings": {"type": "JsonReadSettings"},
            },
            "dataset": dict(dataset),
            "firstRowOnly": True,
        },
    }


def run_script(
    name: str,
    text: str,
    parameters: Mapping[str, tuple[str, Value]],
    *,
    linked_service: str,
    timeout_minutes: int,
    depends_on: Sequence[Mapping[str, Any]],
) -> Activity:
    """`Script`: one batch of T-SQL, of which no rows are wanted. `parameters`: name → type and value."""
    given = [
        {"name": key, "type": kind, "value": value, "direction": "Input"}
        for key, (kind, value) in parameters.items()
    ]
    return {
        "name": name,
        "type": "Script",
        "dependsOn": list(depends_on),
        "policy": policy(timeout_minutes, retry=RETRIES),
        "linkedServiceName": linked_service_reference(linked_service),
        "typeProperties": {
            "scripts": [{"type": "NonQuery", "text": constant(text), "parameters": given}],
            "scriptBlockExecutionTimeout": duration(timeout_minutes),
        },
    }


def copy_to_table(
    name: str,
    *,
    source: Mapping[str, Any],
    source_format: str,
    sink: Mapping[str, Any],
    additional_columns: Mapping[str, Value],
    columns: Sequence[str],
    pre_copy_script: Value,
    timeout_minutes: int,
) -> Activity:
    """`Copy` of one file of the lake to a table of Azure SQL: `columns` have one name on both sides."""
    return {
        "name": name,
        "type": "Copy",
        "dependsOn": [],
        "policy": policy(timeout_minutes, retry=RETRIES),
        "inputs": [dict(source)],
        "outputs": [dict(sink)],
        "typeProperties": {
            "source": {
                "type": f"{source_format}Source",
                "storeSettings": {"type": "AzureBlobFSReadSettings", "recursive": False},
                "formatSettings": {"type": f"{source_format}ReadSettings"},
                "additionalColumns": [
                    {"name": key, "value": value} for key, value in additional_columns.items()
                ],
            },
            "sink": {
                "type": "AzureSqlSink",
                "preCopyScript": pre_copy_script,
                "writeBehavior": "insert",
                "tableOption": "none",
            },
            "translator": {
                "type": "TabularTranslator",
                "mappings": [
                    {"source": {"name": constant(column)}, "sink": {"name": constant(column)}}
                    for column in columns
                ],
                "typeConversion": True,
                "typeConversionSettings": {"allowDataTruncation": False, "treatBooleanAsNumber": False},
            },
        },
    }


def read_secret(name: str, url: str, depends_on: Sequence[Mapping[str, Any]]) -> Activity:
    """`WebActivity` that reads a secret of a Key Vault by the factory's identity: `output.value`, shown
    nowhere.
    """
    properties = {
        "method": "GET",
        "url": constant(url),
        "authentication": {"type": "MSI", "resource": KEY_VAULT},
    }
    return _web(name, properties, depends_on, {"secureOutput": True})


def post_json(
    name: str, url: Value, body: Mapping[str, Any], depends_on: Sequence[Mapping[str, Any]]
) -> Activity:
    """`WebActivity` that posts `body` to an address that nobody may see.

    The answer is hidden too, as its headers may hold the address, and it is not waited for.
    """
    properties = {
        "method": "POST",
        "url": url,
        "headers": {"Content-Type": "application/json"},
        "body": dict(body),
        "turnOffAsync": True,
    }
    return _web(name, properties, depends_on, {"secureInput": True, "secureOutput": True})


def _web(
    name: str,
    properties: Mapping[str, Any],
    depends_on: Sequence[Mapping[str, Any]],
    hidden: Mapping[str, bool],
) -> Activity:
    return {
        "name": name,
        "type": "WebActivity",
        "dependsOn": list(depends_on),
        "policy": policy(10, retry=RETRIES) | dict(hidden),
        "typeProperties": dict(properties),
    }


def if_so(
    name: str, expression: str, activities: Sequence[Activity], depends_on: Sequence[Mapping[str, Any]]
) -> Activity:
    """`IfCondition` that runs `activities` where `expression` is true."""
    return _if(name, expression, depends_on, ifTrueActivities=list(activities))


def if_not(
    name: str, expression: str, activities: Sequence[Activity], depends_on: Sequence[Mapping[str, Any]]
) -> Activity:
    """`IfCondition` that runs `activities` where `expression` is false."""
    return _if(name, expression, depends_on, ifFalseActivities=list(activities))


def _if(
    name: str, expression: str, depends_on: Sequence[Mapping[str, Any]], **branch: list[Activity]
) -> Activity:
    return {
        "name": name,
        "type": "IfCondition",
        "dependsOn": list(depends_on),
        "typeProperties": {"expression": evaluated(expression), **branch},
    }


def fail(
    name: str, message: str, *, error_code: str, depends_on: Sequence[Mapping[str, Any]] = ()
) -> Activity:
    """`Fail` with the message that the expression `message` gives."""
    return {
        "name": name,
        "type": "Fail",
        "dependsOn": list(depends_on),
        "typeProperties": {"message": evaluated(message), "errorCode": error_code},
    }


def policy(timeout_minutes: int, *, retry: int = 0) -> dict[str, Any]:
    """What Studio writes for an execution activity; the timeout as `d.hh:mm:ss`."""
    return {
        "timeout": duration(timeout_minutes),
        "retry": retry,
        "retryIntervalInSeconds": 30,
        "secureInput": False,
        "secureOutput": False,
    }


def duration(minutes: int) -> str:
    """`d.hh:mm:ss`, as Studio writes it."""
    hours, rest = divmod(minutes, 60)
    return f"{hours // 24}.{hours % 24:02}:{rest:02}:00"
