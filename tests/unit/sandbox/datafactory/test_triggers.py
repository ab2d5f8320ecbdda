"""Triggers fire on the clock: each time and each window once, whatever happens in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.datafactory.errors import BadRequest, InvalidTriggerPipelines, NotRun, TriggerEnabledCannotUpdate
from tests.unit.sandbox.datafactory.local_factory import LocalFactory, expression, fail, play, wait

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.datafactory.models import Json


def schedule(pipeline: str = "p", parameters: Json | None = None, **recurrence: Any) -> Json:
    recurrence = {"frequency": "Minute", "interval": 10, "startTime": "2026-11-01T00:00:00Z", **recurrence}
    reference = {"referenceName": pipeline, "type": "PipelineReference"}
    return {
        "type": "ScheduleTrigger",
        "pipelines": [{"pipelineReference": reference, "parameters": parameters or {}}],
        "typeProperties": {"recurrence": recurrence},
    }


def tumbling(pipeline: str = "p", parameters: Json | None = None, **written: Any) -> Json:
    written = {
        "frequency": "Hour",
        "interval": 1,
        "startTime": "2026-11-22T09:00:00Z",
        "maxConcurrency": 1,
        **written,
    }
    reference = {"referenceName": pipeline, "type": "PipelineReference"}
    return {
        "type": "TumblingWindowTrigger",
        "pipeline": {"pipelineReference": reference, "parameters": parameters or {}},
        "typeProperties": written,
    }


def trigger_runs(factory: LocalFactory) -> list[Json]:
    return factory.service.runs.trigger_runs(factory.id)


def windows(factory: LocalFactory) -> list[str]:
    """The windows' starts, in the order in which they were run."""
    return [run["runDimension"]["windowStartTime"][11:16] for run in trigger_runs(factory)]


def test_a_schedule_fires_at_its_times_while_started(factory: LocalFactory) -> None:
    """Not before the start, not after the stop; the pipeline is told the scheduled time and the trigger."""

    async def scenario() -> None:
        declared = {"at": {"type": "String"}}
        factory.pipeline(
            "p",
            fail("f", expression("@concat(pipeline().TriggerName, pipeline().parameters.at)")),
            parameters=declared,
        )
        factory.put("triggers", "t", schedule(parameters={"at": "@trigger().scheduledTime"}))
        factory.service.triggers.start(factory.id, "t")
        await factory.clock.advance(minutes=25)
        factory.service.triggers.stop(factory.id, "t")
        await factory.clock.advance(minutes=25)

        runs = factory.service.runs.all(factory.id)
        assert [run["message"][-21:] for run in runs] == ["t2026-11-22T12:10:00Z", "t2026-11-22T12:20:00Z"]
        assert [run["status"] for run in trigger_runs(factory)] == ["Succeeded"] * 2
        assert runs[0]["invokedBy"] == {
            "name": "t",
            "id": trigger_runs(factory)[0]["triggerRunId"],
            "invokedByType": "ScheduleTrigger",
        }

    play(scenario)


def test_a_fire_that_cannot_start_its_pipeline_is_a_failed_trigger_run(factory: LocalFactory) -> None:
    """trigger().outputs does not exist in a schedule: the trigger run says so, and the next fire comes."""

    async def scenario() -> None:
        factory.pipeline("p", wait("w", 0), parameters={"at": {"type": "String"}})
        factory.put("triggers", "t", schedule(parameters={"at": "@trigger().outputs.windowStartTime"}))
        factory.service.triggers.start(factory.id, "t")
        await factory.clock.advance(minutes=20)

        assert [run["status"] for run in trigger_runs(factory)] == ["Failed"] * 2
        assert "outputs" in trigger_runs(factory)[0]["message"]

    play(scenario)


def test_a_fire_names_the_pipelines_that_it_started(factory: LocalFactory) -> None:
    """Also where another of them was refused."""

    async def scenario() -> None:
        factory.pipeline("p", wait("w", 0))
        factory.pipeline("q", wait("w", 0), parameters={"needed": {"type": "String"}})
        trigger = schedule()
        reference = {"referenceName": "q", "type": "PipelineReference"}
        trigger["pipelines"].append({"pipelineReference": reference, "parameters": {}})
        factory.put("triggers", "t", trigger)
        factory.service.triggers.start(factory.id, "t")
        await factory.clock.advance(minutes=10)

        (run,) = factory.service.runs.all(factory.id)
        assert trigger_runs(factory)[0]["triggeredPipelines"] == {"p": run["runId"]}
        assert trigger_runs(factory)[0]["status"] == "Failed"

    play(scenario)


