"""An activity's policy: timeout, retry, and the bounded number of activities that reach outside."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from sandbox.datafactory.activities import ACTIVITIES
from sandbox.datafactory.activities.call import ActivityKind
from sandbox.datafactory.errors import ActivityFailed
from sandbox.datafactory.service import Service
from tests.unit.sandbox.datafactory.local_factory import LocalFactory, activity, play

if TYPE_CHECKING:
    from sandbox.datafactory.activities.call import Call
    from sandbox.datafactory.models import Json

HALF_A_MINUTE = {"timeout": "0.00:10:00", "retry": 2, "retryIntervalInSeconds": 30}


class Service500:
    """Stands in place of WebActivity: fails `failures` times, then waits for as long as it is told."""

    def __init__(self, failures: int = 0, seconds: float = 0) -> None:
        self.failures = failures
        self.seconds = seconds
        self.at_once = 0
        self.most_at_once = 0
        self.undone = 0

    async def run(self, call: Call) -> Json:
        async def undo() -> None:
            self.undone += 1

        call.services.on_cancel(undo)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await call.services.sleep(self.seconds)
        finally:
            self.at_once -= 1
        if self.failures:
            self.failures -= 1
            raise ActivityFailed("500", "not now")
        return {}

    def serve(self, factory: LocalFactory) -> None:
        kind = ActivityKind(run=self.run, check=lambda *_: None, has_policy=True)
        factory.service = Service.of(factory.context, {**ACTIVITIES, "WebActivity": kind})


def call(name: str = "web", **policy: object) -> Json:
    return activity(name, "WebActivity", policy=policy, method="GET", url="https://127.0.0.1:1")


def test_a_failed_activity_is_tried_again_after_the_interval(factory: LocalFactory) -> None:
    """Each attempt is an activity run of its own; the last one counts."""

    async def scenario() -> None:
        Service500(failures=2).serve(factory)
        factory.pipeline("p", call(**HALF_A_MINUTE))
        began = factory.clock.now()

        run = await factory.run("p")

        attempts = factory.service.runs.activity_runs(factory.id, run["runId"])
        assert [one["status"] for one in attempts] == ["Failed", "Failed", "Succeeded"]
        assert [one["retryAttempt"] for one in attempts] == [None, 1, 2]
        assert (factory.clock.now() - began).total_seconds() == 60
        assert run["status"] == "Succeeded"

    play(scenario)


def test_the_last_attempt_decides(factory: LocalFactory) -> None:
    """retry 1 is two attempts, no third."""

    async def scenario() -> None:
        Service500(failures=2).serve(factory)
        factory.pipeline("p", call(retry=1))

        run = await factory.run("p")

        assert run["status"] == "Failed"
        assert len(factory.service.runs.activity_runs(factory.id, run["runId"])) == 2

    play(scenario)


def test_an_activity_that_takes_too_long_is_ended_and_undone(factory: LocalFactory) -> None:
    """The timeout counts for each attempt; what was started on the outside is stopped."""

    async def scenario() -> None:
        service = Service500(seconds=3600)
        service.serve(factory)
        factory.pipeline("p", call(timeout="0.00:10:00"))
        began = factory.clock.now()

        run = await factory.run("p")

        assert "timed out after 0:10:00" in run["message"]
        assert (factory.clock.now() - began).total_seconds() == 600
        assert (service.undone, service.at_once) == (1, 0)

    play(scenario)


@pytest.mark.parametrize("count", [60])
def test_no_more_than_fifty_activities_reach_outside_at_once(factory: LocalFactory, count: int) -> None:
    """The others are Queued, and all get their turn."""

    async def scenario() -> None:
        service = Service500(seconds=5)
        service.serve(factory)
        factory.pipeline("p", *(call(f"web{number}") for number in range(count)))
        run_id = factory.start("p")
        await factory.clock.settle()

        statuses = [one["status"] for one in factory.activities(run_id).values()]
        assert (statuses.count("InProgress"), statuses.count("Queued")) == (50, 10)
        assert (await factory.finish(run_id))["status"] == "Succeeded"
        assert service.most_at_once == 50

    play(scenario)


def test_a_mistake_of_the_runtime_ends_the_run(factory: LocalFactory) -> None:
    """An exception that nobody foresaw is told as InternalError; nothing hangs."""

    async def scenario() -> None:
        async def broken(_: Call) -> Json:
            await asyncio.sleep(0)
            raise ZeroDivisionError("oops")

        kind = ActivityKind(run=broken, check=lambda *_: None)
        factory.service = Service.of(factory.context, {**ACTIVITIES, "WebActivity": kind})
        factory.pipeline("p", activity("web", "WebActivity", method="GET", url="https://127.0.0.1:1"))

        run = await factory.run("p")

        assert factory.activities(run["runId"])["web"]["error"]["errorCode"] == "InternalError"
        assert "ZeroDivisionError: oops" in run["message"]

    play(scenario)


def test_a_second_cancellation_does_not_interrupt_the_first(factory: LocalFactory) -> None:
    """What an activity started on the outside is stopped once, and to the end."""

    async def scenario() -> None:
        undone: list[str] = []

        async def run(call: Call) -> Json:
            async def undo() -> None:
                await call.services.sleep(5)
                undone.append(call.name)

            call.services.on_cancel(undo)
            await call.services.sleep(3600)
            return {}

        kind = ActivityKind(run=run, check=lambda *_: None, has_policy=True)
        factory.service = Service.of(factory.context, {**ACTIVITIES, "WebActivity": kind})
        factory.pipeline("p", call())
        run_id = factory.start("p")
        await factory.clock.settle()
        for _ in range(2):
            factory.service.engine.cancel(factory.id, run_id, recursive=False)
            await factory.clock.settle()

        assert (await factory.finish(run_id))["status"] == "Cancelled"
        assert undone == ["web"]

    play(scenario)


def test_a_loop_over_many_items_keeps_few_under_way(factory: LocalFactory) -> None:
    """batchCount items at a time, the next when one ends: no task waits for each of the others."""

    async def scenario() -> None:
        loop = activity(
            "each",
            "ForEach",
            items={"value": "@range(0, 500)", "type": "Expression"},
            batchCount=3,
            activities=[activity("w", "Wait", waitTimeInSeconds=60)],
        )
        factory.pipeline("p", loop)
        run_id = factory.start("p")
        await factory.clock.settle()

        assert len(asyncio.all_tasks()) < 20
        assert len(factory.service.runs.activity_runs(factory.id, run_id)) == 1 + 3

    play(scenario)
