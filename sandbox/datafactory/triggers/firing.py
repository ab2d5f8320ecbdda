"""From a trigger's JSON and an instant to pipeline runs and a trigger run."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adf.language import ABSENT, LanguageError, Scope, evaluate
from sandbox.datafactory.checks.triggers import pipelines_of
from sandbox.datafactory.engine.orders import Order
from sandbox.datafactory.errors import BadRequest
from sandbox.datafactory.models import FactoryId, InvokedBy, Json, wire_instant
from sandbox.errors import AzureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from adf.events import BlobEvent
    from adf.windows import Window
    from sandbox.datafactory.engine.engine import Engine
    from sandbox.datafactory.runs import Runs


@dataclass(frozen=True)
class Firing:
    """One trigger at one moment: of a schedule, of a window, or of an event."""

    factory: FactoryId
    trigger: str
    properties: Json
    run_id: str
    scheduled: datetime
    now: datetime
    window: Window | None = None
    event: BlobEvent | None = None

    def start(self, engine: Engine) -> Iterator[tuple[str, str]]:
        """Start its pipelines one by one: name, run id. Raises `AzureError`; what started before goes on."""
        for one in pipelines_of(self.properties):
            yield one["pipelineReference"]["referenceName"], engine.start(self._order(one))

    def record(self) -> Json:
        """The trigger run as it begins."""
        window = self._window()
        return {
            "triggerRunId": self.run_id,
            "triggerName": self.trigger,
            "triggerType": self.properties["type"],
            "triggerRunTimestamp": wire_instant(self.now),
            "status": "Inprogress",
            "message": "",
            "properties": {
                "TriggerTime": american(self.now),
                "ScheduleTime": american(self.scheduled),
                **window,
            },
            "triggeredPipelines": {},
            "runDimension": window,
            "dependencyStatus": {},
            "_": {} if self.event is None else {"file": f"{self.event.container}/{self.event.path}"},
        }

    def accessor(self) -> Json:
        """What trigger() is: `outputs` exists for windows only."""
        facts: Json = {"scheduledTime": instant(self.scheduled), "startTime": wire_instant(self.now)}
        return {**facts, "outputs": self._window()} if self.window is not None else facts

    def bounds(self) -> Json:
        """Of the window, as they are kept."""
        if self.window is None:
            return {}
        return {"start": wire_instant(self.window.start), "end": wire_instant(self.window.end)}

    def _window(self) -> Json:
        if self.window is None:
            return {}
        return {"windowStartTime": instant(self.window.start), "windowEndTime": instant(self.window.end)}

    def _order(self, one: Json) -> Order:
        kind = self.properties["type"]
        return Order(
            self.factory,
            one["pipelineReference"]["referenceName"],
            self._parameters(one.get("parameters") or {}),
            InvokedBy(self.trigger, self.run_id, kind),
            {
                "TriggerId": self.run_id,
                "TriggerName": self.trigger,
                "TriggerType": kind,
                "TriggerTime": wire_instant(self.now),
            },
        )

    def _parameters(self, written: Json) -> Json:
        try:
            values: Any = evaluate(written, self._scope())
        except LanguageError as error:
            raise BadRequest(f"ErrorCode=InvalidTemplate, ErrorMessage={error}") from error
        evaluated: Json = values
        return evaluated

    def _scope(self) -> Scope:
        body: Any = ABSENT if self.event is None else self.event.trigger_body()
        return Scope(trigger=self.accessor(), trigger_body=body, now=lambda: self.now)


def fire_once(firing: Firing, engine: Engine, runs: Runs, progress: Callable[[], None]) -> Json:
    """The fire of a schedule or an event: trigger run, pipeline runs and progress together; Succeeded once
    the pipelines started.
    """
    record = firing.record()
    with runs.transaction():
        try:
            for name, run_id in firing.start(engine):
                record["triggeredPipelines"][name] = run_id
            record["status"] = "Succeeded"
        except AzureError as refusal:
            record |= {"status": "Failed", "message": refusal.message}
        runs.put_trigger_run(firing.factory, record)
        progress()
    return record


def new_run_id() -> str:
    """In the service's style; sorts by nothing."""
    return f"0858{secrets.randbelow(10**16):016d}{secrets.randbelow(10**12):012d}CU00"


def instant(moment: datetime) -> str:
    """`2026-11-22T00:00:00Z`, with a fraction only where there is one."""
    text = wire_instant(moment)
    return text.replace(".0000000Z", "Z")


def american(moment: datetime) -> str:
    """As the service writes times into a trigger run's properties: 6/16/2018 12:43:15 AM."""
    hour = moment.hour % 12 or 12
    half = "AM" if moment.hour < 12 else "PM"
    return f"{moment.month}/{moment.day}/{moment.year} {hour}:{moment:%M:%S} {half}"
