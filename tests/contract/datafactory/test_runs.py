"""Runs through azure-mgmt-datafactory 10: createRun, queries, cancel, rerun, triggers on the real clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import HttpResponseError

from tests.contract.datafactory.factories import WAIT_SECONDS, activity, expression, reference, wait

if TYPE_CHECKING:
    from tests.contract.datafactory.factories import Factory


def test_a_run_is_created_and_watched(factory: Factory) -> None:
    """createRun answers at once; the run and its activities are read as the SDK's models have them."""
    factory.pipeline("watched", wait("w"), parameters={"day": {"type": "string"}})

    run = factory.finish(factory.start("watched", {"day": "2026-11-22"}))

    assert (run.status, run.parameters, run.invoked_by.name) == ("Succeeded", {"day": "2026-11-22"}, "Manual")
    assert run.run_group_id == run.run_id
    assert run.run_end >= run.run_start
    assert factory.activities(run.run_id)["w"].status == "Succeeded"


def test_runs_are_queried(factory: Factory) -> None:
    """By name, status and order; the newest first when asked."""
    factory.pipeline("asked", activity("f", "Fail", message="no", errorCode="1"))
    runs = [factory.finish(factory.start("asked"))["runId"] for _ in range(2)]
    filters = [
        {"operand": "PipelineName", "operator": "Equals", "values": ["asked"]},
        {"operand": "Status", "operator": "In", "values": ["Failed"]},
    ]

    found = factory.query("pipeline", filters=filters, orderBy=[{"orderBy": "RunStart", "order": "DESC"}])

    assert [run.run_id for run in found.value] == runs[::-1]


def test_a_run_is_cancelled(factory: Factory) -> None:
    """Canceling, then Cancelled, long before it would have ended."""
    factory.pipeline("slow", wait("w", 300))
    run_id = factory.start("slow")
    factory.client.pipeline_runs.cancel(*factory.place, run_id, is_recursive=True)

    assert factory.finish(run_id)["status"] == "Cancelled"


def test_a_rerun_joins_its_group(factory: Factory) -> None:
    """isRecovery with startFromFailure: same group id, no parameters needed; a made-up run id is refused."""
    factory.pipeline(
        "again",
        wait("first"),
        activity(
            "second",
            "Fail",
            message=expression("@pipeline().GroupId"),
            errorCode="1",
            after={"first": ["Succeeded"]},
        ),
        parameters={"p": {"type": "String"}},
    )
    first = factory.finish(factory.start("again", {"p": "v"}))
    rerun = {"is_recovery": True, "start_from_failure": True}

    second = factory.finish(factory.start("again", reference_pipeline_run_id=first["runId"], **rerun))

    assert second["runGroupId"] == first["runId"]
    assert second["parameters"] == {"p": "v"}
    assert second["message"].endswith(first["runId"])
    with pytest.raises(HttpResponseError) as refusal:
        factory.start("again", reference_pipeline_run_id="made-up")
    assert refusal.value.error.code == "ReferencedPipelineRunNotValid"


def test_windows_run_on_the_real_clock(factory: Factory) -> None:
    """Three past windows are backfilled in order; one is rerun; all through the SDK."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    start, end = now - timedelta(minutes=20), now - timedelta(minutes=5)
    factory.pipeline("window", wait("w"), parameters={"start": {"type": "String"}})
    started = {
        "pipelineReference": reference("window", "PipelineReference"),
        "parameters": {"start": "@trigger().outputs.windowStartTime"},
    }
    written = {
        "frequency": "Minute",
        "interval": 5,
        "startTime": start.isoformat().replace("+00:00", "Z"),
        "endTime": end.isoformat().replace("+00:00", "Z"),
        "maxConcurrency": 1,
    }
    factory.put(
        "triggers", "tw", {"type": "TumblingWindowTrigger", "pipeline": started, "typeProperties": written}
    )
    factory.client.triggers.begin_start(*factory.place, "tw").result()

    runs = _trigger_runs(factory, "tw", 3)

    assert [run["runDimension"]["windowStartTime"] for run in runs] == [
        (start + timedelta(minutes=5 * n)).strftime("%Y-%m-%dT%H:%M:%SZ") for n in range(3)
    ]
    first_pipeline_run = runs[0].triggered_pipelines["window"]
    factory.client.trigger_runs.rerun(*factory.place, "tw", runs[0].trigger_run_id)
    assert _trigger_runs(factory, "tw", 3)[0].triggered_pipelines["window"] != first_pipeline_run
    factory.client.triggers.begin_stop(*factory.place, "tw").result()


def _trigger_runs(factory: Factory, trigger: str, count: int) -> list:
    """The trigger's runs, oldest first, once that many have succeeded."""
    filters = [{"operand": "TriggerName", "operator": "Equals", "values": [trigger]}]
    order = [{"orderBy": "TriggerRunTimestamp", "order": "ASC"}]
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        runs = factory.query("trigger", filters=filters, orderBy=order).value
        if [run.status for run in runs] == ["Succeeded"] * count:
            return runs
        time.sleep(0.1)
    raise TimeoutError(trigger)