def test_a_restart_repeats_no_fire_and_loses_none(make_factory: Callable[..., LocalFactory]) -> None:
    """What fell due while the local Azure was down fires at its start, the last hour's at most."""

    async def scenario() -> None:
        first = make_factory()
        first.create()
        first.pipeline("p", wait("w", 0))
        first.put("triggers", "t", schedule())
        first.service.triggers.start(first.id, "t")
        await first.clock.advance(minutes=11)
        await first.service.stop()
        for down_minutes, fires in ((15, 2), (120, 8)):
            await first.clock.advance(minutes=down_minutes)
            again = make_factory()
            await again.service.start()
            await again.clock.settle()

            assert len(trigger_runs(again)) == fires
            await again.service.stop()

    play(scenario)


def test_windows_run_once_oldest_first(factory: LocalFactory) -> None:
    """The backfill starts at once, one at a time; each later window when it ends plus the delay."""

    async def scenario() -> None:
        declared = {"from": {"type": "String"}, "to": {"type": "String"}}
        factory.pipeline("p", wait("w", 60), parameters=declared)
        parameters = {"from": "@trigger().outputs.windowStartTime", "to": "@trigger().outputs.windowEndTime"}
        factory.put("triggers", "t", tumbling(parameters=parameters, delay="00:10:00"))
        factory.service.triggers.start(factory.id, "t")
        await factory.clock.settle()

        assert windows(factory) == ["09:00"]

        await factory.clock.advance(minutes=9)
        assert windows(factory) == ["09:00", "10:00"]
        await factory.clock.advance(minutes=10)
        assert windows(factory) == ["09:00", "10:00", "11:00"]
        assert factory.service.runs.all(factory.id)[2]["parameters"] == {
            "from": "2026-11-22T11:00:00Z",
            "to": "2026-11-22T12:00:00Z",
        }

    play(scenario)


def test_no_more_windows_at_once_than_max_concurrency(factory: LocalFactory) -> None:
    """Three are due, two run, the third follows when one has ended."""

    async def scenario() -> None:
        factory.pipeline("p", wait("w", 60))
        factory.put("triggers", "t", tumbling(maxConcurrency=2))
        factory.service.triggers.start(factory.id, "t")
        await factory.clock.settle()

        assert [run["status"] for run in trigger_runs(factory)] == ["Inprogress"] * 2
        await factory.clock.advance(minutes=1)
        assert [run["status"] for run in trigger_runs(factory)] == ["Succeeded", "Succeeded", "Inprogress"]

    play(scenario)


def test_a_failed_window_is_retried_then_mirrored(factory: LocalFactory) -> None:
    """retryPolicy: so many further pipeline runs after the interval; then the trigger run is Failed."""

    async def scenario() -> None:
        factory.pipeline("p", fail("f", "broken"))
        policy = {"count": 2, "intervalInSeconds": 30}
        factory.put("triggers", "t", tumbling(retryPolicy=policy, endTime="2026-11-22T10:00:00Z"))
        factory.service.triggers.start(factory.id, "t")
        await factory.clock.advance(seconds=31)

        assert trigger_runs(factory)[0]["status"] == "Inprogress"
        await factory.clock.advance(seconds=60)
        assert (trigger_runs(factory)[0]["status"], len(factory.service.runs.all(factory.id))) == (
            "Failed",
            3,
        )
        assert "broken" in trigger_runs(factory)[0]["message"]

    play(scenario)


def test_a_window_can_be_run_again_under_its_trigger(factory: LocalFactory) -> None:
    """A rerun is another pipeline run of the same trigger run; what is under way cannot be rerun."""

    async def scenario() -> None:
        factory.pipeline("p", wait("w", 60))
        factory.put("triggers", "t", tumbling(endTime="2026-11-22T10:00:00Z"))
        factory.service.triggers.start(factory.id, "t")
        await factory.clock.settle()
        run_id = trigger_runs(factory)[0]["triggerRunId"]
        with pytest.raises(BadRequest):
            factory.service.triggers.rerun(factory.id, "t", run_id)
        await factory.clock.advance(minutes=1)
        factory.service.triggers.rerun(factory.id, "t", run_id)
        await factory.clock.advance(minutes=1)

        assert [run["status"] for run in trigger_runs(factory)] == ["Succeeded"]
        assert len(factory.service.runs.all(factory.id)) == 2

    play(scenario)


