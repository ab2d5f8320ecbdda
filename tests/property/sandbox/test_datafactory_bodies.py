"""Whatever is sent, the local Data Factory takes it or refuses it as Azure would: never a stumble (500)."""

from __future__ import annotations

import contextlib
import copy
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.datafactory.errors import BadRequest, NotRun
from tests.unit.sandbox.datafactory.local_factory import (
    LocalFactory,
    ManualClock,
    activity,
    expression,
    fail,
    wait,
)

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
REFERENCE = {"referenceName": "p", "type": "PipelineReference", "parameters": {}}
BODIES: dict[str, Json] = {
    "pipelines": {
        "parameters": {"a": {"type": "String", "defaultValue": "x"}},
        "variables": {"v": {"type": "Array", "defaultValue": []}},
        "concurrency": 2,
        "activities": [
            wait("w", userProperties=[{"name": "n", "value": expression("@pipeline().RunId")}]),
            fail("f", after={"w": ["Failed", "Skipped"]}),
            activity(
                "each",
                "ForEach",
                items=expression("@createArray(1)"),
                activities=[
                    activity(
                        "if", "IfCondition", expression=expression("@bool('1')"), ifTrueActivities=[wait("x")]
                    )
                ],
            ),
            activity(
                "on",
                "Switch",
                on=expression("@variables('v')"),
                cases=[{"value": "1", "activities": [wait("y")]}],
            ),
            activity("set", "SetVariable", variableName="v", value=expression("@string(1)")),
            activity(
                "web",
                "WebActivity",
                method="GET",
                url="https://127.0.0.1:1/x",
                policy={"timeout": "0.00:10:00"},
            ),
        ],
    },
    "datasets": {
        "type": "Json",
        "linkedServiceName": {"referenceName": "ls", "type": "LinkedServiceReference"},
        "parameters": {"a": {"type": "String"}},
        "typeProperties": {
            "location": {"type": "AzureBlobFSLocation", "fileName": expression("@dataset().a")}
        },
    },
    "linkedservices": {"type": "AzureBlobFS", "typeProperties": {"url": "https://127.0.0.1:2/lake"}},
    "triggers": {
        "type": "ScheduleTrigger",
        "pipelines": [{"pipelineReference": REFERENCE, "parameters": {"a": "@trigger().scheduledTime"}}],
        "typeProperties": {
            "recurrence": {
                "frequency": "Week",
                "interval": 1,
                "startTime": "2026-11-01T00:00:00Z",
                "schedule": {"weekDays": ["Monday"], "hours": [6]},
            }
        },
    },
}
WINDOWS = {
    "type": "TumblingWindowTrigger",
    "pipeline": {"pipelineReference": REFERENCE, "parameters": {}},
    "typeProperties": {
        "frequency": "Hour",
        "interval": 1,
        "startTime": "2026-11-01T00:00:00Z",
        "maxConcurrency": 1,
        "delay": "00:10:00",
        "retryPolicy": {"count": 1, "intervalInSeconds": 30},
    },
}


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) inside a JSON value."""
    if isinstance(value, dict):
        return [(value, key) for key in value] + [one for item in value.values() for one in places(item)]
    if isinstance(value, list):
        return [(value, index) for index in range(len(value))] + [
            one for item in value for one in places(item)
        ]
    return []


@given(st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_body_is_taken_or_refused(data: st.DataObject) -> None:
    """One or two places of a good body replaced by anything: stored, or an AzureError that says why not."""
    with tempfile.TemporaryDirectory() as folder:
        factory = LocalFactory(Path(folder), ManualClock(), "https://127.0.0.1:2", "https://127.0.0.1:1")
        with contextlib.closing(factory.store):
            _put_anything(factory, data)


def _put_anything(factory: LocalFactory, data: st.DataObject) -> None:
    factory.create()
    factory.put("linkedservices", "ls", BODIES["linkedservices"])
    factory.pipeline("p", wait("w", 0), parameters={"a": {"type": "String"}})
    kind = data.draw(st.sampled_from([*BODIES, "windows"]))
    body = copy.deepcopy(WINDOWS if kind == "windows" else BODIES[kind])
    for _ in range(data.draw(st.integers(1, 2))):
        container, key = data.draw(st.sampled_from(places(body)))
        container[key] = data.draw(JUNK)
    with contextlib.suppress(BadRequest, NotRun):
        factory.put("triggers" if kind == "windows" else kind, "x", body)  # type: ignore[arg-type]
