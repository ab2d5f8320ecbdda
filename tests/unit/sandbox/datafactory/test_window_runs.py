"""What the documentation says of the runs of tumbling windows: mirrored, run again, cancelled, retried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.datafactory.errors import BadRequest
from tests.unit.sandbox.datafactory.local_factory import LocalFactory, expression, fail, play, wait

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json

REFERENCE = {"referenceName": "p", "type": "PipelineReference"}


def tumbling(parameters: Json | None = None, **written: Any) -> Json:
    """At noon the windows from nine, ten and eleven o'clock are due."""
    recurrence = {"frequency": "Hour", "interval": 1, "startTime": "2026-11-22T09:00:00Z"}
    return {
        "type": "TumblingWindowTrigger",
        "pipeline": {"pipelineReference": REFERENCE, "parameters": parameters or {}},
        "typeProperties": {**recurrence, "maxConcurrency": 1, **written},
    }


async def started(factory: LocalFactory, trigger: Json) -> None:
    factory.put("triggers", "t", trigger)
    factory.service.triggers.start(factory.id, "t")
    await factory.clock.settle()


def trigger_runs(factory: LocalFactory) -> list[Json]:
    return factory.service.runs.trigger_runs(factory.id)


def statuses(factory: LocalFactory) -> list[str]:
    return [run["status"] for run in trigger_runs(factory)]


def given(factory: LocalFactory) -> list[str]:
    """The parameter `value` of every pipeline run, in order."""
    return [run["parameters"]["value"] for run in factory.service.runs.all(factory.id)]


@pytest.mark.parametrize("outcome", ["Succeeded", "Failed", "Cancelled"])
def test_a_window_waits_for_its_pipeline_run_and_mirrors_its_status(
    factory: LocalFactory, outcome: str
) -> None:
    """t16: in progress until the pipeline run is over, then what that is."""

    async def scenario() -> None:
        after = fail("f", "no", after={"w": ["Succeeded"]}) if outcome == "Failed" else wait("f", 0)
        factory.pipeline("p", wait("w", 60), after)
        await started(factory, tumbling(endTime="2026-11-22T10:00:00Z"))
        assert statuses(factory) == ["Inprogress"]

        if outcome == "Cancelled":
            run = factory.service.runs.all(factory.id)[0]["runId"]
            factory.service.engine.cancel(factory.id, run, recursive=True)
        await factory.clock.advance(minutes=2)
        assert statuses(factory) == [outcome]

    play(scenario)


def test_a_schedules_fire_succeeds_as_soon_as_its_pipeline_runs(factory: LocalFactory) -> None:
    """t16: the trigger run waits for nothing, and a pipeline run that fails later does not change it."""

    async def scenario() -> None:
        factory.pipeline("p", wait("w", 300), fail("f", after={"w": ["Succeeded"]}))
        recurrence = {"frequency": "Hour", "interval": 1, "startTime": "2026-11-22T00:00:00Z"}
        schedule = {
            "type": "ScheduleTrigger",
            "pipelines": [{"pipelineReference": REFERENCE, "parameters": {}}],
            "typeProperties": {"recurrence": recurrence},
        }
        await started(factory, schedule)
        await factory.clock.advance(minutes=60)
        assert (statuses(factory), factory.service.runs.all(factory.id)[0]["status"]) == (
            ["Succeeded"],
            "InProgress",
        )

        await factory.clock.advance(minutes=6)
        assert (statuses(factory), factory.service.runs.all(factory.id)[0]["status"]) == (
            ["Succeeded"],
            "Failed",
        )

    play(scenario)


@pytest.mark.parametrize("again", ["cancelled", "failed", "succeeded"])
def test_a_window_runs_again_with_the_latest_definition_of_its_trigger(
    factory: LocalFactory, again: str
) -> None:
    """t17: the trigger was stopped, changed and started meanwhile."""

    async def scenario() -> None:
        broken = [fail("f", after={"w": ["Succeeded"]})] if again == "failed" else []
        factory.pipeline("p", wait("w", 60), *broken, parameters={"value": {"type": "String"}})
        ending = {"endTime": "2026-11-22T10:00:00Z"}
        await started(factory, tumbling({"value": "old"}, **ending))
        run = trigger_runs(factory)[0]["triggerRunId"]
        if again == "cancelled":
            factory.service.triggers.cancel(factory.id, "t", run)
        await factory.clock.advance(minutes=2)
        assert statuses(factory) == [again.capitalize()]
        factory.service.triggers.stop(factory.id, "t")
        await started(factory, tumbling({"value": "new"}, **ending))

        factory.service.triggers.rerun(factory.id, "t", run)
        await factory.clock.settle()
        assert (statuses(factory), given(factory)) == (["Inprogress"], ["old", "new"])

    play(scenario)


