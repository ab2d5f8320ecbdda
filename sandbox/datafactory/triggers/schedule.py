"""A ScheduleTrigger while it is started: each fire time once, in order."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from adf.recurrence import Recurrence
from sandbox.datafactory.models import parse_instant, wire_instant
from sandbox.datafactory.triggers.firing import Firing, fire_once, new_run_id

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.clock import Clock
    from sandbox.datafactory.engine.engine import Engine
    from sandbox.datafactory.models import FactoryId, Json
    from sandbox.datafactory.runs import Runs
    from sandbox.datafactory.triggers.records import Records

MADE_UP_FOR = timedelta(hours=1)


class Schedule:
    """`run` until there is no more fire time; cancel it to stop. The trigger cannot change meanwhile."""

    def __init__(
        self,
        factory: FactoryId,
        trigger: Json,
        clock: Clock,
        records: Records,
        engine: Engine,
        runs: Runs,
    ) -> None:
        self._factory = factory
        self._name = str(trigger["name"])
        self._properties: Json = trigger["properties"]
        self._recurrence = Recurrence.from_json(self._properties["typeProperties"]["recurrence"])
        self._clock = clock
        self._records = records
        self._engine = engine
        self._runs = runs

    async def run(self) -> None:
        while (due := self._next()) is not None:
            seconds = (due - self._clock.now()).total_seconds()
            if seconds > 0:
                await self._clock.sleep(min(seconds, self._clock.longest_sleep_seconds))
            else:
                self._fire(due)

    def _next(self) -> datetime | None:
        """The first fire time not yet fired; what is missed for longer than an hour stays missed."""
        progress = parse_instant(self._records.progress(self._factory, self._name)["after"])
        after = max(progress, self._clock.now() - MADE_UP_FOR)
        return next(self._recurrence.fire_times(after), None)

    def _fire(self, due: datetime) -> None:
        firing = Firing(
            self._factory, self._name, self._properties, new_run_id(), scheduled=due, now=self._clock.now()
        )
        progress = {"after": wire_instant(due)}
        fire_once(
            firing,
            self._engine,
            self._runs,
            lambda: self._records.set_progress(self._factory, self._name, progress),
        )
