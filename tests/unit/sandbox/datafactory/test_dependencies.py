"""Windows that wait for others: for all that they overlap, until those have Succeeded, 7 days at most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.datafactory.errors import BadRequest, InvalidReference, Referenced
from tests.unit.sandbox.datafactory.local_factory import LocalFactory, fail, play, wait

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.datafactory.models import Json

ITSELF = {"type": "SelfDependencyTumblingWindowTriggerReference", "offset": "-01:00:00"}


def after(trigger: str, **span: str) -> Json:
    reference = {"type": "TriggerReference", "referenceName": trigger}
    return {"type": "TumblingWindowTriggerDependencyReference", "referenceTrigger": reference, **span}


def tumbling(pipeline: str, *dependencies: Json, **written: Any) -> Json:
    """At noon the windows from nine, ten and eleven o'clock are due."""
    recurrence = {"frequency": "Hour", "interval": 1, "startTime": "2026-11-22T09:00:00Z"}
    reference = {"referenceName": pipeline, "type": "PipelineReference"}
    return {
        "type": "TumblingWindowTrigger",
        "pipeline": {"pipelineReference": reference, "parameters": {}},
        "typeProperties": {**recurrence, "maxConcurrency": 50, "dependsOn": list(dependencies), **written},
    }


async def started(factory: LocalFactory, **triggers: Json) -> None:
    for name, trigger in triggers.items():
        factory.put("triggers", name, trigger)
    for name in triggers:
        factory.service.triggers.start(factory.id, name)
    await factory.clock.settle()


def runs(factory: LocalFactory, trigger: str) -> dict[str, Json]:
    """The trigger's runs by the hour in which their windows start."""
    found = factory.service.runs.trigger_runs(factory.id)
    return {
        run["runDimension"]["windowStartTime"][11:13]: run for run in found if run["triggerName"] == trigger
    }


def statuses(factory: LocalFactory, trigger: str) -> dict[str, str]:
    return {hour: run["status"] for hour, run in runs(factory, trigger).items()}


def pipeline_runs(factory: LocalFactory, pipeline: str) -> int:
    return len([run for run in factory.service.runs.all(factory.id) if run["pipelineName"] == pipeline])


def test_a_window_runs_once_the_other_triggers_window_has_succeeded(factory: LocalFactory) -> None:
    """Until then its trigger run is in progress and says what it waits for."""

    async def scenario() -> None:
        factory.pipeline("up", wait("w", 60))
        factory.pipeline("down", wait("w", 0))
        await started(factory, up=tumbling("up", maxConcurrency=1), down=tumbling("down", after("up")))
        assert statuses(factory, "down") == dict.fromkeys(["09", "10", "11"], "Inprogress")
        assert pipeline_runs(factory, "down") == 0
        assert runs(factory, "down")["10"]["dependencyStatus"] == {
            "up": {
                "status": "Waiting",
                "windowStartTime": "2026-11-22T10:00:00.0000000Z",
                "windowEndTime": "2026-11-22T11:00:00.0000000Z",
                "windowStatus": "Waiting",
            }
        }
        assert runs(factory, "down")["09"]["message"].startswith(
            "Waiting on dependency: up from 2026-11-22T09"
        )

        await factory.clock.advance(minutes=1, seconds=1)
        assert statuses(factory, "down") == {"09": "Succeeded", "10": "Inprogress", "11": "Inprogress"}
        assert runs(factory, "down")["09"]["dependencyStatus"] == {"up": {"status": "Succeeded"}}
        await factory.clock.advance(minutes=3)
        assert set(statuses(factory, "down").values()) == {"Succeeded"}
        assert pipeline_runs(factory, "down") == 3

    play(scenario)


def test_a_longer_window_waits_for_all_that_it_overlaps(factory: LocalFactory) -> None:
    """Three hours for each hour in them, also for the one that comes later."""

    async def scenario() -> None:
        factory.pipeline("up", wait("w", 0))
        factory.pipeline("down", wait("w", 0))
        long = tumbling("down", after("up"), interval=3)
        await started(factory, up=tumbling("up", delay="00:30:00"), down=long)
        assert statuses(factory, "up") == {"09": "Succeeded", "10": "Succeeded"}
        assert statuses(factory, "down") == {"09": "Inprogress"}

        await factory.clock.advance(minutes=31)

        assert statuses(factory, "down") == {"09": "Succeeded"}

    play(scenario)


