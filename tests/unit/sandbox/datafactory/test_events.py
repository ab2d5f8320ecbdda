"""BlobEventsTriggers: each event starts each trigger that wants it once, while it is started."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from adf.events import DELETED
from sandbox.datafactory.errors import BadRequest, Provisioning, TriggerEnabledCannotUpdate
from tests.unit.sandbox.datafactory.local_factory import LocalFactory, expression, fail, play, wait

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.datafactory.models import Json

GROUP = "/subscriptions/sub/resourceGroups/rg"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/demolake"
PATH = "@concat(triggerBody().folderPath, '|', triggerBody().fileName)"


def on_events(*pipelines: str, **written: Any) -> Json:
    """A trigger of files that appear below `in/`."""
    written = {
        "scope": ACCOUNT,
        "events": ["Microsoft.Storage.BlobCreated"],
        "blobPathBeginsWith": "/data/blobs/in/",
        **written,
    }
    started = [
        {
            "pipelineReference": {"referenceName": name, "type": "PipelineReference"},
            "parameters": {"path": PATH},
        }
        for name in pipelines or ("p",)
    ]
    return {"type": "BlobEventsTrigger", "pipelines": started, "typeProperties": written}


@pytest.fixture
def listening(factory: LocalFactory) -> LocalFactory:
    """With the storage account that the triggers listen to, and the pipeline `p`."""
    factory.store.put(GROUP, "storageAccounts", "demolake", {"name": "demolake"})
    tells_the_path(factory, "p")
    return factory


def tells_the_path(factory: LocalFactory, name: str) -> None:
    """Its runs end with the path that they were given."""
    declared = {"path": {"type": "String"}}
    factory.pipeline(name, fail("f", expression("@pipeline().parameters.path")), parameters=declared)


async def start(factory: LocalFactory, *triggers: str) -> None:
    """As the server does, with the task that listens."""
    if factory.service.triggers._listening is None:
        await factory.service.start()
    for name in triggers:
        await factory.service.triggers.start_listening(factory.id, name)


async def happens(factory: LocalFactory, path: str, **more: Any) -> None:
    factory.lake.happens(path, factory.clock.now(), **more)
    await factory.clock.settle()


def started(factory: LocalFactory) -> list[tuple[str, str]]:
    """Pipeline and path of each run."""
    return [(run["pipelineName"], run["parameters"]["path"]) for run in factory.service.runs.all(factory.id)]


def trigger_runs(factory: LocalFactory) -> list[Json]:
    return factory.service.runs.trigger_runs(factory.id)


def test_a_file_that_appears_starts_the_pipelines_with_its_path(listening: LocalFactory) -> None:
    """All of the trigger's, in one trigger run; the folder begins with the container."""

    async def scenario() -> None:
        tells_the_path(listening, "q")
        listening.put("triggers", "t", on_events("p", "q"))
        await start(listening, "t")
        await happens(listening, "in/2026/11/a.csv")

        assert started(listening) == [("p", "data/in/2026/11|a.csv"), ("q", "data/in/2026/11|a.csv")]
        (run,) = trigger_runs(listening)
        assert (run["triggerType"], run["status"]) == ("BlobEventsTrigger", "Succeeded")
        assert set(run["triggeredPipelines"]) == {"p", "q"}
        assert (
            listening.service.runs.all(listening.id)[0]["invokedBy"]["invokedByType"] == "BlobEventsTrigger"
        )

    play(scenario)


def test_an_event_starts_every_trigger_that_wants_it(listening: LocalFactory) -> None:
    """By its patterns, its kinds of events, and whether an empty file counts."""

    async def scenario() -> None:
        listening.put("triggers", "csv", on_events(blobPathEndsWith=".csv"))
        listening.put("triggers", "all", on_events(ignoreEmptyBlobs=False))
        listening.put("triggers", "gone", on_events(events=[DELETED]))
        await start(listening, "csv", "all", "gone")
        await happens(listening, "in/a.csv")
        await happens(listening, "in/_SUCCESS", size=0)
        await happens(listening, "in/empty.csv", size=0)
        await happens(listening, "in/a.csv", kind=DELETED, size=None)
        await happens(listening, "out/a.csv")

        assert [run["triggerName"] for run in trigger_runs(listening)] == ["csv", "all", "all", "all", "gone"]

    play(scenario)


def test_events_while_a_trigger_is_stopped_do_not_start_it(listening: LocalFactory) -> None:
    """Neither then nor when it is started again; not even one that was on its way."""

    async def scenario() -> None:
        listening.put("triggers", "t", on_events())
        await happens(listening, "in/before")
        await start(listening, "t")
        await happens(listening, "in/1")
        listening.lake.happens("in/on-its-way", listening.clock.now())
        listening.service.triggers.stop(listening.id, "t")
        await happens(listening, "in/stopped")
        await start(listening, "t")
        await happens(listening, "in/2")

        assert [path for _, path in started(listening)] == ["data/in|1", "data/in|2"]
        assert listening.lake.untaken == []

    play(scenario)


def test_an_event_between_subscription_and_start_does_not_fire(listening: LocalFactory) -> None:
    """The lake tells it, the trigger was stopped."""

    async def scenario() -> None:
        listening.put("triggers", "t", on_events())
        await start(listening)
        listening.service.triggers.events.subscribe(listening.id, "t")
        await listening.clock.settle()
        early = listening.clock.now()
        await listening.clock.advance(seconds=1)
        await start(listening, "t")
        listening.lake.happens("in/early", early)
        await happens(listening, "in/now")

        assert [path for _, path in started(listening)] == ["data/in|now"]

    play(scenario)