def test_cancelling_a_window_cancels_its_pipeline_run(factory: LocalFactory) -> None:
    """The trigger run mirrors the cancellation; the next window runs."""

    async def scenario() -> None:
        factory.pipeline("p", wait("w", 60))
        factory.put("triggers", "t", tumbling(endTime="2026-11-22T11:00:00Z"))
        factory.service.triggers.start(factory.id, "t")
        await factory.clock.settle()
        factory.service.triggers.cancel(factory.id, "t", trigger_runs(factory)[0]["triggerRunId"])
        await factory.clock.settle()

        assert [run["status"] for run in trigger_runs(factory)] == ["Cancelled", "Inprogress"]

    play(scenario)


def test_a_restart_loses_no_window_and_repeats_none(make_factory: Callable[..., LocalFactory]) -> None:
    """The window under way fails with the sandbox and is retried by its policy; the others run once."""

    async def scenario() -> None:
        first = make_factory()
        first.create()
        first.pipeline("p", wait("w", 60))
        first.put("triggers", "t", tumbling(retryPolicy={"count": 1, "intervalInSeconds": 30}))
        first.service.triggers.start(first.id, "t")
        await first.clock.advance(seconds=90)
        await first.service.stop()
        again = make_factory()
        await again.service.start()
        await again.clock.advance(minutes=10)

        assert windows(again) == ["09:00", "10:00", "11:00"]
        assert [run["status"] for run in trigger_runs(again)] == ["Succeeded"] * 3
        assert [run["status"] for run in again.service.runs.all(again.id)] == [
            "Succeeded",
            "Failed",
            "Succeeded",
            "Succeeded",
        ]
        await again.service.stop()

    play(scenario)


def test_a_stopped_trigger_goes_on_where_it_was(factory: LocalFactory) -> None:
    """Windows that fell due while it was stopped run when it is started again, none twice."""

    async def scenario() -> None:
        factory.pipeline("p", wait("w", 0))
        factory.put("triggers", "t", tumbling())
        for _ in range(2):
            factory.service.triggers.start(factory.id, "t")
            await factory.clock.settle()
            factory.service.triggers.stop(factory.id, "t")
            await factory.clock.advance(hours=2)

        assert windows(factory) == ["09:00", "10:00", "11:00", "12:00", "13:00"]

    play(scenario)


def test_a_started_trigger_cannot_be_changed(factory: LocalFactory) -> None:
    """Neither PUT nor DELETE; after a stop both. runtimeState is read-only."""

    async def scenario() -> None:
        factory.pipeline("p", wait("w", 0))
        stopped = factory.put("triggers", "t", {**schedule(), "runtimeState": "Started"})
        assert stopped["properties"]["runtimeState"] == "Stopped"
        factory.service.triggers.start(factory.id, "t")
        with pytest.raises(TriggerEnabledCannotUpdate):
            factory.put("triggers", "t", schedule())
        with pytest.raises(TriggerEnabledCannotUpdate):
            factory.service.entities.delete(factory.id, "triggers", "t")
        factory.service.triggers.stop(factory.id, "t")

        assert factory.service.entities.delete(factory.id, "triggers", "t")

    play(scenario)


@pytest.mark.parametrize("without", ["type", "everything"])
def test_a_trigger_without_a_pipeline_does_not_start(factory: LocalFactory, without: str) -> None:
    """A reference without its type counts as none."""
    factory.pipeline("p", wait("w", 0))
    trigger = schedule()
    if without == "type":
        del trigger["pipelines"][0]["pipelineReference"]["type"]
    else:
        trigger["pipelines"] = []
    factory.put("triggers", "t", trigger)

    with pytest.raises(InvalidTriggerPipelines, match="Missing or invalid pipeline references for trigger t"):
        factory.service.triggers.start(factory.id, "t")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"interval": 2}, BadRequest),
        ({"startTime": "2026-11-23T00:00:00Z"}, BadRequest),
        ({"maxConcurrency": 51}, BadRequest),
        ({"dependsOn": [{"type": "TumblingWindowTriggerDependencyReference"}]}, BadRequest),
    ],
    ids=str,
)
def test_windows_that_cannot_be_are_refused(
    factory: LocalFactory, change: Json, refusal: type[Exception]
) -> None:
    """frequency, interval and startTime stay as created; limits hold; what is depended on is named."""
    factory.pipeline("p", wait("w", 0))
    factory.put("triggers", "t", tumbling())

    with pytest.raises(refusal):
        factory.put("triggers", "t", tumbling(**change))


def test_a_recurrence_that_never_fires_is_refused(factory: LocalFactory) -> None:
    """The 31st of February does not come, and nothing comes after the end."""
    factory.pipeline("p", wait("w", 0))
    february = {"frequency": "Month", "interval": 12, "startTime": "2026-02-01T00:00:00Z"}
    for never in (
        {**february, "schedule": {"monthDays": [31]}},
        {"startTime": "2026-11-01T00:00:00Z", "endTime": "2026-10-01T00:00:00Z"},
    ):
        with pytest.raises(BadRequest, match="never fires"):
            factory.put("triggers", "t", schedule(**never))


