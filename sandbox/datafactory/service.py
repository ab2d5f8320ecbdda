"""The parts of the local Data Factory, put together for one process."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp

from sandbox.datafactory.activities import ACTIVITIES
from sandbox.datafactory.engine.engine import PLACES, Engine
from sandbox.datafactory.entities import Entities
from sandbox.datafactory.factories import Factories
from sandbox.datafactory.runs import Runs
from sandbox.datafactory.triggers.lake_events import LakeEvents
from sandbox.datafactory.triggers.triggers import Triggers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.context import Context
    from sandbox.datafactory.activities.call import ActivityKind
    from sandbox.datafactory.models import FactoryId
    from sandbox.datafactory.triggers.lake_events import EventSource

# A call of an activity to a local service; none of them answers slowly, they are polled.
_REQUEST_SECONDS = 120


class Outgoing:
    """The activities' HTTPS client: trusts the local bundle, made on first use inside the event loop."""

    def __init__(self, bundle: str) -> None:
        self._bundle = bundle
        self._session: aiohttp.ClientSession | None = None

    def __call__(self) -> aiohttp.ClientSession:
        if self._session is None:
            trust = ssl.create_default_context(cafile=self._bundle)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=trust),
                cookie_jar=aiohttp.DummyCookieJar(),  # one factory's cookies are nothing to another
                timeout=aiohttp.ClientTimeout(total=_REQUEST_SECONDS),
            )
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


@dataclass(frozen=True)
class Service:
    context: Context
    factories: Factories
    entities: Entities
    runs: Runs
    engine: Engine
    triggers: Triggers
    outgoing: Outgoing

    @classmethod
    def of(
        cls,
        context: Context,
        kinds: Mapping[str, ActivityKind] = ACTIVITIES,
        events: EventSource | None = None,
        places: int = PLACES,
    ) -> Service:
        """`events`: where they come from, if not from the lake; `places`: how many activities may reach
        outside at one time.
        """
        factories = Factories(context)
        entities = Entities(context.store, context.endpoints.lake)
        runs = Runs(context.store, context.clock)
        outgoing = Outgoing(context.endpoints.bundle)
        engine = Engine(context, factories, entities, runs, outgoing, kinds, places)
        source = events or LakeEvents(context, outgoing)
        triggers = Triggers(context, entities, runs, engine, source)
        return cls(context, factories, entities, runs, engine, triggers, outgoing)

    def delete_factory(self, factory: FactoryId) -> bool:
        """With all that is in it; what runs is cancelled. False when there was none."""
        with self.context.store.transaction():
            self.triggers.forget(factory)
            self.entities.delete_all(factory)
            self.runs.delete_all(factory)
            existed = self.factories.delete(factory)
        self.engine.forget(factory)
        return existed

    async def start(self) -> None:
        """End what the last process left, drop what is old, then let go on what waits and what fires."""
        self.runs.end_interrupted()
        for factory in self.factories.everywhere():
            self.runs.delete_old(factory)
        self.engine.resume()
        self.triggers.start_all()

    async def stop(self) -> None:
        await self.triggers.stop_all()
        await self.engine.stop()
        await self.outgoing.close()