def test_an_event_that_is_told_again_starts_nothing_again(listening: LocalFactory) -> None:
    """The lake died before it knew that the event was dealt with, twice."""

    async def scenario() -> None:
        listening.put("triggers", "t", on_events())
        await start(listening, "t")
        listening.lake.fails = [aiohttp.ClientConnectionError(), aiohttp.ClientConnectionError()]
        await happens(listening, "in/a")
        assert len(listening.lake.untaken) == 1
        await listening.clock.advance(seconds=5)

        assert listening.lake.untaken == []
        assert len(started(listening)) == len(trigger_runs(listening)) == 1

    play(scenario)


def test_a_started_trigger_listens_after_a_restart(
    listening: LocalFactory, make_factory: Callable[..., LocalFactory]
) -> None:
    """The new process tells the lake who listens, and takes what happened meanwhile."""

    async def before() -> None:
        listening.put("triggers", "t", on_events())
        await start(listening, "t")

    async def after() -> None:
        again = make_factory()
        again.lake.subscriptions = listening.lake.subscriptions
        again.lake.happens("in/meanwhile", again.clock.now())
        await start(again)
        await again.clock.settle()

        assert again.lake.subscriptions == listening.lake.subscriptions
        assert [path for _, path in started(again)] == ["data/in|meanwhile"]

    play(before)
    play(after)


def test_a_subscription_is_made_and_ended_step_by_step(listening: LocalFactory) -> None:
    """Provisioning until the lake knows; nothing may be changed meanwhile."""

    async def scenario() -> None:
        listening.put("triggers", "t", on_events())
        events, at = listening.service.triggers.events, (listening.id, "t")
        listening.lake.fails = [aiohttp.ClientConnectionError()]
        assert events.status(*at) == "Disabled"

        events.subscribe(*at)
        assert events.status(*at) == "Provisioning"
        for refused in (events.subscribe, events.unsubscribe, listening.service.triggers.require_settled):
            with pytest.raises(Provisioning, match="Resource cannot be updated during provisioning"):
                refused(*at)

        await listening.service.start()
        await listening.clock.advance(seconds=2)
        assert events.status(*at) == "Enabled"
        events.subscribe(*at)
        assert events.status(*at) == "Enabled"

        events.unsubscribe(*at)
        assert events.status(*at) == "Deprovisioning"
        await listening.clock.settle()
        assert (events.status(*at), listening.lake.subscriptions) == ("Disabled", [])

    play(scenario)


def test_nobody_listens_for_a_trigger_that_is_gone(listening: LocalFactory) -> None:
    """Deleted by itself, or with its factory: the lake is told."""

    async def scenario() -> None:
        for name in ("t", "u"):
            listening.put("triggers", name, on_events())
        await start(listening, "t", "u")
        with pytest.raises(TriggerEnabledCannotUpdate):
            listening.service.triggers.delete(listening.id, "t")
        listening.service.triggers.stop(listening.id, "t")
        await listening.clock.settle()
        listening.service.triggers.delete(listening.id, "t")
        assert len(listening.lake.subscriptions) == 1

        listening.service.delete_factory(listening.id)
        await listening.clock.settle()
        assert listening.lake.subscriptions == []

    play(scenario)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"scope": "demolake"}, "scope is not the id of a storage account"),
        ({"events": []}, "is no list of"),
        ({"events": ["Microsoft.Storage.BlobRenamed"]}, "is no list of"),
        ({"blobPathBeginsWith": ""}, "or blobPathEndsWith is required"),
        ({"ignoreEmptyBlobs": "no"}, "neither true nor false"),
    ],
)
def test_a_trigger_that_could_not_listen_is_refused(
    listening: LocalFactory, written: Json, said: str
) -> None:
    """When it is written."""
    with pytest.raises(BadRequest, match=said):
        listening.put("triggers", "t", on_events(**written))


def test_a_trigger_cannot_listen_to_what_is_not_there(listening: LocalFactory) -> None:
    """Another account, no pipeline, or no trigger of events at all."""

    async def scenario() -> None:
        listening.put("triggers", "t", on_events(scope=ACCOUNT.replace("demolake", "other")))
        listening.put("triggers", "none", {**on_events(), "pipelines": []})
        daily = {"recurrence": {"frequency": "Day", "interval": 1, "startTime": "2026-11-01T00:00:00Z"}}
        listening.put(
            "triggers", "daily", {**on_events(), "type": "ScheduleTrigger", "typeProperties": daily}
        )
        for name, said in (("t", "no storage account"), ("none", "pipeline references")):
            with pytest.raises(BadRequest, match=said):
                await start(listening, name)
        with pytest.raises(BadRequest, match="listens to no events"):
            listening.service.triggers.events.subscribe(listening.id, "daily")
        assert listening.lake.subscriptions == []

    play(scenario)


def test_a_pipeline_that_cannot_start_is_a_failed_trigger_run(listening: LocalFactory) -> None:
    """The event is dealt with all the same."""

    async def scenario() -> None:
        listening.pipeline("q", wait("w"), parameters={"other": {"type": "String"}})
        listening.put("triggers", "t", on_events("q"))
        await start(listening, "t")
        await happens(listening, "in/a")

        assert [run["status"] for run in trigger_runs(listening)] == ["Failed"]
        assert listening.lake.untaken == []
        await asyncio.sleep(0)

    play(scenario)
