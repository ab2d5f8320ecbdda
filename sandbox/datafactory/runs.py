"""Pipeline, activity and trigger runs as documents. What begins with `_` is ours and never leaves the server.

Runs that are not over are listed apart, so that a start finds what a crash left without reading every run.
Those that wait for their turn are kept with all that they need to begin: a start lets them wait on.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from sandbox.datafactory.models import (
    TERMINAL,
    FactoryId,
    Json,
    JsonValue,
    milliseconds,
    parse_instant,
    wire_instant,
)
from sandbox.datafactory.run_queries import ACTIVITY_RUNS, query

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sandbox.clock import Clock
    from sandbox.datafactory.run_queries import Queryable
    from sandbox.store import Store

STOPPED = "the local Azure stopped while this ran"
_OPEN = ("/datafactory", "openruns")
_QUEUED = ("/datafactory", "queuedruns")
_KEPT = timedelta(days=45)
_SOME = 1000


class Runs:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def add(self, factory: FactoryId, run: Json, waiting: Json | None = None) -> None:
        """A new pipeline run, the latest of its group; `waiting` is what a queued one begins with."""
        with self._store.transaction():
            for earlier in self._group(factory, run):
                self._store.put(
                    factory.scope, "pipelineruns", earlier["runId"], {**earlier, "isLatest": False}
                )
            self._store.put(factory.scope, "pipelineruns", run["runId"], run)
            opened = {"run": run["runId"], "factory": _address(factory)}
            self._store.put(*_OPEN, run["runId"], opened)
            if waiting is not None:
                self._store.put(*_QUEUED, run["runId"], {**opened, "waiting": waiting})

    def find(self, factory: FactoryId, run_id: str) -> Json | None:
        return self._store.get(factory.scope, "pipelineruns", run_id)

    def all(self, factory: FactoryId) -> list[Json]:
        return self._store.list(factory.scope, "pipelineruns")

    def query(self, kind: Queryable, factory: FactoryId, asked: Json) -> tuple[list[Json], str | None]:
        """One page of pipeline or trigger runs, and the token of the next; raises `BadRequest`."""
        return query(kind, self._store, factory.scope, asked)

    def newest(
        self,
        factory: FactoryId,
        equal: Mapping[str, str],
        *,
        since: str = "",
        before: Json | None = None,
        limit: int,
    ) -> list[Json]:
        """Pipeline runs, the last started first: those from an instant on, and from behind `before`, a run of
        the page before. `equal`: what a column of the store holds.
        """
        conditions = [f"{column} = ?" for column in equal] + ["runStart >= ?"]
        values = [*equal.values(), since]
        if before is not None:
            conditions.append("runStart <= ? AND (runStart < ? OR runId < ?)")
            values += [before["runStart"], before["runStart"], before["runId"]]
        where, order = " AND ".join(conditions), "runStart DESC, runId DESC"
        return self._store.select(factory.scope, "pipelineruns", where, values, order=order, limit=limit)

    def query_activity_runs(
        self, factory: FactoryId, run_id: str, asked: Json
    ) -> tuple[list[Json], str | None]:
        return query(ACTIVITY_RUNS, self._store, _activity_scope(factory, run_id), asked)

    def change(
        self,
        factory: FactoryId,
        run_id: str,
        *,
        private: Mapping[str, JsonValue] | None = None,
        **changes: JsonValue,
    ) -> None:
        """New facts about a run; one with a terminal status is over from here on. Nothing where it was
        deleted, with its factory.
        """
        now = self._clock.now()
        with self._store.transaction():
            run = self._store.get(factory.scope, "pipelineruns", run_id)
            if run is None:
                return
            if run["status"] == "Queued":
                self._store.delete(*_QUEUED, run_id)
            run |= {**changes, "lastUpdated": wire_instant(now), "_": {**run["_"], **(private or {})}}
            if run["status"] in TERMINAL:
                start = parse_instant(run["runStart"])
                run |= {"runEnd": wire_instant(now), "durationInMs": milliseconds(start, now)}
                self._store.delete(*_OPEN, run_id)
            self._store.put(factory.scope, "pipelineruns", run_id, run)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block's changes or none, in the Store's sense; never `await` inside."""
        with self._store.transaction():
            yield

    def put_activity_run(self, factory: FactoryId, document: Json) -> None:
        """Nothing is kept for a run that was deleted, with its factory, while it ended."""
        scope = _activity_scope(factory, document["pipelineRunId"])
        if self._store.has(factory.scope, "pipelineruns", document["pipelineRunId"]):
            self._store.put(scope, "activityruns", document["activityRunId"], document)

    def activity_runs(self, factory: FactoryId, run_id: str) -> list[Json]:
        return self._store.list(_activity_scope(factory, run_id), "activityruns")

    def put_trigger_run(self, factory: FactoryId, document: Json) -> None:
        self._store.put(factory.scope, "triggerruns", document["triggerRunId"], document)

    def trigger_run(self, factory: FactoryId, run_id: str) -> Json | None:
        return self._store.get(factory.scope, "triggerruns", run_id)

    def trigger_runs_since(self, factory: FactoryId, since: str, limit: int) -> list[Json]:
        """The last that fired first."""
        order = "triggerRunTimestamp DESC, triggerRunId DESC"
        where = "triggerRunTimestamp >= ?"
        return self._store.select(factory.scope, "triggerruns", where, [since], order=order, limit=limit)

    def trigger_runs(self, factory: FactoryId) -> list[Json]:
        return self._store.list(factory.scope, "triggerruns")

    def delete_all(self, factory: FactoryId) -> None:
        """The factory is deleted, and its runs with it."""
        with self._store.transaction():
            self._delete_where(factory, "true", "true")

    def delete_old(self, factory: FactoryId) -> None:
        """What ended more than 45 days ago: so long the service keeps it."""
        oldest = wire_instant(self._clock.now() - _KEPT)
        with self._store.transaction():
            self._delete_where(
                factory, "runEnd < ?", "triggerRunTimestamp < ? AND status <> 'Inprogress'", oldest
            )

    def _delete_where(self, factory: FactoryId, runs: str, trigger_runs: str, *values: str) -> None:
        for run in self._each(factory, "pipelineruns", "runId", runs, values):
            self._delete(factory, run["runId"])
        for trigger_run in self._each(factory, "triggerruns", "triggerRunId", trigger_runs, values):
            self._store.delete(factory.scope, "triggerruns", trigger_run["triggerRunId"])

    def _each(
        self, factory: FactoryId, kind: str, identity: str, where: str, values: Sequence[str] = ()
    ) -> Iterator[Json]:
        """All for which the condition holds, some at a time; who deletes what it is given sees each once."""
        last = ""
        while found := self._store.select(
            factory.scope, kind, f"({where}) AND {identity} > ?", [*values, last], order=identity, limit=_SOME
        ):
            yield from found
            last = found[-1][identity]

    def _delete(self, factory: FactoryId, run_id: str) -> None:
        for activity in self.activity_runs(factory, run_id):
            self._store.delete(_activity_scope(factory, run_id), "activityruns", activity["activityRunId"])
        self._store.delete(factory.scope, "pipelineruns", run_id)
        self._store.delete(*_OPEN, run_id)
        self._store.delete(*_QUEUED, run_id)

    def queued(self) -> Iterator[tuple[FactoryId, str, Json]]:
        """What waits for its turn, in the order it came: its run id, and what it begins with."""
        for one in self._store.list(*_QUEUED):
            yield FactoryId(*one["factory"]), one["run"], one["waiting"]

    def end_interrupted(self) -> None:
        """At a start: what the last process was busy with is Failed, or Cancelled where somebody had asked
        for that. A run that waited for its turn has done nothing, and waits on; but not the child of a run
        that was interrupted, whose rerun starts another one.
        """
        opened = self._store.list(*_OPEN)
        began = {one["run"] for one in opened} - {one["run"] for one in self._store.list(*_QUEUED)}
        for one in opened:
            factory = FactoryId(*one["factory"])
            run = self.find(factory, one["run"])
            if run is None:
                self._store.delete(*_OPEN, one["run"])
            elif {one["run"], run["invokedBy"].get("pipelineRunId")} & began:
                self._end(factory, run)

    def _end(self, factory: FactoryId, run: Json) -> None:
        now = wire_instant(self._clock.now())
        status = "Cancelled" if run["status"] == "Canceling" else "Failed"
        with self._store.transaction():
            for activity in self.activity_runs(factory, run["runId"]):
                if activity["status"] not in TERMINAL:
                    self.put_activity_run(factory, _stopped(activity, status, now))
            self.change(factory, run["runId"], status=status, message=STOPPED)

    def _group(self, factory: FactoryId, run: Json) -> Iterator[Json]:
        if run["runGroupId"] == run["runId"]:
            return
        where = "runGroupId = ? AND isLatest"
        yield from self._each(factory, "pipelineruns", "runId", where, [run["runGroupId"]])


def shown(document: Json) -> Json:
    """A run as the API shows it."""
    return {name: value for name, value in document.items() if name != "_"}


def _address(factory: FactoryId) -> list[str]:
    return [factory.subscription, factory.resource_group, factory.name]


def _activity_scope(factory: FactoryId, run_id: str) -> str:
    return f"{factory.scope}/pipelineruns/{run_id}"


def _stopped(activity: Json, status: str, now: str) -> Json:
    start = parse_instant(activity["activityRunStart"])
    return {
        **activity,
        "status": status,
        "activityRunEnd": now,
        "durationInMs": milliseconds(start, parse_instant(now)),
        "error": {
            "errorCode": "LocalAzureStopped",
            "message": STOPPED,
            "failureType": "SystemError",
            "target": activity["activityName"],
        },
    }
