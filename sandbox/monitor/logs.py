"""Where logs go: diagnostic settings of a factory, and the workspaces of Log Analytics, of which there is the
resource only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import AzureError, NotEmulated

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from sandbox.monitor.fields import Fields
    from sandbox.monitor.known import Known

CATEGORIES: Final = (
    "ActivityRuns",
    "PipelineRuns",
    "TriggerRuns",
    "SandboxActivityRuns",
    "SandboxPipelineRuns",
)
MOST: Final = 5
"""Diagnostic settings that a resource has."""
_OTHER_SINKS: Final = ("storageAccountId", "eventHubAuthorizationRuleId", "marketplacePartnerId", "metrics")


def workspace(body: Fields, _: Known) -> None:
    body.text("location")


def diagnostic_setting(body: Fields, known: Known) -> None:
    properties = body.object("properties")
    for other in _OTHER_SINKS:
        if properties.has(other):
            raise NotEmulated(f"A diagnostic setting with {other}")
    known.workspace(properties.text("workspaceId"), "properties.workspaceId")
    if properties.has("logAnalyticsDestinationType"):
        properties.one_of("logAnalyticsDestinationType", ("Dedicated", "AzureDiagnostics"))
    for log in properties.objects("logs"):
        if log.has("categoryGroup"):
            raise NotEmulated("A diagnostic setting with categoryGroup")
        log.one_of("category", CATEGORIES)
        log.flag("enabled")


def refuse_conflict(name: str, body: dict[str, Any], others: Iterable[dict[str, Any]]) -> None:
    """A log goes to a workspace once, and a resource has five settings at most."""
    others = [each for each in others if each["name"].lower() != name.lower()]
    if len(others) >= MOST:
        raise AzureError(409, "Conflict", f"A resource has at most {MOST} diagnostic settings.")
    for other in others:
        same_place = _workspace(other) == _workspace(body)
        if same_place and (twice := _on(body) & _on(other)):
            raise AzureError(
                409,
                "Conflict",
                f"Data sink '{body['properties']['workspaceId']}' is already used in diagnostic setting "
                f"'{other['name']}' for category '{min(twice)}'. Data sinks can't be reused in different "
                "settings on the same category for the same resource.",
            )


def answered(body: dict[str, Any]) -> dict[str, Any]:
    """Every category there is, on or off, each with a retention that no longer means anything."""
    properties, on = body["properties"], _on(body)
    retention = {"enabled": False, "days": 0}
    logs = [
        {"category": each, "categoryGroup": None, "enabled": each in on, "retentionPolicy": retention}
        for each in CATEGORIES
    ]
    return {"properties": {"storageAccountId": None, "metrics": [], **properties, "logs": logs}}


def _on(body: dict[str, Any]) -> set[str]:
    return {str(each["category"]) for each in body["properties"]["logs"] if each["enabled"]}


def _workspace(body: dict[str, Any]) -> str:
    return str(body["properties"]["workspaceId"]).lower()
