"""One local Data Factory without a server: its parts, a store in a temporary folder, and time that the test
moves.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import uuid
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from adf.events import CREATED, BlobEvent, BlobTrigger
from sandbox.context import Context, Endpoints
from sandbox.datafactory.conditions import Conditions
from sandbox.datafactory.engine.orders import Order, Rerun
from sandbox.datafactory.models import TERMINAL, EntityKind, FactoryId, Json
from sandbox.datafactory.service import Service
from sandbox.datafactory.triggers.lake_events import Delivery
from sandbox.identity import Identity
from sandbox.store import Store

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
_STEPS = 60


class ManualClock:
    """Stands still until the test moves it; sleepers wake in the order of their times."""

    longest_sleep_seconds = math.inf

    def __init__(self, now: datetime = START) -> None:
        self._now = now
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        wake = self._now + timedelta(seconds=max(seconds, 0))
        heapq.heappush(self._sleepers, (wake, next(self._numbers), future))
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        await future

    async def settle(self) -> None:
        """Let everything run that can run without time passing."""
        for _ in range(_STEPS):
            await asyncio.sleep(0)

    async def advance(self, **amount: float) -> None:
        """Move by `minutes=…`, waking each sleeper at its own time."""
        end = self._now + timedelta(**amount)
        await self.settle()
        while (wake := self._next()) is not None and wake <= end:
            await self._wake()
        self._now = end
        await self.settle()

    async def to_next(self) -> None:
        """Move to the next sleeper's time."""
        if self._next() is None:
            raise AssertionError("nobody sleeps, and nothing ends")
        await self._wake()

    def _next(self) -> datetime | None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    async def _wake(self) -> None:
        wake, _, future = heapq.heappop(self._sleepers)
        self._now = max(self._now, wake)
        if not future.done():
            future.set_result(None)
        await self.settle()


class ToldEvents:
    """In the lake's place: a test says what happened; it is told until it is taken."""

    def __init__(self) -> None:
        self.subscriptions: list[Json] = []
        self.untaken: list[Delivery] = []
        self.fails: list[Exception] = []
        self._happened = asyncio.Event()

    def happens(self, path: str, at: datetime, size: int | None = 1, kind: str = CREATED) -> None:
        """For each subscription that wants it."""
        event = BlobEvent(kind, "data", path, size)
        for one in self.subscriptions:
            if BlobTrigger.from_json(one["typeProperties"]).fires(event):
                self.untaken.append(Delivery(uuid.uuid4().hex, one["id"], event, at))
        self._happened.set()

    async def subscribe(self, wanted: Sequence[Json]) -> None:
        self._fail()
        self.subscriptions = list(wanted)

    async def waiting(self) -> list[Delivery]:
        while not self.untaken:
            self._happened.clear()
            await self._happened.wait()
        return list(self.untaken)

    async def take(self, deliveries: Sequence[Delivery]) -> None:
        self._fail()
        taken = {one.id for one in deliveries}
        self.untaken = [one for one in self.untaken if one.id not in taken]

    def _fail(self) -> None:
        if self.fails:
            raise self.fails.pop()


class LocalFactory:
    """A factory in the words of a test: put, start, finish, activities."""

    def __init__(
        self,
        state: Path,
        clock: ManualClock,
        lake: str = "https://127.0.0.1:2",
        control: str = "https://127.0.0.1:1",
        open_store: Callable[[Path], Store] = Store,
    ) -> None:
        self.clock = clock
        self.store = open_store(state / "state.db")
        identity = Identity(state / "identity.key")
        bundle = state / "bundle.pem"
        bundle.touch()
        endpoints = Endpoints(control, lake, "http://127.0.0.1:1/identity/token", "header", str(bundle), "")
        self.context = Context(state, self.store, clock, identity, endpoints)
        self.id = FactoryId("sub", "rg", "adf-test")
        self.lake = ToldEvents()
        self.service = Service.of(self.context, events=self.lake)

    def create(self, **body: Any) -> Json:
        body = {"location": "westeurope", "identity": {"type": "SystemAssigned"}, **body}
        return self.service.factories.put(self.id, body, Conditions())

    def put(self, kind: EntityKind, name: str, properties: Json) -> Json:
        return self.service.entities.put(self.id, kind, name, {"properties": properties}, Conditions())

    def pipeline(self, name: str, *activities: Json, **properties: Any) -> Json:
        return self.put("pipelines", name, {"activities": list(activities), **properties})

    def start(self, pipeline: str, parameters: Json | None = None, rerun: Rerun | None = None) -> str:
        return self.service.engine.start(Order(self.id, pipeline, parameters or {}, rerun=rerun))

    def run_of(self, run_id: str) -> Json:
        found = self.service.runs.find(self.id, run_id)
        assert found is not None
        return found

    async def finish(self, run_id: str) -> Json:
        """The run's document once it is over; time moves as far as it needs."""
        await self.clock.settle()
        while self.run_of(run_id)["status"] not in TERMINAL:
            await self.clock.to_next()
        return self.run_of(run_id)

    async def run(self, pipeline: str, **parameters: Any) -> Json:
        return await self.finish(self.start(pipeline, parameters))

    def activities(self, run_id: str) -> dict[str, Json]:
        """The last run of each activity, by name."""
        return {one["activityName"]: one for one in self.service.runs.activity_runs(self.id, run_id)}


def activity(name: str, kind: str, *, after: dict[str, list[str]] | None = None, **properties: Any) -> Json:
    """An activity's JSON; `after` is its dependsOn; keywords are its typeProperties, but for the common
    ones.
    """
    common = {key: properties.pop(key) for key in ("policy", "userProperties", "state") if key in properties}
    depends_on = [{"activity": key, "dependencyConditions": value} for key, value in (after or {}).items()]
    return {"name": name, "type": kind, "dependsOn": depends_on, **common, "typeProperties": properties}


def wait(name: str, seconds: Any = 1, **common: Any) -> Json:
    return activity(name, "Wait", waitTimeInSeconds=seconds, **common)


def fail(name: str, message: Any = "no", **common: Any) -> Json:
    return activity(name, "Fail", message=message, errorCode="1", **common)


def expression(text: str) -> Json:
    return {"value": text, "type": "Expression"}


Scenario = Callable[[], Coroutine[Any, Any, None]]


def play(scenario: Scenario) -> None:
    """Run an async test body."""
    asyncio.run(scenario())
