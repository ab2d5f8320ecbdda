"""The workbook: questions of the table, one below the other, over a time range that its reader chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adf.monitor.queries import QUERIES

if TYPE_CHECKING:
    from adf.monitor.queries import Place, Query

SCHEMA: Final = "https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json"
TEXT, QUERY, PARAMETERS = 1, 3, 9
"""Types of items."""
LOGS: Final = 0
WORKSPACE: Final = "microsoft.operationalinsights/workspaces"
DAY_MS: Final = 86_400_000
SHOWN: Final = ("lateness", "windows_by_model", "windows", "failures", "durations", "triggers")


def properties(place: Place, workspace: str) -> dict[str, Any]:
    """A workbook's properties; `serializedData` as JSON that nobody has serialised yet."""
    title = f"Batch scoring: {place.project} in {place.environment}"
    shown = {query.name: query for query in QUERIES}
    return {
        "displayName": title,
        "description": "Windows and models, failures and freshness, of what adf-batch-scoring runs.",
        "category": "workbook",
        "sourceId": workspace,
        "serializedData": {
            "version": "Notebook/1.0",
            "items": [
                _text(title),
                _parameters(),
                *(_query(shown[name], place, workspace) for name in SHOWN),
            ],
            "fallbackResourceIds": [workspace],
            "$schema": SCHEMA,
        },
    }


def _text(title: str) -> dict[str, Any]:
    says = f"# {title}\n\nRuns of Data Factory, and what they say landed. Logs come some minutes late."
    return {"type": TEXT, "name": "title", "content": {"json": says}}


def _parameters() -> dict[str, Any]:
    choices = [{"durationMs": days * DAY_MS} for days in (1, 2, 7, 14, 30, 90)]
    time_range = {
        "id": "8f6f3b8e-55a5-4a4e-9a39-0c7a3f6c9d10",
        "version": "KqlParameterItem/1.0",
        "name": "TimeRange",
        "label": "Time range",
        "type": 4,
        "isRequired": True,
        "value": {"durationMs": 7 * DAY_MS},
        "typeSettings": {"selectableValues": choices, "allowCustom": True},
    }
    content = {"version": "KqlParameterItem/1.0", "parameters": [time_range], "style": "pills"}
    return {"type": PARAMETERS, "name": "parameters", "content": content}


def _query(query: Query, place: Place, workspace: str) -> dict[str, Any]:
    content = {
        "version": "KqlItem/1.0",
        "query": query.asked(place),
        "size": 0,
        "title": query.title,
        "noDataMessage": "Nothing in this time range.",
        "timeContextFromParameter": "TimeRange",
        "queryType": LOGS,
        "resourceType": WORKSPACE,
        "crossComponentResources": [workspace],
        "visualization": query.shown,
    }
    return {"type": QUERY, "name": query.name, "content": content}
