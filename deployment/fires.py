"""When triggers fire next and what they run at once, from their bodies: Data Factory does not say. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from adf.entities import StartAtCreation, resolve
from adf.events import BlobTrigger
from adf.recurrence import Recurrence
from adf.windows import SELF_DEPENDENCY, TumblingWindow, Window, parse_instant, upstream_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from adf.entities import Entity
    from deployment.gateways import LiveEntity
    from deployment.resources import Change

SHOWN: Final = 5


@dataclass(frozen=True)
class Firing:
    """What a step means for when its trigger fires, as if it were applied now."""

    started: bool
    """False: all this is what it would do."""
    next: Sequence[datetime]
    zone_name: str
    zone: tzinfo
    at_once: Backfill | None
    """What is due when it is started; None where nothing is, or this step neither starts nor makes it."""
    open_start: datetime | None
    """Where the configuration leaves the start open: what it is now."""
    files: Files | None
    """The files whose appearance fires it, in place of times."""
    deaf: bool
    """It is stopped for this step: what appears meanwhile fires nothing, and is not made up for."""
    before: Sequence[datetime] | None = None
    """The next fires of the started trigger as it is, where they are others."""
    refused: bool = False
    """It would be made with a start that is past, which nobody said should run. Offline only: elsewhere that
    is an error, unless the trigger is there already."""
    waits_for: Sequence[str] = ()
    """The triggers whose windows must have succeeded before each of its own."""


@dataclass(frozen=True)
class Backfill:
    """The windows that a tumbling trigger runs at once: so many, one after the other, from start to end."""

    count: int
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Files:
    """Which files' storage events fire a trigger; paths begin with the container."""

    begins_with: str
    ends_with: str
    ignores_empty: bool

    def __str__(self) -> str:
        return f"{self.begins_with} … {self.ends_with}".rstrip()

    def document(self) -> dict[str, Any]:
        return {
            "path_begins_with": self.begins_with,
            "path_ends_with": self.ends_with,
            "ignore_empty_files": self.ignores_empty,
        }


def firing_of(step: Change, now: datetime) -> Firing | None:
    """None for anything but a trigger that is made, started or changed."""
    if step.address.kind != "trigger" or step.action in {"unchanged", "delete"}:
        return None
    starts = any(each.path == "runtimeState" and each.after == "Started" for each in step.differences)
    if not (starts or step.makes_trigger or step.body_changes):
        return None
    entity = cast("Entity", step.wanted)
    schedule = {key: entity.properties.get(key) for key in ("type", "typeProperties")}
    body = resolve(schedule, {}, lambda start: start.at(now))
    times = _times(json.dumps(body), now)
    before = _fires_before(step, now)
    at_once = times.at_once if starts or step.makes_trigger else None
    return Firing(
        started=bool(entity.started),
        next=times.next,
        zone_name=times.zone_name,
        zone=times.zone,
        at_once=at_once,
        refused=at_once is not None and step.makes_trigger and not entity.backfills,
        open_start=parse_instant(body["typeProperties"]["startTime"]) if _is_open(entity) else None,
        before=None if before == times.next else before,
        waits_for=_waits_for(entity),
        files=files_of(body),
        deaf=step.interrupts,
    )


class _Times(NamedTuple):
    """What follows from a trigger's schedule alone."""

    next: list[datetime]
    zone_name: str
    zone: tzinfo
    at_once: Backfill | None


@lru_cache(maxsize=1024)
def _times(body: str, now: datetime) -> _Times:
    """`body` is JSON: the triggers of a thousand models have one schedule, or a few."""
    properties = json.loads(body)
    return _Times(next_fires(properties, now, SHOWN), *zone_of(properties), backfill(properties, now))


def _fires_before(step: Change, now: datetime) -> list[datetime] | None:
    live = cast("LiveEntity | None", step.live)
    if live is None or live.properties.get("runtimeState") != "Started":
        return None
    return next_fires(live.properties, now, SHOWN)


def _waits_for(trigger: Entity) -> list[str]:
    dependencies = (trigger.properties.get("typeProperties") or {}).get("dependsOn") or []
    own = [f"{trigger.name} itself" for each in dependencies if each["type"] == SELF_DEPENDENCY]
    return list(dict.fromkeys([*upstream_of(trigger.properties), *own]))


def _is_open(entity: Entity) -> bool:
    return isinstance((entity.properties.get("typeProperties") or {}).get("startTime"), StartAtCreation)


def files_of(properties: Mapping[str, Any]) -> Files | None:
    """None for a trigger that fires by the clock."""
    if properties.get("type") != "BlobEventsTrigger":
        return None
    trigger = BlobTrigger.from_json(properties["typeProperties"])
    begins_with = trigger.begins_with.removeprefix("/").replace("/blobs/", "/", 1)
    return Files(begins_with, trigger.ends_with, trigger.ignore_empty_blobs)


def next_fires(properties: Mapping[str, Any], now: datetime, count: int) -> list[datetime]:
    """The first fires after `now` of a started trigger, as UTC; none of an event trigger."""
    return list(islice(_fires(properties, now), count))


def next_fire(properties: Mapping[str, Any], now: datetime) -> datetime | None:
    """The first of them; None where none comes."""
    return next(_fires(properties, now), None)


def zone_of(properties: Mapping[str, Any]) -> tuple[str, tzinfo]:
    """The time zone that a trigger is in: its name in Data Factory, and how to tell time in it."""
    recurrence = (properties.get("typeProperties") or {}).get("recurrence")
    if recurrence is None:
        return "UTC", UTC
    zone = Recurrence.from_json(recurrence, ignore_misplaced=True).time_zone
    return str(recurrence.get("timeZone") or "UTC"), zone


def backfill(properties: Mapping[str, Any], now: datetime) -> Backfill | None:
    """What a tumbling trigger runs at once when it is started now; there may be millions of windows."""
    if properties.get("type") != "TumblingWindowTrigger":
        return None
    trigger = TumblingWindow.from_type_properties(properties["typeProperties"])
    count = trigger.due_count(now)
    return Backfill(count, trigger.start, trigger.start_of(count)) if count else None


def _fires(properties: Mapping[str, Any], now: datetime) -> Iterator[datetime]:
    type_properties = properties.get("typeProperties") or {}
    match properties.get("type"):
        case "ScheduleTrigger":
            recurrence = Recurrence.from_json(type_properties["recurrence"], ignore_misplaced=True)
            yield from recurrence.fire_times(now)
        case "TumblingWindowTrigger":
            yield from _of_tumbling(TumblingWindow.from_type_properties(type_properties), now)


def _of_tumbling(trigger: TumblingWindow, now: datetime) -> Iterator[datetime]:
    """When the windows become due that are not due yet; a backfill under way is not told apart."""
    ends_later = Window(now - trigger.delay, datetime.max.replace(tzinfo=UTC))
    return (trigger.due_at(window) for window in trigger.overlapping(ends_later))
