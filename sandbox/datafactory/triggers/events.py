"""BlobEventsTriggers: their subscriptions to the lake's events, and the runs that events start.

A subscription is asked for, then told to the lake, then Enabled; it ends the same way:

    Disabled ──subscribe──► Provisioning ──the lake knows──► Enabled
        ▲                                                       │
        └──the lake knows── Deprovisioning ◄──────unsubscribe───┘

The lake keeps an event until it is told that it was dealt with. A fire is one transaction, and the trigger
run is named after the event: one that comes again, because this process or the lake died in between, finds
its run and starts nothing. Events from before the trigger's start, or from after its stop, are dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import uuid
from typing import TYPE_CHECKING, Final

import aiohttp

from sandbox.datafactory.errors import BadRequest, NotFound, Provisioning
from sandbox.datafactory.models import FactoryId, Json, parse_instant
from sandbox.datafactory.triggers.firing import Firing, fire_once

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.context import Context
    from sandbox.datafactory.engine.engine import Engine
    from sandbox.datafactory.entities import Entities
    from sandbox.datafactory.runs import Runs
    from sandbox.datafactory.triggers.lake_events import Delivery, EventSource
    from sandbox.datafactory.triggers.records import Records

KIND: Final = "BlobEventsTrigger"
_KEPT: Final = ("/datafactory", "eventsubscriptions")
_MOVING: Final = ("Provisioning", "Deprovisioning")
_RETRY_SECONDS: Final = 1
_ACCOUNT = re.compile(r"(/subscriptions/[^/]+/resourceGroups/[^/]+)/providers/.*/([^/]+)", re.IGNORECASE)
_log = logging.getLogger("sandbox.control")


class Events:
    def __init__(
        self,
        context: Context,
        entities: Entities,
        runs: Runs,
        engine: Engine,
        records: Records,
        source: EventSource,
    ) -> None:
        self._context = context
        self._store = context.store
        self._entities = entities
        self._runs = runs
        self._engine = engine
        self._records = records
        self._source = source
        self._changed = asyncio.Event()
        self._settled = asyncio.Condition()
        self._unknown_to_lake = True

    # subscriptions

    def status(self, factory: FactoryId, trigger: str) -> str:
        found = self._store.get(*_KEPT, _key(factory, trigger))
        return "Disabled" if found is None else str(found["status"])

    def refuse_while_provisioning(self, factory: FactoryId, trigger: str) -> None:
        """Raises `Provisioning`."""
        if self.status(factory, trigger) in _MOVING:
            raise Provisioning(trigger)

    def subscribe(self, factory: FactoryId, trigger: str) -> None:
        """Asked for; `settled` when the lake knows. Again changes nothing: no event that waits is lost."""
        found = self._require_events(factory, trigger)
        written = found["properties"]["typeProperties"]
        self.refuse_while_provisioning(factory, trigger)
        kept = self._store.get(*_KEPT, _key(factory, trigger))
        if kept is not None and kept["typeProperties"] == written:
            return
        account = self._account(found["name"], written["scope"])
        subscription = {
            "factory": [factory.subscription, factory.resource_group, factory.name],
            "trigger": found["name"],
            "id": uuid.uuid4().hex,
            "account": account,
            "typeProperties": written,
            "status": "Provisioning",
        }
        self._store.put(*_KEPT, _key(factory, trigger), subscription)
        self._tell_lake()

    def unsubscribe(self, factory: FactoryId, trigger: str) -> None:
        self._require_events(factory, trigger)
        self.refuse_while_provisioning(factory, trigger)
        self.end(factory, trigger)

    def end(self, factory: FactoryId, trigger: str) -> None:
        """No further event; where there is no subscription nothing changes."""
        kept = self._store.get(*_KEPT, _key(factory, trigger))
        if kept is not None:
            self._store.put(*_KEPT, _key(factory, trigger), {**kept, "status": "Deprovisioning"})
            self._tell_lake()

    def end_all(self, factory: FactoryId) -> None:
        """The factory is deleted."""
        for one in self._subscriptions():
            if FactoryId(*one["factory"]).scope == factory.scope:
                self.end(factory, one["trigger"])

    async def settled(self, factory: FactoryId, trigger: str) -> None:
        """Returns once the subscription is neither being made nor removed."""
        async with self._settled:
            await self._settled.wait_for(lambda: self.status(factory, trigger) not in _MOVING)

    def _require_events(self, factory: FactoryId, trigger: str) -> Json:
        found = self._entities.get(factory, "triggers", trigger)
        if found["properties"]["type"] != KIND:
            raise BadRequest(f"The trigger '{trigger}' listens to no events.", target=trigger)
        return found

    def _account(self, trigger: str, scope: str) -> str:
        """The name of the storage account that `scope` is the id of, which must exist."""
        match = _ACCOUNT.fullmatch(scope)
        found = match and self._store.get(match[1], "storageAccounts", match[2])
        if not found:
            raise BadRequest(f"The trigger '{trigger}': there is no storage account {scope}.", target=trigger)
        return str(found["name"])

    def _subscriptions(self) -> list[Json]:
        return self._store.list(*_KEPT)

    def _tell_lake(self) -> None:
        self._unknown_to_lake = True
        self._changed.set()

    async def caught_up(self) -> bool:
        """Whether the lake has told all that happened in it so far, and it is dealt with."""
        return not self._subscriptions() or not (self._unknown_to_lake or await self._source.has_untaken())

    # events

    async def run(self) -> None:
        """As long as the sandbox does: tell the lake who listens, and fire what it tells."""
        while True:
            try:
                await self._turn()
            except (aiohttp.ClientError, TimeoutError) as error:  # the lake is being started again
                _log.warning("the lake tells no events: %s", error)
                await self._pause()
            except Exception:  # noqa: BLE001 - told in the log; started triggers never fall silent
                _log.exception("events could not be fired")
                await self._pause()

    async def _pause(self) -> None:
        with self._context.activity.elsewhere():
            await self._context.clock.sleep(_RETRY_SECONDS)

    async def _turn(self) -> None:
        self._changed.clear()
        if self._unknown_to_lake:
            self._unknown_to_lake = False
            await self._synchronise()
        if not self._subscriptions():
            await self._changed.wait()
            return
        deliveries = await self._until_changed()
        for delivery in deliveries:
            self._deliver(delivery)
        if deliveries:
            await self._source.take(deliveries)

    async def _synchronise(self) -> None:
        """Tell the lake all subscriptions at once; what changes meanwhile is told next."""
        told = self._subscriptions()
        wanted = [one for one in told if one["status"] != "Deprovisioning"]
        try:
            keys = ("id", "account", "typeProperties")
            await self._source.subscribe([{key: one[key] for key in keys} for one in wanted])
        except BaseException:
            self._unknown_to_lake = True
            raise
        with self._store.transaction():
            for one in told:
                self._settle(one)
        async with self._settled:
            self._settled.notify_all()

    def _settle(self, told: Json) -> None:
        key = _key(FactoryId(*told["factory"]), told["trigger"])
        if self._store.get(*_KEPT, key) != told:  # changed since: the next time
            return
        if told["status"] == "Deprovisioning":
            self._store.delete(*_KEPT, key)
        else:
            self._store.put(*_KEPT, key, {**told, "status": "Enabled"})

    async def _until_changed(self) -> list[Delivery]:
        """What the lake tells; nothing where a subscription changes first."""
        waiting = asyncio.ensure_future(self._source.waiting())
        changed = asyncio.ensure_future(self._changed.wait())
        try:
            await asyncio.wait({waiting, changed}, return_when=asyncio.FIRST_COMPLETED)
            return waiting.result() if waiting.done() else []
        finally:
            for task in (waiting, changed):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, aiohttp.ClientError, TimeoutError):
                    await task

    def _deliver(self, delivery: Delivery) -> None:
        run_id = _run_id(delivery)
        for one in self._listening(delivery):
            factory = FactoryId(*one["factory"])
            if self._runs.trigger_run(factory, run_id) is None:
                trigger = self._entities.get(factory, "triggers", one["trigger"])
                now = self._context.clock.now()
                firing = Firing(
                    factory, trigger["name"], trigger["properties"], run_id, now, now, event=delivery.event
                )
                fire_once(firing, self._engine, self._runs, lambda: None)

    def _listening(self, delivery: Delivery) -> Iterator[Json]:
        """The subscription, if its trigger was started when it happened, and still is."""
        for one in self._subscriptions():
            if one["id"] == delivery.subscription:
                factory = FactoryId(*one["factory"])
                with contextlib.suppress(NotFound):
                    trigger = self._entities.get(factory, "triggers", one["trigger"])
                    after = self._records.progress(factory, trigger["name"]).get("after")
                    started = trigger["properties"].get("runtimeState") == "Started"
                    if started and after is not None and delivery.at >= parse_instant(after):
                        yield one


def _key(factory: FactoryId, trigger: str) -> str:
    return f"{factory.scope}/triggers/{trigger.lower()}"


def _run_id(delivery: Delivery) -> str:
    """In the service's style, and the same for the same event."""
    return f"0858{int(delivery.id, 16) % 10**28:028d}CU00"