@pytest.mark.parametrize(
    ("span", "runs_at_once"),
    [
        ({"offset": "-01:00:00"}, ["09", "10"]),
        ({"offset": "-01:00:00", "size": "02:00:00"}, ["09"]),
        ({"size": "02:00:00"}, []),
        ({"offset": "-02:00:00"}, ["09", "10", "11"]),
        ({"offset": "-1.00:00:00", "size": "1.00:00:00"}, ["09", "10"]),
    ],
)
def test_offset_and_size_say_which_windows_are_waited_for(
    factory: LocalFactory, span: dict[str, str], runs_at_once: list[str]
) -> None:
    """Of the other trigger, whose window from nine has succeeded; before its start there are none."""

    async def scenario() -> None:
        factory.pipeline("up", wait("w", 0))
        factory.pipeline("down", wait("w", 0))
        up = tumbling("up", endTime="2026-11-22T13:00:00Z", delay="01:30:00")
        await started(factory, up=up, down=tumbling("down", after("up", **span)))

        assert statuses(factory, "up") == {"09": "Succeeded"}
        found = statuses(factory, "down")
        assert [hour for hour, status in found.items() if status == "Succeeded"] == runs_at_once

    play(scenario)


def test_a_trigger_that_waits_for_itself_runs_one_window_at_a_time(factory: LocalFactory) -> None:
    """t11: whatever maxConcurrency says; the first window has nothing before it."""

    async def scenario() -> None:
        factory.pipeline("p", wait("w", 60))
        await started(factory, t=tumbling("p", ITSELF))
        for running in (1, 2, 3):
            assert pipeline_runs(factory, "p") == running
            await factory.clock.advance(minutes=1, seconds=1)
        assert statuses(factory, "t") == dict.fromkeys(["09", "10", "11"], "Succeeded")

    play(scenario)


def test_what_waits_for_a_failed_window_runs_once_that_is_rerun(factory: LocalFactory) -> None:
    """t11: and not before; a cancelled one is no better."""

    async def scenario() -> None:
        factory.pipeline("up", fail("f"))
        factory.pipeline("down", wait("w", 0))
        await started(factory, up=tumbling("up"), down=tumbling("down", after("up")))
        await factory.clock.advance(minutes=30)
        assert statuses(factory, "down") == dict.fromkeys(["09", "10", "11"], "Inprogress")
        assert runs(factory, "down")["09"]["dependencyStatus"]["up"]["windowStatus"] == "Failed"

        factory.pipeline("up", wait("w", 0))
        factory.service.triggers.rerun(factory.id, "up", runs(factory, "up")["10"]["triggerRunId"])
        await factory.clock.settle()

        assert statuses(factory, "down") == {"09": "Inprogress", "10": "Succeeded", "11": "Inprogress"}

    play(scenario)


def test_after_seven_days_a_window_has_failed(make_factory: Callable[..., LocalFactory]) -> None:
    """Counted from when it began to wait, restarts or not; rerun, it waits anew."""

    async def scenario() -> None:
        first = make_factory()
        first.create()
        first.pipeline("up", fail("f"))
        first.pipeline("down", wait("w", 0))
        ending = {"endTime": "2026-11-22T10:00:00Z"}
        await started(first, up=tumbling("up", **ending), down=tumbling("down", after("up"), **ending))
        await first.service.stop()

        await first.clock.advance(days=6, hours=23, minutes=59, seconds=50)
        second = make_factory()
        await second.service.start()
        await second.clock.settle()
        assert statuses(second, "down") == {"09": "Inprogress"}
        await second.clock.advance(minutes=1)
        assert statuses(second, "down") == {"09": "Failed"}
        assert runs(second, "down")["09"]["message"] == "Its dependencies were not met within 7 days."

        second.service.triggers.rerun(second.id, "down", runs(second, "down")["09"]["triggerRunId"])
        await second.clock.advance(hours=1)
        assert statuses(second, "down") == {"09": "Inprogress"}
        await second.service.stop()

    play(scenario)


def test_a_waiting_window_can_be_cancelled(factory: LocalFactory) -> None:
    """t18: it then never runs."""

    async def scenario() -> None:
        factory.pipeline("up", wait("w", 60))
        factory.pipeline("down", wait("w", 0))
        ending = {"endTime": "2026-11-22T10:00:00Z"}
        await started(factory, up=tumbling("up", **ending), down=tumbling("down", after("up"), **ending))
        factory.service.triggers.cancel(factory.id, "down", runs(factory, "down")["09"]["triggerRunId"])
        await factory.clock.advance(minutes=5)

        assert statuses(factory, "down") == {"09": "Cancelled"}
        assert pipeline_runs(factory, "down") == 0

    play(scenario)