@pytest.mark.parametrize("kind", ["CustomEventsTrigger", "ChainingTrigger"])
def test_triggers_that_are_not_run_are_refused_by_name(factory: LocalFactory, kind: str) -> None:
    """Never accepted and then silent."""
    with pytest.raises(NotRun, match=kind):
        factory.put("triggers", "t", {"type": kind, "pipelines": [], "typeProperties": {}})


def refused(pipeline: str = "p", **written: Any) -> Json:
    """A tumbling trigger whose pipeline never starts: a schedule's time is no window's parameter."""
    return tumbling(pipeline, {"at": "@trigger().outputs.nothing"}, **written)


def test_windows_whose_pipeline_is_refused_do_not_end_the_trigger(factory: LocalFactory) -> None:
    """Each due window is a Failed trigger run, and those of the future still come."""

    async def scenario() -> None:
        factory.pipeline("p", wait("w", 0), parameters={"at": {"type": "String"}})
        factory.put("triggers", "t", refused())
        factory.service.triggers.start(factory.id, "t")
        await factory.clock.settle()
        assert windows(factory) == ["09:00", "10:00", "11:00"]

        await factory.clock.advance(hours=1)

        assert [run["status"] for run in trigger_runs(factory)] == ["Failed"] * 4

    play(scenario)


def test_a_refused_retry_is_retried_like_any_other(factory: LocalFactory) -> None:
    """Also when nothing else is due: the window comes to its end."""

    async def scenario() -> None:
        factory.pipeline("p", wait("w", 0), parameters={"at": {"type": "String"}})
        policy = {"count": 2, "intervalInSeconds": 30}
        factory.put("triggers", "t", refused(retryPolicy=policy, endTime="2026-11-22T10:00:00Z"))
        factory.service.triggers.start(factory.id, "t")
        await factory.clock.advance(minutes=2)

        assert [run["status"] for run in trigger_runs(factory)] == ["Failed"]

    play(scenario)


def test_a_deleted_trigger_leaves_no_window_waiting(factory: LocalFactory) -> None:
    """A retry still to come is Cancelled: it never becomes one of a new trigger of the same name."""

    async def scenario() -> None:
        factory.pipeline("p", fail("f"))
        policy = {"count": 1, "intervalInSeconds": 30}
        factory.put("triggers", "t", tumbling(retryPolicy=policy, endTime="2026-11-22T10:00:00Z"))
        factory.service.triggers.start(factory.id, "t")
        await factory.clock.settle()
        factory.service.triggers.stop(factory.id, "t")

        assert factory.service.triggers.delete(factory.id, "t")

        await factory.clock.advance(minutes=2)
        assert [run["status"] for run in trigger_runs(factory)] == ["Cancelled"]
        assert len(factory.service.runs.all(factory.id)) == 1

    play(scenario)


def test_a_trigger_that_a_full_disk_stops_goes_on_afterwards(
    factory: LocalFactory, caplog: pytest.LogCaptureFixture
) -> None:
    """What the store refuses once is tried again: no window is lost, none is run twice."""

    async def scenario() -> None:
        factory.pipeline("p", wait("w", 0))
        factory.put("triggers", "t", tumbling())
        factory.service.triggers.start(factory.id, "t")
        factory.store.close()
        await factory.clock.settle()
        factory.store.__init__(factory.context.state / "state.db")  # type: ignore[misc] - space again
        await factory.clock.advance(minutes=1)

        assert windows(factory) == ["09:00", "10:00", "11:00"]
        assert "could not fire" in caplog.text

    play(scenario)


def test_a_deleted_factory_is_forgotten_with_its_triggers_and_runs(factory: LocalFactory) -> None:
    """One made later under its name has no runs, no started trigger and nobody else's activity under way."""

    async def scenario() -> None:
        factory.pipeline("p", wait("w", 60))
        factory.put("triggers", "t", tumbling())
        factory.service.triggers.start(factory.id, "t")
        await factory.clock.settle()
        run_id = factory.service.runs.all(factory.id)[0]["runId"]

        assert factory.service.delete_factory(factory.id)

        await factory.clock.advance(hours=2)
        factory.create()
        assert factory.service.runs.all(factory.id) == trigger_runs(factory) == []
        assert factory.service.runs.activity_runs(factory.id, run_id) == []

    play(scenario)
