"""What the reference says of where a key ends in Azure is found by changing the key."""

from __future__ import annotations

import re

import pytest

from config import json_schema
from config.loader import load
from deployment.desired import contracts
from deployment.origins import _owners
from tests.docs.pages import REPOSITORY

CALENDAR = "{type: calendar, start: 2026-11-03T06:00:00, end: 2027-11-01T06:00:00, hours: [6], minutes: [0], "
OPTIONS = [  # every key that ends in a property is set in one of them, or has a default
    f"models.diabetes.schedules.score.weekly={CALENDAR} frequency: Week, week_days: [Monday]}}",
    f"models.diabetes.schedules.score.monthly={CALENDAR} frequency: Month, month_days: [1]}}",
    (
        f"models.diabetes.schedules.score.weekdays={CALENDAR} frequency: Month, "
        "monthly_occurrences: [first Monday, last Friday]}"
    ),
    "models.diabetes.schedules.score.daily.start=2027-01-01T00:00:00Z",
    (
        "models.diabetes.schedules.score.past={type: tumbling, frequency: Hour, interval: 24, "
        "backfill_from: 2026-11-01T00:00:00Z, end: 2026-12-01T00:00:00Z}"
    ),
    "models.diabetes.schedules.score.daily.end=2028-01-01T00:00:00Z",
    "models.diabetes.schedules.score.daily.retry_count=1",
    (
        "models.diabetes.schedules.score.daily.depends_on=[{schedule: past, offset_minutes: -2880, "
        "window_minutes: 720}]"
    ),
    (
        "models.diabetes.schedules.score.arrived={type: event, begins_with: raw/diabetes/incoming/20, "
        "ends_with: .csv, ignore_empty_files: true}"
    ),
    "lake.resource_group=rg-lake",
    "models.diabetes.training.timeout_minutes=30",
    (
        "monitoring={workspace_id: /subscriptions/0/resourceGroups/rg/providers/"
        "Microsoft.OperationalInsights/workspaces/log-scoring, receivers: {emails: {on-call: "
        "on-call@example.org}, webhooks: {pager: https://pager.example.org/alerts}}, "
        "failed_pipelines: {threshold: 1, severity: 2}}"
    ),
    "notification={vault: kv-scoring, secret: failure-webhook}",
    "warehouse={server: reporting.database.windows.net, database: reporting}",
    (
        "models.diabetes.output.warehouse={table: dbo.scores, columns: {prediction: float}, "
        "timeout_minutes: 30}"
    ),
]
PROPERTY = re.compile(
    r"^(?:the \w+'s? )?`([a-z]+(?:[A-Z][a-z]+)*(?:\.[a-zA-Z]+)*)`(?! of the ParallelRunStep)"
)


def promised():
    """(class, key, property) of each key that is said to end in a property of the factory's JSON."""
    for made in (json_schema.environment_schema(), json_schema.model_schema()):
        for name, body in [*made["definitions"].items(), (made["title"], made)]:
            for key, value in body.get("properties", {}).items():
                _, _, azure = value.get("description", "").partition("Azure: ")
                if found := PROPERTY.match(azure):
                    yield name, key, found[1]


@pytest.fixture(scope="module")
def owners():
    """(path of a property, keys that decide it) of everything in the factory."""
    settings = load(REPOSITORY, "local", options=OPTIONS)
    found = _owners(settings, contracts(settings))
    return [(path, [".".join(key) for key in keys]) for (_, path), keys in found.items()]


@pytest.mark.parametrize(("section", "key", "path"), sorted(set(promised())), ids=str)
def test_a_key_ends_where_the_reference_says(section, key, path, owners):
    moved = [where for where, keys in owners if any(each.split(".")[-1] == key for each in keys)]

    assert [where for where in moved if path in where], (section, moved)


def test_the_reference_promises_something():
    assert len(set(promised())) > 20
