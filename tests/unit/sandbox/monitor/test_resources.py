"""Azure Monitor's resources in the local Azure: what is taken is kept, what is not is refused by its name."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.conftest import MANAGEMENT

if TYPE_CHECKING:
    from tests.conftest import LocalAzure

GROUP = "/subscriptions/00000000-0000-0000-0000-0000000000aa/resourceGroups/rg-monitor"
FACTORY = f"{GROUP}/providers/Microsoft.DataFactory/factories/adf-monitor-tests"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-tests"
ACTION_GROUP = f"{GROUP}/providers/Microsoft.Insights/actionGroups/ag-tests"
SETTING = f"{FACTORY}/providers/Microsoft.Insights/diagnosticSettings/logs"
VERSIONS = {
    "actionGroups": "2021-09-01",
    "metricAlerts": "2018-03-01",
    "scheduledQueryRules": "2021-08-01",
    "workbooks": "2022-04-01",
    "dashboards": "2020-09-01-preview",
    "workspaces": "2022-10-01",
    "diagnosticSettings": "2021-05-01-preview",
}
GROUP_BODY: dict[str, Any] = {
    "location": "global",
    "properties": {
        "groupShortName": "tests",
        "enabled": True,
        "emailReceivers": [{"name": "a", "emailAddress": "a@example.org"}],
    },
}
METRIC_ALERT: dict[str, Any] = {
    "location": "global",
    "properties": {
        "severity": 1,
        "enabled": True,
        "scopes": [FACTORY],
        "evaluationFrequency": "PT1M",
        "windowSize": "PT5M",
        "criteria": {
            "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
            "allOf": [
                {
                    "name": "failed",
                    "criterionType": "StaticThresholdCriterion",
                    "metricName": "PipelineFailedRuns",
                    "operator": "GreaterThan",
                    "threshold": 0,
                    "timeAggregation": "Total",
                    "dimensions": [{"name": "Name", "operator": "Include", "values": ["p"]}],
                }
            ],
        },
        "actions": [{"actionGroupId": ACTION_GROUP}],
    },
}
LOG_ALERT: dict[str, Any] = {
    "location": "here",
    "kind": "LogAlert",
    "properties": {
        "severity": 1,
        "enabled": True,
        "scopes": [WORKSPACE],
        "evaluationFrequency": "PT15M",
        "windowSize": "P2D",
        "criteria": {
            "allOf": [
                {
                    "query": "ADFPipelineRun | count",
                    "timeAggregation": "Count",
                    "operator": "GreaterThan",
                    "threshold": 0,
                }
            ]
        },
        "actions": {"actionGroups": [ACTION_GROUP]},
    },
}
ITEM = {
    "type": 3,
    "name": "runs",
    "content": {
        "version": "KqlItem/1.0",
        "query": "ADFPipelineRun",
        "resourceType": "microsoft.operationalinsights/workspaces",
        "visualization": "table",
    },
}
WORKBOOK: dict[str, Any] = {
    "location": "here",
    "kind": "shared",
    "properties": {
        "displayName": "tests",
        "category": "workbook",
        "serializedData": json.dumps({"version": "Notebook/1.0", "items": [ITEM]}),
    },
}
DASHBOARD: dict[str, Any] = {
    "location": "here",
    "properties": {
        "lenses": [
            {
                "order": 0,
                "parts": [
                    {
                        "position": {"x": 0, "y": 0, "colSpan": 6, "rowSpan": 4},
                        "metadata": {"type": "Extension/HubsExtension/PartType/MonitorChartPart"},
                    }
                ],
            }
        ]
    },
}
LOGS: dict[str, Any] = {
    "properties": {
        "workspaceId": WORKSPACE,
        "logAnalyticsDestinationType": "Dedicated",
        "logs": [{"category": "PipelineRuns", "enabled": True}],
    }
}
WHOLE = {
    "actionGroups/ag-tests": GROUP_BODY,
    "metricAlerts/failed": METRIC_ALERT,
    "scheduledQueryRules/missing": LOG_ALERT,
    "workbooks/6f1c0b5e-55a5-4a4e-9a39-0c7a3f6c9d10": WORKBOOK,
    "dashboards/tests": DASHBOARD,
}


@pytest.fixture(scope="module", autouse=True)
def place(sandbox: LocalAzure) -> None:
    """A factory, a workspace and an action group to refer to."""
    sandbox.arm("PUT", GROUP, {"location": "here"}).raise_for_status()
    sandbox.arm("PUT", FACTORY, {"location": "here"}).raise_for_status()
    ask(sandbox, "PUT", WORKSPACE, {"location": "here"}).raise_for_status()
    ask(sandbox, "PUT", ACTION_GROUP, GROUP_BODY).raise_for_status()


def ask(
    azure: LocalAzure, method: str, path: str, body: Any = None, *, version: str = "", more: str = ""
) -> requests.Response:
    kind = path.split("/")[-2] if path.split("/")[-2] in VERSIONS else path.rsplit("/", maxsplit=1)[-1]
    version = version or VERSIONS.get(kind, "2024-01-01")
    return requests.request(
        method,
        f"{azure.control}{path}?api-version={version}{more}",
        json=body,
        headers={"Authorization": f"Bearer {azure.token(MANAGEMENT)}"},
        verify=azure.bundle,
        timeout=10,
    )


def address(name: str) -> str:
    provider = "Microsoft.Portal" if name.startswith("dashboards/") else "Microsoft.Insights"
    return f"{GROUP}/providers/{provider}/{name}"


def changed(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """With one field set, or taken out where the value is None."""
    made = copy.deepcopy(body)
    *way, last = [int(each) if each.isdigit() else each for each in path.split("/")]
    inner: Any = made
    for key in way:
        inner = inner[key]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return made


@pytest.mark.parametrize("name", WHOLE)
def test_a_resource_is_made_read_replaced_and_deleted(sandbox: LocalAzure, name: str):
    """201 and 200; 404 and 204 once it is gone. The answer holds what was sent, and more."""
    body = {**WHOLE[name], "tags": {"whose": "ours"}}
    path = address(name)
    ask(sandbox, "DELETE", path)

    statuses = [ask(sandbox, *call).status_code for call in (("PUT", path, body), ("PUT", path, body))]
    found = ask(sandbox, "GET", path, more="&canFetchContent=true").json()
    listed = ask(sandbox, "GET", path.rpartition("/")[0]).json()["value"]

    assert statuses == [201, 200]
    assert found["id"] == path
    assert found["tags"] == {"whose": "ours"}
    assert body["properties"].items() <= found["properties"].items()
    assert path in [each["id"] for each in listed]
    if name != "actionGroups/ag-tests":
        gone = [ask(sandbox, call, path).status_code for call in ("DELETE", "DELETE", "GET")]
        assert gone == [200, 204, 404]


def test_a_workbook_is_told_without_its_content_unless_it_is_asked_for(sandbox: LocalAzure):
    path = address("workbooks/6f1c0b5e-55a5-4a4e-9a39-0c7a3f6c9d11")
    ask(sandbox, "PUT", path, WORKBOOK).raise_for_status()

    assert "serializedData" not in ask(sandbox, "GET", path).json()["properties"]
    whole = ask(sandbox, "GET", path, more="&canFetchContent=true").json()
    assert whole["properties"]["serializedData"] == WORKBOOK["properties"]["serializedData"]


def test_a_resource_does_not_move(sandbox: LocalAzure):
    path = address("dashboards/moves")
    ask(sandbox, "PUT", path, DASHBOARD).raise_for_status()
    answer = ask(sandbox, "PUT", path, {**DASHBOARD, "location": "elsewhere"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "InvalidResourceLocation")
    assert ask(sandbox, "PUT", path, {**DASHBOARD, "location": "He re"}).status_code == 200


REFUSED = [
    ("actionGroups/ag-tests", "properties/groupShortName", "more than twelve", "groupShortName"),
    ("actionGroups/ag-tests", "properties/enabled", None, "enabled"),
    ("actionGroups/ag-tests", "properties/emailReceivers/0/emailAddress", "nobody", "emailAddress"),
    ("actionGroups/ag-tests", "location", None, "location"),
    ("metricAlerts/failed", "location", "westeurope", "location"),
    ("metricAlerts/failed", "properties/severity", 5, "severity"),
    ("metricAlerts/failed", "properties/windowSize", "PT7M", "windowSize"),
    ("metricAlerts/failed", "properties/evaluationFrequency", "PT15M", "windowSize"),
    ("metricAlerts/failed", "properties/scopes", [], "scopes"),
    ("metricAlerts/failed", "properties/scopes/0", WORKSPACE, "scopes"),
    ("metricAlerts/failed", "properties/criteria/allOf/0/metricName", "Runs", "metricName"),
    ("metricAlerts/failed", "properties/criteria/allOf/0/threshold", "0", "threshold"),
    ("metricAlerts/failed", "properties/criteria/allOf/0/dimensions/0/name", "RunId", "dimensions[0].name"),
    ("metricAlerts/failed", "properties/criteria/allOf/0/timeAggregation", "Average", "timeAggregation"),
    ("scheduledQueryRules/missing", "properties/windowSize", "P3D", "windowSize"),
    ("scheduledQueryRules/missing", "properties/criteria/allOf/0/query", None, "query"),
    ("scheduledQueryRules/missing", "properties/criteria/allOf/0/query", "NoSuchTable", "query"),
    ("scheduledQueryRules/missing", "properties/criteria/allOf/0/operator", "More", "operator"),
    ("workbooks/6f1c0b5e-55a5-4a4e-9a39-0c7a3f6c9d10", "properties/serializedData", "{", "serializedData"),
    ("workbooks/6f1c0b5e-55a5-4a4e-9a39-0c7a3f6c9d10", "properties/serializedData", "{}", "version"),
    (
        "workbooks/6f1c0b5e-55a5-4a4e-9a39-0c7a3f6c9d10",
        "properties/serializedData",
        "[" * 9**5,
        "serializedData",
    ),
    ("workbooks/6f1c0b5e-55a5-4a4e-9a39-0c7a3f6c9d10", "kind", "user", "kind"),
    ("dashboards/tests", "properties/lenses/0/parts/0/position/colSpan", 0, "colSpan"),
    ("dashboards/tests", "properties/lenses/0/parts/0/metadata/type", "chart", "metadata.type"),
]


@pytest.mark.parametrize(("name", "path", "value", "field"), REFUSED, ids=[each[1][-40:] for each in REFUSED])
def test_a_field_that_azure_would_refuse_is_refused_by_its_path(
    sandbox: LocalAzure, name: str, path: str, value: Any, field: str
):
    answer = ask(sandbox, "PUT", address(name), changed(WHOLE[name], path, value))

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")
    assert field in answer.json()["error"]["target"]


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("metricAlerts/failed", "properties/actions/0/actionGroupId", f"{ACTION_GROUP}-none"),
        ("metricAlerts/failed", "properties/scopes/0", f"{FACTORY}-none"),
        ("scheduledQueryRules/missing", "properties/scopes/0", f"{WORKSPACE}-none"),
    ],
)
def test_what_is_referred_to_must_be_there(sandbox: LocalAzure, name: str, path: str, value: str):
    answer = ask(sandbox, "PUT", address(name), changed(WHOLE[name], path, value))

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceNotFound")


@pytest.mark.parametrize(
    ("method", "path", "named"),
    [
        ("PUT", f"{GROUP}/providers/Microsoft.Insights/activityLogAlerts/x", "activityLogAlerts"),
        ("GET", f"{GROUP}/providers/Microsoft.Insights/components", "Microsoft.Insights/components"),
        ("PUT", f"{GROUP}/providers/Microsoft.Portal/consoles/x", "Microsoft.Portal/consoles"),
    ],
)
def test_what_is_not_known_is_refused_by_its_name(sandbox: LocalAzure, method: str, path: str, named: str):
    answer = ask(sandbox, method, path, {} if method == "PUT" else None)

    assert (answer.status_code, answer.json()["error"]["code"]) == (501, "NotImplementedByLocalAzure")
    assert named in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("name", "path", "value", "named"),
    [
        ("actionGroups/ag-tests", "properties/smsReceivers", [{"name": "x"}], "smsReceivers"),
        (
            "metricAlerts/failed",
            "properties/criteria/allOf/0/criterionType",
            "DynamicThresholdCriterion",
            "DynamicThresholdCriterion",
        ),
        ("scheduledQueryRules/missing", "kind", "LogToMetric", "LogToMetric"),
    ],
)
def test_a_form_that_is_not_known_is_refused_by_its_name(
    sandbox: LocalAzure, name: str, path: str, value: Any, named: str
):
    answer = ask(sandbox, "PUT", address(name), changed(WHOLE[name], path, value))

    assert (answer.status_code, answer.json()["error"]["code"]) == (501, "NotImplementedByLocalAzure")
    assert named in answer.json()["error"]["message"]


def test_an_api_version_that_there_is_not_is_named_with_those_that_there_are(sandbox: LocalAzure):
    answer = ask(sandbox, "PUT", address("metricAlerts/failed"), METRIC_ALERT, version="2017-01-01")

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "NoRegisteredProviderFound")
    assert "2018-03-01" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "status"),
    [(address("workbooks/no-guid"), 400), (address("dashboards/far-too-long-for-a-dashboard"), 400)],
)
def test_a_name_that_azure_would_refuse_is_refused(sandbox: LocalAzure, path: str, status: int):
    body = WORKBOOK if "workbooks" in path else DASHBOARD
    answer = ask(sandbox, "PUT", path, body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, "InvalidResourceName")


def test_a_diagnostic_setting_is_kept_and_answered_with_every_category(sandbox: LocalAzure):
    put = ask(sandbox, "PUT", SETTING, LOGS)
    found = ask(sandbox, "GET", SETTING).json()["properties"]

    assert put.status_code == 200
    assert {each["category"] for each in found["logs"] if each["enabled"]} == {"PipelineRuns"}
    assert len(found["logs"]) == 5
    assert [each["name"] for each in ask(sandbox, "GET", SETTING.rpartition("/")[0]).json()["value"]] == [
        "logs"
    ]
    gone = [ask(sandbox, call, SETTING).status_code for call in ("DELETE", "DELETE", "GET")]
    assert gone == [200, 204, 404]


def test_a_log_goes_to_a_workspace_once(sandbox: LocalAzure):
    ask(sandbox, "PUT", SETTING, LOGS).raise_for_status()
    answer = ask(sandbox, "PUT", f"{SETTING}-again", LOGS)
    ask(sandbox, "DELETE", SETTING)

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "Conflict")
    assert "'logs' for category 'PipelineRuns'" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "value", "status"),
    [
        ("properties/logs/0/category", "Runs", 400),
        ("properties/logs", [], 400),
        ("properties/workspaceId", f"{WORKSPACE}-none", 404),
        ("properties/logAnalyticsDestinationType", "Mine", 400),
        ("properties/storageAccountId", "x", 501),
    ],
)
def test_a_diagnostic_setting_that_azure_would_refuse_is_refused(
    sandbox: LocalAzure, path: str, value: Any, status: int
):
    assert ask(sandbox, "PUT", SETTING, changed(LOGS, path, value)).status_code == status


def test_without_a_factory_there_is_no_diagnostic_setting(sandbox: LocalAzure):
    nowhere = SETTING.replace("adf-monitor-tests", "adf-none")

    assert ask(sandbox, "PUT", nowhere, LOGS).status_code == 404
