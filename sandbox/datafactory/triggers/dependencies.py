"""What a window waits for: windows of other triggers, or earlier ones of its own, that must have Succeeded.

A dependency looks at [window start + offset, + size), and waits for every window of its trigger that overlaps
that; for none before the trigger's start or after its end, as those never come (inferred).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from adf.windows import TumblingWindow, Window, dependency_interval, parse_timespan
from sandbox.datafactory.errors import NotFound
from sandbox.datafactory.models import wire_instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.datafactory.entities import Entities
    from sandbox.datafactory.models import FactoryId, Json
    from sandbox.datafactory.triggers.records import Records

LONGEST_WAIT = timedelta(days=7)
WAITED_TOO_LONG = "Its dependencies were not met within 7 days."
_MET: Json = {"status": "Succeeded"}


class Dependencies:
    """Of one trigger."""

    def __init__(self, factory: FactoryId, trigger: str, entities: Entities, records: Records) -> None:
        self._factory = factory
        self._name = trigger
        self._entities = entities
        self._records = records

    def status(self, properties: Json, window: Window) -> Json:
        """A trigger run's `dependencyStatus`: by trigger, whether all of its windows have succeeded, else the
        first that has not.
        """
        found: Json = {}
        for one in properties["typeProperties"].get("dependsOn") or []:
            name = (one.get("referenceTrigger") or {}).get("referenceName") or self._name
            if found.get(name, _MET) == _MET:
                found[name] = self._status_of(name, one, window)
        return found

    def _status_of(self, trigger: str, dependency: Json, window: Window) -> Json:
        span = dependency_interval(
            window,
            parse_timespan(dependency.get("offset") or "00:00:00"),
            parse_timespan(dependency["size"]) if dependency.get("size") else None,
        )
        for needed in self._windows(trigger, span):
            status = self._records.window_status(self._factory, trigger, needed.start)
            if status != "Succeeded":
                start, end = wire_instant(needed.start), wire_instant(needed.end)
                wait = {"status": "Waiting", "windowStartTime": start, "windowEndTime": end}
                return {**wait, "windowStatus": status or "Waiting"}
        return _MET

    def _windows(self, trigger: str, span: Window) -> Iterator[Window]:
        try:
            properties = self._entities.get(self._factory, "triggers", trigger)["properties"]
        except NotFound:  # deleted with its factory
            return iter(())
        return TumblingWindow.from_type_properties(properties["typeProperties"]).overlapping(span)


def awaited(status: Json) -> list[list[str]]:
    """Of each trigger that is waited for, its name and the start of the window that is missing."""
    return [[name, one["windowStartTime"]] for name, one in status.items() if one["status"] != "Succeeded"]


def waits(status: Json) -> bool:
    return any(one["status"] != "Succeeded" for one in status.values())


def told(status: Json) -> str:
    """What a waiting run's message says."""
    awaited = (
        f"{name} from {one['windowStartTime']} ({one['windowStatus']})"
        for name, one in status.items()
        if one["status"] != "Succeeded"
    )
    return "Waiting on dependency: " + ", ".join(awaited)
