"""The local Data Factory dies at each of its writes in turn, while its triggers fire on a day on which clocks
change: no fire and no window is lost, none comes twice.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

import pytest

from sandbox.datafactory.errors import NotFound
from sandbox.datafactory.runs import STOPPED
from tests.fault.mortal_store import MortalStore
from tests.unit.adf.builders import built, calendar, model, tumbling
from tests.unit.sandbox.datafactory.local_factory import LocalFactory, ManualClock, wait

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sandbox.datafactory.models import Json

BEGIN = datetime(2026, 10, 24, 14, 0, tzinfo=UTC)
END = datetime(2026, 10, 25, 13, 0, tzinfo=UTC)
"""In central Europe the 25th has 25 hours, and half past two comes twice."""
BERLIN = {"time_zone": "W. Europe Standard Time"}


class KilledError(BaseException):
    """The process is gone: no `except Exception` sees it."""


def dies() -> NoReturn:
    raise KilledError


def triggers() -> dict[str, Json]:
    """Of every recurrence; and days that wait for the half days in them, and for the day before."""
    start = "2026-10-24T00:30:00"
    twice = {"start": "2026-10-01T00:00:00", "hours": [2], "minutes": [30], **BERLIN}
    fires = {
        "minutes": calendar(frequency="Minute", interval=600, start=start),
        "hours": calendar(frequency="Hour", interval=9, start=start, **BERLIN),
        "days": calendar(**twice),
        "weeks": calendar(frequency="Week", week_days=["Sunday"], **twice),
        "months": calendar(frequency="Month", month_days=[25], **twice),
    }
    halves = tumbling(interval=12, start="2026-10-23T00:00:00Z", max_concurrency=2)
    waits = [{"model": "cleaning", "schedule": "halves"}, {"offset_minutes": -1440}]
    whole = tumbling(start="2026-10-23T00:00:00Z", depends_on=waits, max_concurrency=2)
    entities = built(
        model("cleaning", window={"every": "12 hours"}, schedules={"score": {"halves": halves}}),
        model("churn", schedules={"score": {"whole": whole, **fires}}),
    )
    found = {name: each.properties for name, each in entities.items() if each.kind == "trigger"}
    return dict(sorted(found.items(), key=lambda each: "dependsOn" in each[1]["typeProperties"]))


def set_up(factory: LocalFactory) -> None:
    """What is not there yet."""
    try:
        factory.service.factories.get(factory.id)
    except NotFound:
        factory.create()
    for name in ("score_cleaning", "score_churn"):
        declared = ("window_start", "window_end", "fire_time")
        parameters = {key: {"type": "String", "defaultValue": "-"} for key in declared}
        factory.pipeline(name, wait("w", 60), parameters=parameters)
    known = {one["name"] for one in factory.service.entities.list(factory.id, "triggers")}
    for name, properties in triggers().items():
        if name not in known:
            factory.put("triggers", name, properties)
        factory.service.triggers.start(factory.id, name)


async def killed_at(state: Path, writes: int) -> tuple[list[Json], list[Json], bool]:
    """The trigger runs and pipeline runs in the end, and whether so many writes were made at all."""
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # nobody reads how a dead task ended
    clock = ManualClock(BEGIN)
    store = MortalStore(state / "state.db", writes, dies)
    first = LocalFactory(state, clock, open_store=lambda _: store)
    with suppress(KilledError):
        set_up(first)
        while not store.dead and clock.now() < END:
            await clock.advance(minutes=45)
    await die(first)
    if not store.dead:
        return await end(state, clock)
    await clock.advance(minutes=10)
    second = LocalFactory(state, clock)
    await second.service.start()
    set_up(second)
    while clock.now() < END:
        await clock.advance(minutes=60)
        rerun_interrupted(second)
    await clock.advance(minutes=30)
    await die(second)
    return (*(await end(state, clock))[:2], True)


async def die(factory: LocalFactory) -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    factory.store.close()


async def end(state: Path, clock: ManualClock) -> tuple[list[Json], list[Json], bool]:
    last = LocalFactory(state, clock)
    found = last.service.runs.trigger_runs(last.id), last.service.runs.all(last.id)
    last.store.close()
    return (*found, False)


def rerun_interrupted(factory: LocalFactory) -> None:
    for run in factory.service.runs.trigger_runs(factory.id):
        if run["status"] == "Failed":
            assert run["message"] == STOPPED
            factory.service.triggers.rerun(factory.id, run["triggerName"], run["triggerRunId"])


def fires(trigger_runs: Iterable[Json]) -> Counter[tuple[str, str]]:
    """Each window, or each time of a calendar."""
    return Counter(
        (run["triggerName"], run["runDimension"].get("windowStartTime") or run["properties"]["ScheduleTime"])
        for run in trigger_runs
    )


@pytest.mark.parametrize("writes", [0, 1])
def test_whichever_write_is_the_last_each_fire_and_each_window_comes_once(tmp_path: Path, writes: int):
    """The fire and how far the trigger came are one transaction. Half of the writes, then the other half."""
    (tmp_path / "whole").mkdir()
    undisturbed, _, _ = asyncio.run(killed_at(tmp_path / "whole", 10**9))
    expected = fires(undisturbed)
    assert set(expected.values()) == {1}
    assert {name for name, _ in expected} == triggers().keys()
    reached = True
    while reached:
        state = tmp_path / str(writes)
        state.mkdir()

        trigger_runs, pipeline_runs, reached = asyncio.run(killed_at(state, writes))

        assert fires(trigger_runs) == expected, writes
        assert {run["status"] for run in trigger_runs} == {"Succeeded"}, writes
        whole = Counter(run["invokedBy"]["id"] for run in pipeline_runs if run["message"] != STOPPED)
        assert set(whole.values()) <= {1}, writes
        writes += 2
