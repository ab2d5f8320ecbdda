"""What Resource Manager calls the resources that watch a factory, and what of their bodies is ours."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_URL, uuid5

from adf.ownership import ENVIRONMENT, MANAGED_BY_TAG, PROJECT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adf.entities import ResourceKind

Shape = dict[str, Any]
"""Key → what of it is ours: all of it (None), an object's keys (a Shape), each item's (a list with one)."""

_ALL: Final = None
_TRACKED: Final[Shape] = {
    "location": _ALL,
    "kind": _ALL,
    "tags": dict.fromkeys((MANAGED_BY_TAG, PROJECT, ENVIRONMENT, "hidden-title"), _ALL),
}
"""Tags of others (of a policy, of a cost centre) are not ours to compare."""


@dataclass(frozen=True)
class ResourceType:
    name: str
    """Provider and type: `Microsoft.Insights/metricAlerts`."""
    api_version: str
    shape: Shape


def _keys(*names: str, **inner: Any) -> Shape:  # noqa: ANN401 - shapes within shapes
    return {**dict.fromkeys(names, _ALL), **inner}


TYPES: Final[dict[ResourceKind, ResourceType]] = {
    "diagnostic_setting": ResourceType(
        "Microsoft.Insights/diagnosticSettings",
        "2021-05-01-preview",
        {
            "properties": _keys(
                "workspaceId",
                "logAnalyticsDestinationType",
                "storageAccountId",
                "eventHubAuthorizationRuleId",
                logs=[_keys("category", "categoryGroup", "enabled")],
            )
        },
    ),
    "action_group": ResourceType(
        "Microsoft.Insights/actionGroups",
        "2021-09-01",
        _TRACKED
        | {
            "properties": _keys(
                *("groupShortName", "enabled", "smsReceivers", "voiceReceivers", "armRoleReceivers"),
                *("logicAppReceivers", "azureFunctionReceivers", "automationRunbookReceivers"),
                *("azureAppPushReceivers", "eventHubReceivers", "itsmReceivers"),
                emailReceivers=[_keys("name", "emailAddress", "useCommonAlertSchema")],
                webhookReceivers=[_keys("name", "serviceUri", "useCommonAlertSchema")],
            )
        },
    ),
    "metric_alert": ResourceType(
        "Microsoft.Insights/metricAlerts",
        "2018-03-01",
        _TRACKED
        | {
            "properties": _keys(
                *("description", "severity", "enabled", "scopes", "evaluationFrequency", "windowSize"),
                "autoMitigate",
                criteria={
                    "odata.type": _ALL,
                    "allOf": [
                        _keys(
                            *("name", "metricName", "metricNamespace", "operator", "threshold"),
                            *("timeAggregation", "criterionType", "dimensions"),
                        )
                    ],
                },
                actions=[_keys("actionGroupId")],
            )
        },
    ),
    "log_alert": ResourceType(
        "Microsoft.Insights/scheduledQueryRules",
        "2021-08-01",
        _TRACKED
        | {
            "properties": _keys(
                *("displayName", "description", "severity", "enabled", "scopes", "evaluationFrequency"),
                *("windowSize", "overrideQueryTimeRange", "muteActionsDuration", "autoMitigate"),
                "skipQueryValidation",
                criteria={
                    "allOf": [
                        _keys(
                            *("query", "timeAggregation", "operator", "threshold", "dimensions"),
                            "failingPeriods",
                        )
                    ]
                },
                actions=_keys("actionGroups"),
            )
        },
    ),
    "workbook": ResourceType(
        "Microsoft.Insights/workbooks",
        "2022-04-01",
        _TRACKED
        | {"properties": _keys("displayName", "description", "category", "sourceId", "serializedData")},
    ),
    "dashboard": ResourceType(
        "Microsoft.Portal/dashboards",
        "2020-09-01-preview",
        _TRACKED | {"properties": _keys("lenses", "metadata")},
    ),
}


def azure_name(kind: ResourceKind, name: str) -> str:
    """What a resource is called in Azure, where that may not be just anything: a workbook is a GUID, a
    dashboard has 3 to 24 letters and digits. The same name is always the same.
    """
    match kind:
        case "workbook":
            return str(uuid5(NAMESPACE_URL, f"adf-batch-scoring:{name.casefold()}"))
        case "dashboard":
            return f"abs-{uuid5(NAMESPACE_URL, f'adf-batch-scoring:{name.casefold()}').hex[:20]}"
    return name


def ours(shape: Shape, answer: Mapping[str, Any]) -> dict[str, Any]:
    """What of Azure's answer this program writes, or would have to undo."""
    return {key: _within(inner, answer[key]) for key, inner in shape.items() if key in answer}


def _within(shape: Any, value: Any) -> Any:  # noqa: ANN401 - JSON
    match shape, value:
        case dict(), dict():
            return ours(shape, value)
        case [each], list():
            return [_within(each, item) for item in value]
    return value


def encoded(body: Mapping[str, Any]) -> dict[str, Any]:
    """As Resource Manager takes it: a workbook's content is a text within the JSON."""
    properties = body["properties"]
    content = properties.get("serializedData")
    if content is None:
        return dict(body)
    return {**body, "properties": {**properties, "serializedData": json.dumps(content, ensure_ascii=False)}}
