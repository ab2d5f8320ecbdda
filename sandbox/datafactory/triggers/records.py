"""What is kept of triggers: which are started, how far each came, and which of their runs are not over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.datafactory.models import FactoryId, Json, parse_instant, wire_instant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sandbox.store import Store

STARTED = ("/datafactory", "startedtriggers")
OPEN = ("/datafactory", "opentriggerruns")
PROGRESS = "triggerprogress"
WINDOWS = "windowstatus"


class Records:
    def __init__(self, store: Store) -> None:
        self._store = store

    def mark_started(self, factory: FactoryId, trigger: str, now: datetime) -> None:
        since = {"since": wire_instant(now)}
        self._store.put(*STARTED, _key(factory, trigger), {**_address(factory, trigger), **since})

    def started_since(self, factory: FactoryId, trigger: str) -> datetime | None:
        """None where it is stopped, and where a version started it that did not write it down."""
        found = self._store.get(*STARTED, _key(factory, trigger)) or {}
        return parse_instant(found["since"]) if "since" in found else None

    def mark_stopped(self, factory: FactoryId, trigger: str) -> None:
        self._store.delete(*STARTED, _key(factory, trigger))

    def started(self) -> Iterator[tuple[FactoryId, str]]:
        return _addresses(self._store.list(*STARTED))

    def progress(self, factory: FactoryId, trigger: str) -> Json:
        """Of a schedule: `after`, the instant up to which it has fired; of windows: `next`, the first not yet
        run.
        """
        return self._store.get(factory.scope, PROGRESS, trigger) or {}

    def set_progress(self, factory: FactoryId, trigger: str, progress: Json) -> None:
        self._store.put(factory.scope, PROGRESS, trigger, {"name": trigger, **progress})

    def window_status(self, factory: FactoryId, trigger: str, start: datetime) -> str | None:
        """Of the window that starts then: its trigger run's; None where it has none yet."""
        found = self._store.get(_key(factory, trigger), WINDOWS, wire_instant(start))
        return None if found is None else str(found["status"])

    def set_window_status(self, factory: FactoryId, trigger: str, start: str, status: str) -> None:
        self._store.put(_key(factory, trigger), WINDOWS, start, {"start": start, "status": status})

    def forget(self, factory: FactoryId, trigger: str) -> None:
        """A trigger of the same name is another trigger: its windows begin anew, and none has succeeded."""
        self._store.delete(factory.scope, PROGRESS, trigger)
        for window in self._store.list(_key(factory, trigger), WINDOWS):
            self._store.delete(_key(factory, trigger), WINDOWS, window["start"])

    def forget_all(self, factory: FactoryId) -> None:
        """The factory is deleted, and its triggers with it."""
        for one, trigger in [*self.started(), *self.with_open_runs()]:
            if one.scope == factory.scope:
                self.mark_stopped(one, trigger)
                for run_id in self.open_runs(one, trigger):
                    self.close(run_id)
        for progress in self._store.list(factory.scope, PROGRESS):
            self.forget(factory, progress["name"])

    def open(self, factory: FactoryId, trigger: str, run_id: str) -> None:
        """A trigger run is under way, or waits to be. It is listed twice: of all triggers, to go on with at a
        start; and of its own, which asks at each step.
        """
        run = {**_address(factory, trigger), "run": run_id}
        with self._store.transaction():
            self._store.put(*OPEN, run_id, run)
            self._store.put(_key(factory, trigger), OPEN[1], run_id, run)

    def close(self, run_id: str) -> None:
        with self._store.transaction():
            listed = self._store.get(*OPEN, run_id)
            if listed is not None:
                trigger = _key(FactoryId(*listed["factory"]), listed["trigger"])
                self._store.delete(trigger, OPEN[1], run_id)
                self._store.delete(*OPEN, run_id)

    def open_runs(self, factory: FactoryId, trigger: str) -> list[str]:
        return [one["run"] for one in self._store.list(_key(factory, trigger), OPEN[1])]

    def with_open_runs(self) -> Iterator[tuple[FactoryId, str]]:
        """At a start. What an earlier version opened is then listed of its trigger, too."""
        for one in self._store.list(*OPEN):
            self.open(FactoryId(*one["factory"]), one["trigger"], one["run"])
        return _addresses(self._store.list(*OPEN))


def _key(factory: FactoryId, trigger: str) -> str:
    return f"{factory.scope}/triggers/{trigger.lower()}"


def _address(factory: FactoryId, trigger: str) -> Json:
    return {"factory": [factory.subscription, factory.resource_group, factory.name], "trigger": trigger}


def _addresses(documents: list[Json]) -> Iterator[tuple[FactoryId, str]]:
    return ((FactoryId(*one["factory"]), str(one["trigger"])) for one in documents)
