"""What we render, judged by Microsoft's JavaScript client of Data Factory (npm, @azure/arm-datafactory)."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from adf.entities import StartAtCreation
from adf.git_layout import documents
from tests import npm
from tests.golden.test_factory_bodies import CASES
from tests.unit.adf.builders import built, calendar, model, tumbling

if TYPE_CHECKING:
    from collections.abc import Callable

    from adf.entities import Entity, Placeholder

Body = dict[str, Any]


@pytest.fixture
def findings() -> Callable[[list[tuple[str, Body]]], list[list[str]]]:
    """What the mappers find in each body; local times are read as UTC."""

    installed = npm.modules()

    def found(bodies: list[tuple[str, Body]]) -> list[list[str]]:
        ended = subprocess.run(
            ["node", npm.SCRIPTS / "judge.mjs", installed],
            input=json.dumps([{"kind": kind, "properties": body} for kind, body in bodies]),
            env={**os.environ, "TZ": "UTC"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert ended.returncode == 0, ended.stderr
        return list(json.loads(ended.stdout))

    return found


def rendered(entities: dict[str, Entity]) -> dict[str, Body]:
    """Name → what the Git layout says; the ARM template says the same (tests/property)."""

    def known(_: Entity, placeholder: Placeholder) -> str:
        return "2026-11-01T00:00:00Z" if isinstance(placeholder, StartAtCreation) else "7"

    made = documents(list(entities.values()), known, factory="adf-demo", location="westeurope")
    return {body["name"]: body["properties"] for body in made.values() if body.get("name") in entities}


NEWER = {"AzureSqlDatabase"}
"""Kinds whose present form (`server`, `database`) this client is older than: it knows a connection string
only. The SDK's types, which know it, judge them: adf/schema.json.
"""
NEWER_PROPERTY = "typeProperties.turnOffAsync: true comes back as undefined"
"""Of a WebActivity; likewise."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_microsofts_client_reads_and_writes_what_we_render_unchanged(case, findings):
    """Each property is one that it knows, of the type it knows, inside of its bounds."""
    entities = case()
    bodies = rendered(entities)

    assert list(bodies) == list(entities)
    judged = {name: body for name, body in bodies.items() if body.get("type") not in NEWER}
    found = zip(judged, findings([(entities[name].kind, body) for name, body in judged.items()]), strict=True)
    assert [
        (name, each) for name, of_one in found for each in of_one if not each.endswith(NEWER_PROPERTY)
    ] == []


FAULTS: list[tuple[str, str, object]] = [
    ("score_diabetes", "activities.0.dependOn", []),
    ("score_diabetes", "activities.0.type", "AzureMLExecutePipelines"),
    ("score_diabetes", "activities.0.typeProperties.mlPipelineEndpointID", "x"),
    ("score_diabetes", "activities.0.policy.retryIntervalInSeconds", 5),
    ("score_diabetes", "activities.0.userProperties.0.name", None),
    ("score_diabetes", "activities.1.name", None),
    ("score_diabetes", "activities.1.dependsOn", "score"),
    ("ds_lake_receipt", "typeProperties.folder", "x"),
    ("ls_azureml", "typeProperties.mlWorkspaceName", None),
    ("tr_score_diabetes_daily", "runtimestate", "Started"),
    ("tr_score_diabetes_daily", "typeProperties.recurrence.interval", "1"),
    ("tr_score_diabetes_daily", "typeProperties.recurrence.time_zone", "UTC"),
    ("tr_score_diabetes_hourly", "typeProperties.maxConcurrency", 51),
    ("tr_score_diabetes_hourly", "typeProperties.retryPolicy.intervalInSeconds", 5),
]


def test_the_judge_finds_what_is_wrong(findings):
    """Unknown properties, wrong types, broken bounds, what is required: the judge can say no."""
    schedules = {"score": {"daily": calendar(), "hourly": tumbling()}}
    entities = built(model(schedules=schedules))
    wrong = [
        (entities[name].kind, changed(rendered(entities)[name], path.split("."), value))
        for name, path, value in FAULTS
    ]

    silent = [fault for fault, found in zip(FAULTS, findings(wrong), strict=True) if not found]
    assert silent == []


def changed(body: Any, path: list[str], value: object) -> Any:
    """The body with another value at a path; None removes it."""
    first, *rest = path
    key = int(first) if isinstance(body, list) else first
    if rest:
        changed(body[key], rest, value)
    elif value is None:
        del body[key]
    else:
        body[key] = value
    return body
