"""A TumblingWindowTrigger: each window once, oldest first, at most maxConcurrency at a time, mirrored and
retried.

A window's trigger run moves between these states (`_.state`):

    waiting ──► running ──► over            Succeeded, Failed, Cancelled: the pipeline run's status
     ▲  │          │
     │  │          └──► retry ──► running   while retryPolicy.count allows, after its interval
     │  └──► over                           Failed: its dependencies were not met within 7 days
     └─── over (rerun)

Windows become trigger runs when they start, or when they are due and wait for others (for dependencies, not
for their turn): a backfill of years is a number, not a list. What waits takes nobody's place; while the
trigger is stopped it is not started.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING

from adf.windows import TumblingWindow, Window, upstream_of
from sandbox.datafactory.errors import BadRequest, NotFound
from sandbox.datafactory.models import parse_instant, wire_instant
from sandbox.datafactory.triggers.dependencies import (
    LONGEST_WAIT,
    WAITED_TOO_LONG,
    Dependencies,
    awaited,
    told,
    waits,
)
from sandbox.datafactory.triggers.firing import Firing, new_run_id
from sandbox.datafactory.triggers.window_runs import WindowRuns, window_of
from sandbox.datafactory.waiting import within
from sandbox.errors import AzureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from sandbox.clock import Clock
    from sandbox.datafactory.engine.engine import Engine
    from sandbox.datafactory.entities import Entities
    from sandbox.datafactory.models import FactoryId, Json
    from sandbox.datafactory.runs import Runs
    from sandbox.datafactory.triggers.records import Records

# Reruns and backfills of thousands of windows take turns with everything else.
_STARTS_A_STEP = 20
_MOST_WAITING = 200
"""Due windows that wait for dependencies, as trigger runs; further ones follow when one of them ends."""


class Windows:
    """One trigger's windows. `run` goes on while the trigger is started or a run of it is open."""

    def __init__(
        self,
        factory: FactoryId,
        trigger: str,
        clock: Clock,
        records: Records,
        engine: Engine,
        entities: Entities,
        runs: Runs,
        ended: Callable[[str], None],
    ) -> None:
        """`ended` is told, with each window that is over, the name of its trigger: others may wait for it."""
        self.upstream: set[str] = set()
        self._factory = factory
        self._name = trigger
        self._dependencies = Dependencies(factory, trigger, entities, records)
        self._told = ended
        self._clock = clock
        self._windows = WindowRuns(factory, trigger, runs, records)
        self._engine = engine
        self._entities = entities
        self._runs = runs
        self._wake = asyncio.Event()
        self._watched: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        try:
            while True:
                self._wake.clear()
                seconds, is_open = self._step()
                if seconds is None and not is_open:
                    return
                await self._pause(seconds)
        finally:
            for task in self._watched.values():
                task.cancel()
            await asyncio.gather(*self._watched.values(), return_exceptions=True)
            self._watched.clear()

    def look(self) -> None:
        """Something changed: a start, a stop, a rerun, a cancellation."""
        self._wake.set()

    def rerun(self, run_id: str) -> None:
        """Run a window again that is over; with the trigger's latest definition."""
        run = self._windows.known(run_id)
        if run["status"] == "Inprogress":
            raise BadRequest(f"The trigger run {run_id} is under way: it cannot be rerun.", target=run_id)
        run["_"] |= {"state": "waiting", "attempt": 0, "rerun": True, "until": self._latest(), "waited": []}
        self._windows.write({**run, "status": "Inprogress", "message": "", "dependencyStatus": {}})
        self.look()

    def cancel(self, run_id: str) -> None:
        run = self._windows.known(run_id)
        if run["status"] != "Inprogress":
            raise BadRequest(f"The trigger run {run_id} is over ({run['status']}).", target=run_id)
        if run["_"]["state"] == "running":
            self._engine.cancel(self._factory, run["_"]["pipelineRun"], recursive=True)
        else:
            self._close(run, "Cancelled", "The trigger run was cancelled.")
        self.look()

    def abandon(self) -> None:
        """The trigger is deleted: what waits to be run will never be; what is under way ends by itself."""
        for run in self._windows.open():
            if run["_"]["state"] != "running":
                self._close(run, "Cancelled", "The trigger was deleted.")

    def _step(self) -> tuple[float | None, bool]:
        """Start what can be started now; the seconds to the next moment that is known, or None, and whether a
        run is open.
        """
        now = self._clock.now()
        moments: list[datetime] = []
        properties = self._properties()
        if properties is not None:
            self.upstream = {name.lower() for name in upstream_of(properties)}
            windows = TumblingWindow.from_type_properties(properties["typeProperties"])
            free = self._start_open(properties, windows, now)
            if properties.get("runtimeState") == "Started":
                moments = self._start_new(properties, windows, free, now)
        # Read again: a start that is refused is a failed attempt, and may be due for another.
        runs = self._windows.open()
        if properties is not None:
            moments += [moment for run in runs for moment in _moments(run, properties)]
        self._watch_running(runs)
        return min(((moment - now).total_seconds() for moment in moments), default=None), bool(runs)

    def _start_open(self, properties: Json, windows: TumblingWindow, now: datetime) -> int:
        """Retries that are due, reruns and what waited for others, oldest first; how many more may run."""
        runs = self._windows.open()
        free = windows.max_concurrency - sum(1 for run in runs if run["_"]["state"] != "waiting")
        for run in sorted(runs, key=lambda one: str(one["_"]["start"])):
            match run["_"]["state"]:
                case "retry" if _retry_at(run) <= now:
                    self._start(run, properties, windows)
                case "waiting" if _may_start(run, properties) and self._is_ready(run, properties, now):
                    if free > 0:
                        free -= 1
                        self._start(run, properties, windows)
        return free

    def _is_ready(self, run: Json, properties: Json, now: datetime) -> bool:
        """Whether nothing is left to wait for; what waited for too long is over."""
        status = self._dependencies.status(properties, window_of(run))
        changed = status != run["dependencyStatus"]
        run["dependencyStatus"] = status
        if not waits(status):
            return True
        if parse_instant(run["_"]["until"]) <= now:
            self._close(run, "Failed", WAITED_TOO_LONG)
        elif changed:
            run["_"]["waited"] = awaited(status)
            self._windows.write({**run, "message": told(status)})
        return False

    def _start_new(
        self, properties: Json, windows: TumblingWindow, free: int, now: datetime
    ) -> list[datetime]:
        """The oldest due windows that never ran; the moment of the next look at them."""
        number = self._windows.first_that_never_ran()
        waiting = sum(1 for run in self._windows.open() if run["_"]["state"] == "waiting")
        for begun, window in enumerate(windows.windows(number)):
            if windows.due_at(window) > now:
                return [windows.due_at(window)]
            status = self._dependencies.status(properties, window)
            places = _MOST_WAITING - waiting if waits(status) else free
            if places <= 0 or begun >= _STARTS_A_STEP:
                # Another look only after progress: places that refused starts left open are free again.
                return [now] if begun else []
            waiting, free = (waiting + 1, free) if waits(status) else (waiting, free - 1)
            self._begin(self._firing(properties, windows, window, new_run_id()), status, number + begun)
        return []

    def _begin(self, firing: Firing, status: Json, number: int) -> None:
        run = firing.record()
        run |= {"dependencyStatus": status, "_": {**firing.bounds(), "attempt": 0, "until": self._latest()}}
        with self._runs.transaction():
            self._windows.come_to(number + 1)
            if waits(status):
                run["_"] |= {"state": "waiting", "waited": awaited(status)}
                self._windows.write({**run, "message": told(status)})
            else:
                self._attempt(run, firing)

    def _latest(self) -> str:
        """Until when a window that begins to wait now waits at the latest."""
        return wire_instant(self._clock.now() + LONGEST_WAIT)

    def _start(self, run: Json, properties: Json, windows: TumblingWindow) -> None:
        with self._runs.transaction():
            self._attempt(run, self._firing(properties, windows, window_of(run), run["triggerRunId"]))

    def _firing(self, properties: Json, windows: TumblingWindow, window: Window, run_id: str) -> Firing:
        return Firing(
            self._factory,
            self._name,
            properties,
            run_id,
            scheduled=windows.due_at(window),
            now=self._clock.now(),
            window=window,
        )

    def _attempt(self, run: Json, firing: Firing) -> None:
        """Start the window's pipeline; a refusal is a failed attempt like any other."""
        private = {**run["_"], "state": "running"}
        try:
            pipelines = dict(firing.start(self._engine))
        except AzureError as refusal:
            run = {**run, "_": private}
            self._ended(run, {"status": "Failed", "message": refusal.message})
            return
        private["pipelineRun"] = next(iter(pipelines.values()))
        started = {"triggeredPipelines": pipelines, "status": "Inprogress", "message": "", "_": private}
        self._windows.write({**run, **started})

    def _watch_running(self, runs: Iterable[Json]) -> None:
        for run in runs:
            run_id = run["triggerRunId"]
            if run["_"]["state"] == "running" and run_id not in self._watched:
                watch = self._mirror(run_id, run["_"]["pipelineRun"])
                self._watched[run_id] = asyncio.get_running_loop().create_task(watch)

    async def _mirror(self, run_id: str, pipeline_run: str) -> None:
        """Wait for the pipeline run's end, and take its status over."""
        try:
            ended = await self._engine.wait(self._factory, pipeline_run)
        except NotFound as lost:
            ended = {"status": "Failed", "message": lost.message}
        self._watched.pop(run_id, None)
        run = self._runs.trigger_run(self._factory, run_id)
        if run is not None:
            self._ended(run, ended)
        self.look()

    def _ended(self, run: Json, pipeline_run: Json) -> None:
        policy = ((self._properties() or {}).get("typeProperties") or {}).get("retryPolicy") or {}
        count = policy.get("count") or 0
        attempt = run["_"]["attempt"] + 1
        if pipeline_run["status"] == "Failed" and isinstance(count, int) and attempt <= count:
            due = self._clock.now() + timedelta(seconds=policy.get("intervalInSeconds", 30))
            private = {**run["_"], "state": "retry", "attempt": attempt, "retryAt": wire_instant(due)}
            self._windows.write({**run, "message": pipeline_run["message"], "_": private})
        else:
            self._close(run, pipeline_run["status"], pipeline_run["message"])

    def _close(self, run: Json, status: str, message: str) -> None:
        self._windows.close(run, status, message)
        self._told(self._name)

    def _properties(self) -> Json | None:
        """The trigger as it is now; None once it is deleted."""
        try:
            properties: Json = self._entities.get(self._factory, "triggers", self._name)["properties"]
        except NotFound:
            return None
        return properties

    async def _pause(self, seconds: float | None) -> None:
        """Until something changes, or the moment has come; a short nap at most, as the clock may jump."""
        if seconds is None:
            await self._wake.wait()
            return
        nap = min(max(seconds, 0), self._clock.longest_sleep_seconds)
        with contextlib.suppress(TimeoutError):
            await within(nap, self._wake.wait(), self._clock.sleep)


def _may_start(run: Json, properties: Json) -> bool:
    """A stopped trigger starts nothing by itself; what somebody reruns, it does."""
    return bool(properties.get("runtimeState") == "Started" or run["_"].get("rerun"))


def _moments(run: Json, properties: Json) -> Iterator[datetime]:
    """When the clock alone moves an open run on."""
    if run["_"]["state"] == "retry":
        yield _retry_at(run)
    if run["_"]["state"] == "waiting" and _may_start(run, properties) and waits(run["dependencyStatus"]):
        yield parse_instant(run["_"]["until"])


def _retry_at(run: Json) -> datetime:
    return parse_instant(run["_"]["retryAt"])