def test_a_running_window_can_be_cancelled(factory: LocalFactory) -> None:
    """t18: and its pipeline run with it; what is over cannot be."""

    async def scenario() -> None:
        factory.pipeline("p", wait("w", 60))
        await started(factory, tumbling(endTime="2026-11-22T10:00:00Z"))
        run = trigger_runs(factory)[0]["triggerRunId"]
        factory.service.triggers.cancel(factory.id, "t", run)
        await factory.clock.settle()

        assert (statuses(factory), factory.service.runs.all(factory.id)[0]["status"]) == (
            ["Cancelled"],
            "Cancelled",
        )
        with pytest.raises(BadRequest, match="over"):
            factory.service.triggers.cancel(factory.id, "t", run)

    play(scenario)


def test_a_waiting_window_can_be_cancelled(factory: LocalFactory) -> None:
    """t18: the second window, to be run again, waits for the third, as one runs at a time; it then never
    runs.
    """

    async def scenario() -> None:
        factory.pipeline("p", wait("w", 60))
        await started(factory, tumbling(endTime="2026-11-22T12:00:00Z"))
        await factory.clock.advance(minutes=2)
        assert statuses(factory) == ["Succeeded", "Succeeded", "Inprogress"]
        second = trigger_runs(factory)[1]["triggerRunId"]
        factory.service.triggers.rerun(factory.id, "t", second)
        await factory.clock.settle()
        assert statuses(factory) == ["Succeeded", "Inprogress", "Inprogress"]
        factory.service.triggers.cancel(factory.id, "t", second)
        await factory.clock.advance(minutes=5)

        assert statuses(factory) == ["Succeeded", "Cancelled", "Succeeded"]
        assert len(factory.service.runs.all(factory.id)) == 3

    play(scenario)


def test_a_window_that_waits_for_its_retry_can_be_cancelled(factory: LocalFactory) -> None:
    """t18: there is no further attempt."""

    async def scenario() -> None:
        factory.pipeline("p", fail("f"))
        policy = {"count": 3, "intervalInSeconds": 600}
        await started(factory, tumbling(endTime="2026-11-22T10:00:00Z", retryPolicy=policy))
        factory.service.triggers.cancel(factory.id, "t", trigger_runs(factory)[0]["triggerRunId"])
        await factory.clock.advance(minutes=30)

        assert statuses(factory) == ["Cancelled"]
        assert len(factory.service.runs.all(factory.id)) == 1

    play(scenario)


def test_a_retry_has_the_parameters_of_the_first_attempt(factory: LocalFactory) -> None:
    """t15: the window's own, half a minute later where the policy says no interval."""

    async def scenario() -> None:
        factory.pipeline("p", fail("f"), parameters={"value": {"type": "String"}})
        trigger = tumbling(
            {"value": expression("@{trigger().outputs.windowStartTime} @{trigger().scheduledTime}")},
            endTime="2026-11-22T10:00:00Z",
            retryPolicy={"count": 1},
        )
        await started(factory, trigger)
        await factory.clock.advance(seconds=29)
        assert len(given(factory)) == 1
        await factory.clock.advance(seconds=2)

        assert given(factory) == ["2026-11-22T09:00:00Z 2026-11-22T10:00:00Z"] * 2
        assert statuses(factory) == ["Failed"]

    play(scenario)


def test_a_failed_window_is_not_retried_by_itself(factory: LocalFactory) -> None:
    """t15: without a policy the count is 0; the next window runs all the same."""

    async def scenario() -> None:
        factory.pipeline("p", fail("f"))
        await started(factory, tumbling(endTime="2026-11-22T11:00:00Z"))
        await factory.clock.advance(hours=2)

        assert statuses(factory) == ["Failed", "Failed"]
        assert len(factory.service.runs.all(factory.id)) == 2

    play(scenario)


def test_only_the_end_of_a_trigger_that_ran_can_move(factory: LocalFactory) -> None:
    """t08: the windows that this adds run, those that ran do not run again."""

    async def scenario() -> None:
        factory.pipeline("p", wait("w", 0))
        await started(factory, tumbling(endTime="2026-11-22T10:00:00Z"))
        factory.service.triggers.stop(factory.id, "t")
        await started(factory, tumbling(endTime="2026-11-22T12:00:00Z"))
        await factory.clock.advance(hours=2)

        starts = [run["runDimension"]["windowStartTime"][11:16] for run in trigger_runs(factory)]
        assert starts == ["09:00", "10:00", "11:00"]

    play(scenario)