def test_a_stopped_trigger_starts_nothing_that_waited(factory: LocalFactory) -> None:
    """Started again, it does."""

    async def scenario() -> None:
        factory.pipeline("up", wait("w", 60))
        factory.pipeline("down", wait("w", 0))
        await started(factory, up=tumbling("up"), down=tumbling("down", after("up")))
        factory.service.triggers.stop(factory.id, "down")
        await factory.clock.advance(minutes=5)
        assert pipeline_runs(factory, "down") == 0

        factory.service.triggers.start(factory.id, "down")
        await factory.clock.settle()
        assert statuses(factory, "down") == dict.fromkeys(["09", "10", "11"], "Succeeded")

    play(scenario)


def test_windows_of_a_trigger_that_was_made_anew_have_not_succeeded(factory: LocalFactory) -> None:
    """They are another trigger's, whatever its name."""

    async def scenario() -> None:
        factory.pipeline("up", wait("w", 0))
        factory.pipeline("down", wait("w", 0))
        await started(factory, up=tumbling("up"))
        assert set(statuses(factory, "up").values()) == {"Succeeded"}
        factory.service.triggers.stop(factory.id, "up")
        factory.service.triggers.delete(factory.id, "up")

        factory.put("triggers", "up", tumbling("up"))
        await started(factory, down=tumbling("down", after("up")))

        assert pipeline_runs(factory, "down") == 0

    play(scenario)


def test_waiting_windows_are_bounded_and_take_nobodys_place(factory: LocalFactory) -> None:
    """A year of them waits as two hundred; the one that has nothing to wait for runs."""

    async def scenario() -> None:
        factory.pipeline("up", wait("w", 0))
        factory.pipeline("down", wait("w", 0))
        factory.put("triggers", "up", tumbling("up", startTime="2025-11-22T09:00:00Z"))
        down = tumbling("down", after("up"), startTime="2025-11-22T08:00:00Z", maxConcurrency=1)
        await started(factory, down=down)
        await factory.clock.advance(minutes=1)

        found = [run["status"] for run in factory.service.runs.trigger_runs(factory.id)]
        assert (found.count("Succeeded"), found.count("Inprogress")) == (1, 200)

    play(scenario)


def test_what_is_depended_on_exists_and_is_not_deleted(factory: LocalFactory) -> None:
    """A reference like any other."""
    factory.pipeline("p", wait("w", 0))
    with pytest.raises(InvalidReference, match="up"):
        factory.put("triggers", "down", tumbling("p", after("up")))
    factory.put("triggers", "up", tumbling("p"))
    factory.put("triggers", "down", tumbling("p", after("up")))
    with pytest.raises(Referenced, match="down"):
        factory.service.triggers.delete(factory.id, "up")

    factory.put("triggers", "down", tumbling("p", ITSELF))

    assert factory.service.triggers.delete(factory.id, "up")


@pytest.mark.parametrize(
    ("dependency", "told"),
    [
        ({"type": "TriggerDependencyReference"}, "a dependency's type is"),
        (after("schedule"), "no tumbling window trigger"),
        (after("t"), "depends on itself"),
        (after("other"), "depends on itself"),
        (after("up", size="00:00:00"), "not positive"),
        (after("up", offset="soon"), "offset"),
        ({"type": ITSELF["type"], "offset": "01:00:00"}, "negative offset"),
    ],
)
def test_a_dependency_that_cannot_be_is_refused(factory: LocalFactory, dependency: Json, told: str) -> None:
    """Nothing is stored."""
    factory.pipeline("p", wait("w", 0))
    factory.put("triggers", "up", tumbling("p"))
    factory.put("triggers", "t", tumbling("p"))
    factory.put("triggers", "other", tumbling("p", after("t")))
    recurrence = {"frequency": "Hour", "interval": 1, "startTime": "2026-11-01T00:00:00Z"}
    schedule = {"type": "ScheduleTrigger", "pipelines": [], "typeProperties": {"recurrence": recurrence}}
    factory.put("triggers", "schedule", schedule)

    with pytest.raises(BadRequest, match=told):
        factory.put("triggers", "t", tumbling("p", dependency))

    kept = factory.service.entities.get(factory.id, "triggers", "t")["properties"]
    assert kept["typeProperties"]["dependsOn"] == []
