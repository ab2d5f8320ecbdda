"""Triggers started and stopped, and the tasks that fire them."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from sandbox.datafactory.checks.triggers import pipelines_of
from sandbox.datafactory.errors import BadRequest, InvalidTriggerPipelines, NotFound
from sandbox.datafactory.models import wire_instant
from sandbox.datafactory.triggers.events import KIND as EVENTS
from sandbox.datafactory.triggers.events import Events
from sandbox.datafactory.triggers.records import Records
from sandbox.datafactory.triggers.schedule import Schedule
from sandbox.datafactory.triggers.tumbling import Windows

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.context import Context
    from sandbox.datafactory.engine.engine import Engine
    from sandbox.datafactory.entities import Entities
    from sandbox.datafactory.models import FactoryId, Json
    from sandbox.datafactory.runs import Runs
    from sandbox.datafactory.triggers.lake_events import EventSource

TRY_AGAIN_SECONDS = 30
_log = logging.getLogger("sandbox.runs")


class Triggers:
    def __init__(
        self, context: Context, entities: Entities, runs: Runs, engine: Engine, source: EventSource
    ) -> None:
        self._context = context
        self._entities = entities
        self._runs = runs
        self._engine = engine
        self._records = Records(context.store)
        self.events = Events(context, entities, runs, engine, self._records, source)
        self._listening: asyncio.Task[None] | None = None
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._windows: dict[tuple[str, str], Windows] = {}

    def start_all(self) -> None:
        """At the sandbox's start: go on with the started triggers, and with windows that were under way."""
        for factory, name in [*self._records.started(), *self._records.with_open_runs()]:
            self._go(factory, name)
        self._listening = asyncio.get_running_loop().create_task(self.events.run())

    async def stop_all(self) -> None:
        tasks = [*self._tasks.values(), *([self._listening] if self._listening else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def forget(self, factory: FactoryId) -> None:
        """The factory is deleted with all that is in it."""
        for key, task in list(self._tasks.items()):
            if key[0] == factory.scope:
                task.cancel()
        self.events.end_all(factory)
        self._records.forget_all(factory)

    def require_settled(self, factory: FactoryId, name: str) -> None:
        """Before a trigger is written or deleted; raises `Provisioning`."""
        self.events.refuse_while_provisioning(factory, name)

    def delete(self, factory: FactoryId, name: str) -> bool:
        """With its progress, and the windows that wait to be run (again): a trigger that is later made under
        this name is another one. False when there was none; raises `AzureError` while it is started.
        """
        with self._context.store.transaction():
            existed = self._entities.delete(factory, "triggers", name)
            self.events.end(factory, name)
            self._records.forget(factory, name)
            self._new_windows(factory, name).abandon()
        return existed

    async def start_listening(self, factory: FactoryId, name: str) -> None:
        """Start it; one of events once the lake knows that it listens. Raises also `Provisioning`."""
        trigger = self._entities.get(factory, "triggers", name)
        if trigger["properties"]["type"] == EVENTS:
            self._check_pipelines(factory, trigger)
            self.events.subscribe(factory, name)
            await self.events.settled(factory, name)
        self.start(factory, name)

    def start(self, factory: FactoryId, name: str) -> None:
        """Starting a started trigger changes nothing. Raises `InvalidTriggerPipelines`."""
        trigger = self._entities.get(factory, "triggers", name)
        if trigger["properties"].get("runtimeState") == "Started":
            return
        self._check_pipelines(factory, trigger)
        with self._context.store.transaction():
            self._entities.set_runtime_state(factory, name, "Started")
            self._records.mark_started(factory, trigger["name"], self._context.clock.now())
            if trigger["properties"]["type"] in ("ScheduleTrigger", EVENTS):
                # What lies before the start is not made up for.
                progress = {"after": wire_instant(self._context.clock.now())}
                self._records.set_progress(factory, trigger["name"], progress)
        self._go(factory, trigger["name"])

    def stop(self, factory: FactoryId, name: str) -> None:
        """No further fire; runs that have begun go on. Stopping a stopped trigger changes nothing."""
        trigger = self._entities.get(factory, "triggers", name)
        if trigger["properties"].get("runtimeState") != "Started":
            return
        with self._context.store.transaction():
            self._entities.set_runtime_state(factory, name, "Stopped")
            self._records.mark_stopped(factory, name)
            self.events.end(factory, name)
        windows = self._windows.get(_key(factory, name))
        if windows is not None:
            windows.look()
        elif (task := self._tasks.pop(_key(factory, name), None)) is not None:
            task.cancel()

    def started_since(self, factory: FactoryId, name: str) -> datetime | None:
        """None where it is stopped, or nobody knows."""
        return self._records.started_since(factory, name)

    def rerun(self, factory: FactoryId, name: str, run_id: str) -> None:
        self._windows_of(factory, name).rerun(run_id)
        self._go(factory, name)

    def cancel(self, factory: FactoryId, name: str, run_id: str) -> None:
        self._windows_of(factory, name).cancel(run_id)

    def _windows_of(self, factory: FactoryId, name: str) -> Windows:
        trigger = self._entities.get(factory, "triggers", name)
        if trigger["properties"]["type"] != "TumblingWindowTrigger":
            raise BadRequest(
                f"The trigger '{name}' is no tumbling window trigger: rerun or cancel its pipeline run.",
                target=name,
            )
        return self._windows.get(_key(factory, name)) or self._new_windows(factory, trigger["name"])

    def _new_windows(self, factory: FactoryId, name: str) -> Windows:
        return Windows(
            factory,
            name,
            self._context.clock,
            self._records,
            self._engine,
            self._entities,
            self._runs,
            lambda ended: self._look_again(factory, ended),
        )

    def _look_again(self, factory: FactoryId, ended: str) -> None:
        """A window of a trigger is over: those of others may have waited for it."""
        name, scope = ended.lower(), factory.scope
        for key, windows in self._windows.items():
            if name in windows.upstream and key[0] == scope:
                windows.look()

    def _go(self, factory: FactoryId, name: str) -> None:
        """One task a trigger; one that is there looks again."""
        key = _key(factory, name)
        if key in self._tasks and not self._tasks[key].done():
            if key in self._windows:
                self._windows[key].look()
            return
        try:
            trigger = self._entities.get(factory, "triggers", name)
        except NotFound:
            trigger = {"name": name, "properties": {"type": "TumblingWindowTrigger"}}
        if trigger["properties"]["type"] == EVENTS:
            return  # one task listens for all of them
        task = asyncio.get_running_loop().create_task(
            self._keep_running(self._worker(factory, trigger), key[1])
        )
        self._tasks[key] = task
        task.add_done_callback(lambda ended: self._over(key, ended))

    async def _keep_running(self, worker: Schedule | Windows, name: str) -> None:
        """A started trigger never falls silent: after a mistake of ours, or a full disk, it tries again."""
        while True:
            try:
                await worker.run()
            except Exception:  # noqa: BLE001 - told in the log
                _log.exception("the trigger %s could not fire", name)
                await self._context.clock.sleep(TRY_AGAIN_SECONDS)
            else:
                return

    def _worker(self, factory: FactoryId, trigger: Json) -> Schedule | Windows:
        if trigger["properties"]["type"] == "ScheduleTrigger":
            clock = self._context.clock
            return Schedule(factory, trigger, clock, self._records, self._engine, self._runs)
        windows = self._windows[_key(factory, trigger["name"])] = self._new_windows(factory, trigger["name"])
        return windows

    def _over(self, key: tuple[str, str], task: asyncio.Task[None]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]
            self._windows.pop(key, None)

    def _check_pipelines(self, factory: FactoryId, trigger: Json) -> None:
        view = self._entities.view(factory)
        pipelines = pipelines_of(trigger["properties"])
        references = [one.get("pipelineReference") or {} for one in pipelines]
        if not references or not all(
            one.get("type") == "PipelineReference"
            and view.properties("pipelines", str(one.get("referenceName"))) is not None
            for one in references
        ):
            raise InvalidTriggerPipelines(trigger["name"])


def _key(factory: FactoryId, name: str) -> tuple[str, str]:
    return factory.scope, name.lower()
