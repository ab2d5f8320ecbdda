"""What a change of the clocks did to fire times and windows. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from adf.time_zones import iana_name
from adf.triggers import grid_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from adf.windows import Window
    from config.schema import Settings
    from deployment.rehearsal.timetable import Timetable

_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Gap:
    """Two fires of a trigger in a row, the clocks changed between them; `usual` is how far apart they are on
    other days, in local time.
    """

    trigger: str
    before: datetime
    after: datetime
    usual: timedelta

    @property
    def length(self) -> timedelta:
        return self.after - self.before


@dataclass(frozen=True)
class ClockChange:
    time_zone: str
    """Its Windows name."""
    at: datetime
    by: timedelta
    zone: ZoneInfo
    gaps: Sequence[Gap]
    windows: Sequence[tuple[str, Window]]
    """Models and their windows that hold the change."""


def clock_changes(timetable: Timetable, settings: Settings) -> list[ClockChange]:
    """Of each time zone that a schedule trigger or a model's grid is in."""
    fires = _fires_by_zone(timetable)
    zones = {model.window.time_zone for model in settings.models.values()} | fires.keys()
    found = []
    for name in sorted(zones - {"UTC"}):
        zone = ZoneInfo(iana_name(name))
        for at in _changes(zone, timetable.start, timetable.end):
            by = _offset(zone, at) - _offset(zone, at - _HOUR)
            gaps = list(_gaps(fires.get(name, {}), zone, at))
            found.append(ClockChange(name, at, by, zone, gaps, list(_windows(settings, name, at))))
    return sorted(found, key=lambda each: (each.at, each.time_zone))


def _fires_by_zone(timetable: Timetable) -> Mapping[str, Mapping[str, Sequence[datetime]]]:
    zones = {
        each["name"]: each["time_zone"] for each in timetable.triggers if each["type"] == "ScheduleTrigger"
    }
    fires: dict[str, dict[str, set[datetime]]] = {}
    for each in (*timetable.runs, *timetable.not_run):
        if each.trigger in zones:
            fires.setdefault(zones[each.trigger], {}).setdefault(each.trigger, set()).add(each.due)
    return {
        zone: {trigger: sorted(instants) for trigger, instants in sorted(triggers.items())}
        for zone, triggers in fires.items()
    }


def _changes(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """To the hour, in which all zones of today change their clocks."""
    at = start.replace(minute=0, second=0, microsecond=0) + _HOUR
    while at < end:
        if _offset(zone, at) != _offset(zone, at - _HOUR):
            yield at
        at += _HOUR


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _gaps(triggers: Mapping[str, Sequence[datetime]], zone: ZoneInfo, at: datetime) -> Iterator[Gap]:
    for trigger, fires in triggers.items():
        pairs = list(pairwise(fires))
        for before, after in pairs:
            if before < at <= after:
                yield Gap(trigger, before, after, _usual(pairs, before, zone))


def _usual(pairs: Sequence[tuple[datetime, datetime]], before: datetime, zone: ZoneInfo) -> timedelta:
    """The most frequent distance of those that begin at the same local time of day; else of all."""
    local = before.astimezone(zone).time()
    alike = [
        end - start for start, end in pairs if start.astimezone(zone).time() == local and start != before
    ]
    others = alike or [end - start for start, end in pairs if start != before]
    return Counter(others).most_common(1)[0][0] if others else timedelta()


def _windows(settings: Settings, zone: str, at: datetime) -> Iterator[tuple[str, Window]]:
    for name, model in sorted(settings.models.items()):
        if model.window.time_zone == zone and not grid_of(model).is_uniform:
            yield name, grid_of(model).window_at(at - timedelta(microseconds=1))
