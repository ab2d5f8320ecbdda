"""The activities that our pipelines are made of, each as Data Factory's own JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from adf.entities import EndpointId, EndpointVersion
from adf.expressions import Value, evaluated
from adf.linked_services import reference as linked_service_reference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Activity = dict[str, Any]
Condition = Literal["Succeeded", "Failed", "Skipped", "Completed"]

LOOKUP_RETRIES = 2
"""Only reading is retried: the scoring activity is not, a rerun of it is a decision."""


def after(**conditions: Condition) -> list[dict[str, Any]]:
    """`dependsOn`: all of the named activities, each in its condition."""
    return [
        {"activity": activity, "dependencyConditions": [condition]}
        for activity, condition in conditions.items()
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
        "policy": policy(10, retry=LOOKUP_RETRIES),
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


def if_not(
    name: str, expression: str, activities: Sequence[Activity], depends_on: Sequence[Mapping[str, Any]]
) -> Activity:
    """`IfCondition` that runs `activities` where `expression` is false."""
    return {
        "name": name,
        "type": "IfCondition",
        "dependsOn": list(depends_on),
        "typeProperties": {"expression": evaluated(expression), "ifFalseActivities": list(activities)},
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
