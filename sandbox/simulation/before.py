"""What lay before a rehearsal counts as done: windows that were due by then have succeeded."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from adf.windows import TICK, TumblingWindow, dependency_interval, parse_timespan
from sandbox.datafactory.models import wire_instant
from sandbox.datafactory.triggers.records import Records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from adf.windows import Window
    from sandbox.datafactory.models import FactoryId, Json
    from sandbox.datafactory.service import Service


def settle(service: Service, factory: FactoryId, start: datetime, end: datetime) -> None:
    """Before anything is started: windows begin with the first that is due at `start` or later; of those
    before it, the ones that windows due before `end` depend on are marked.
    """
    records = Records(service.context.store)
    triggers = {
        str(one["name"]).lower(): one["properties"]
        for one in service.entities.list(factory, "triggers")
        if one["properties"]["type"] == "TumblingWindowTrigger"
    }
    windows = {
        name: TumblingWindow.from_type_properties(one["typeProperties"]) for name, one in triggers.items()
    }
    for name, properties in triggers.items():
        first = windows[name].due_count(start - TICK)
        records.set_progress(factory, name, {"next": first})
        for upstream, interval in _needed(name, properties, windows[name], first, end):
            if upstream not in windows or interval.start >= start:
                continue
            for window in windows[upstream].overlapping(interval):
                if windows[upstream].due_at(window) < start:
                    _mark(records, factory, upstream, window)


def _needed(
    name: str, properties: Json, windows: TumblingWindow, first: int, end: datetime
) -> Iterator[tuple[str, Window]]:
    """Trigger and interval of each dependency of each window, from number `first` on."""
    for one in properties["typeProperties"].get("dependsOn") or []:
        upstream = ((one.get("referenceTrigger") or {}).get("referenceName") or name).lower()
        offset = parse_timespan(one.get("offset") or "00:00:00")
        size = parse_timespan(one["size"]) if one.get("size") else None
        for window in takewhile(lambda each: windows.due_at(each) < end, windows.windows(first)):
            yield upstream, dependency_interval(window, offset, size)


def _mark(records: Records, factory: FactoryId, trigger: str, window: Window) -> None:
    records.set_window_status(factory, trigger, wire_instant(window.start), "Succeeded")
