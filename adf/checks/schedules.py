from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from adf.entities import StartAtCreation, Unresolved, resolve
from adf.errors import UnknownTimeZone
from adf.events import BlobTrigger, IllegalBlobTrigger
from adf.problems import Problem
from adf.recurrence import IllegalRecurrence, Recurrence
from adf.time_zones import iana_name
from adf.windows import tumbling_pipeline_problems, tumbling_problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adf.entities import Entity

_Wrong = tuple[str, str, str, str | None]
"""Rule, path below the recurrence, message and hint."""
WEEK_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
SOME_DAY = "2026-01-01T00:00:00Z"
"""In place of a start that only a deployment knows."""
ALLOWED = {
    "Minute": (),
    "Hour": (),
    "Day": ("hours", "minutes"),
    "Week": ("hours", "minutes", "weekDays"),
    "Month": ("hours", "minutes", "monthDays", "monthlyOccurrences"),
    "Year": ("hours", "minutes"),
}
"""What a recurrence's schedule may say; Azure's engine ignores the rest in silence."""

STORAGE_ACCOUNT = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Storage/storageAccounts/[a-z0-9]{3,24}",
    re.IGNORECASE,
)


def check(entities: Sequence[Entity]) -> Iterator[Problem]:
    """A trigger starts a pipeline, at times that mean what they seem to."""
    for trigger in entities:
        if trigger.kind != "trigger":
            continue
        match trigger.properties.get("type"):
            case "TumblingWindowTrigger":
                yield from _tumbling(trigger)
            case "BlobEventsTrigger":
                yield from _started(trigger)
                yield from _events(trigger)
            case "ScheduleTrigger":
                yield from _started(trigger)
                yield from _calendar(trigger)
            case _:
                yield from _started(trigger)


def _started(trigger: Entity) -> Iterator[Problem]:
    """A trigger that stays stopped may wait for its pipeline."""
    if not trigger.properties.get("pipelines") and trigger.started is not False:
        yield Problem("ADF601", str(trigger), "pipelines", "starts no pipeline")


def _tumbling(trigger: Entity) -> Iterator[Problem]:
    for message in tumbling_pipeline_problems(trigger.properties):
        if trigger.started is not False:
            yield Problem("ADF601", str(trigger), "", message)
    begun = resolve(trigger.properties.get("typeProperties", {}), {}, StartAtCreation.some_day)
    told = {key: value for key, value in begun.items() if not isinstance(value, Unresolved)}
    if isinstance(begun.get("startTime"), Unresolved):
        told["startTime"] = SOME_DAY
    for message in _tumbling_problems(json.dumps(told)):
        yield Problem("ADF608", str(trigger), "typeProperties", message)


@lru_cache(maxsize=1024)
def _tumbling_problems(type_properties: str) -> list[str]:
    """Of JSON: the triggers of a thousand models have one schedule, or a few."""
    return tumbling_problems(json.loads(type_properties))


def _events(trigger: Entity) -> Iterator[Problem]:
    written: dict[str, Any] = trigger.properties.get("typeProperties", {})
    if _is_open(written):
        return
    if not STORAGE_ACCOUNT.fullmatch(str(written.get("scope"))):
        found = f"is {written.get('scope')!r}, expected the resource id of a storage account"
        yield Problem("ADF611", str(trigger), "typeProperties.scope", found)
    try:
        BlobTrigger.from_json(written)
    except IllegalBlobTrigger as error:
        yield Problem("ADF611", str(trigger), f"typeProperties.{error.field}", error.reason)


def _calendar(trigger: Entity) -> Iterator[Problem]:
    recurrence: dict[str, Any] = trigger.properties.get("typeProperties", {}).get("recurrence", {})
    found = _wrong(recurrence) if _is_open(recurrence) else _wrong_in_json(json.dumps(recurrence))
    for rule, path, message, hint in found:
        yield Problem(rule, str(trigger), f"typeProperties.recurrence{path}", message, hint)


@lru_cache(maxsize=1024)
def _wrong_in_json(recurrence: str) -> list[_Wrong]:
    return list(_wrong(json.loads(recurrence)))


def _wrong(recurrence: dict[str, Any]) -> Iterator[_Wrong]:
    if not 1 <= recurrence.get("interval", 1) <= 1000:
        yield "ADF602", ".interval", f"is {recurrence['interval']}, expected 1 to 1000", None
        return
    wrong = [*_zone(recurrence), *_schedule(recurrence)]
    yield from wrong or _times(recurrence)


def _times(recurrence: dict[str, Any]) -> Iterator[_Wrong]:
    """What the recurrence as a whole means, where its parts are right."""
    if not isinstance(recurrence.get("startTime"), str) or _is_open(recurrence):
        return
    try:
        times = Recurrence.from_json(recurrence)
    except IllegalRecurrence as error:
        yield "ADF602", f".{error.field}", error.reason, None
        return
    if not times.can_ever_fire():
        yield "ADF610", "", "never fires", "days that come, before endTime"
    elif times.is_disputed():
        message = f"{recurrence['startTime']!r} is a fire time: Azure's documentation and engine differ"
        yield "ADF606", ".startTime", message, "start earlier"


def _is_open(written: dict[str, Any]) -> bool:
    """Whether only a deployment knows a part of it."""
    return any(isinstance(value, Unresolved) for value in written.values())


def _zone(recurrence: dict[str, Any]) -> Iterator[_Wrong]:
    zone = recurrence.get("timeZone", "UTC")
    if isinstance(zone, Unresolved):
        return
    try:
        iana_name(zone)
    except UnknownTimeZone as error:
        yield "ADF603", ".timeZone", str(error), error.hint
        return
    in_utc = zone.upper() == "UTC"
    for key in ("startTime", "endTime"):
        text = recurrence.get(key)
        if text is not None and not isinstance(text, Unresolved) and text.endswith("Z") != in_utc:
            rule = "ends in Z" if in_utc else "is local time, without Z"
            yield "ADF604", f".{key}", f"is {text!r}; in {zone} it {rule}", None


def _schedule(recurrence: dict[str, Any]) -> Iterator[_Wrong]:
    schedule: dict[str, list[Any]] = {
        key: said for key, said in (recurrence.get("schedule") or {}).items() if said
    }
    frequency = recurrence.get("frequency", "").capitalize()
    for key in schedule:
        if key not in ALLOWED.get(frequency, ()):
            yield "ADF605", f".schedule.{key}", f"means nothing every {frequency}", None
    if "minutes" in schedule and "hours" not in schedule:
        message = "minutes without hours: Azure's documentation contradicts itself about what that is"
        yield "ADF606", ".schedule", message, "say the hours too"
    yield from _days(schedule)


def _days(schedule: dict[str, list[Any]]) -> Iterator[_Wrong]:
    for key, most in (("hours", 23), ("minutes", 59)):
        for each in schedule.get(key, []):
            if not 0 <= each <= most:
                yield "ADF607", f".schedule.{key}", f"is {each}, expected 0 to {most}", None
    for day in schedule.get("monthDays", []):
        if day == 0 or not -31 <= day <= 31:
            message = f"{day} is no day of a month, expected 1 to 31 or -31 to -1"
            yield "ADF607", ".schedule.monthDays", message, None
    for name in schedule.get("weekDays", []):
        if str(name).capitalize() not in WEEK_DAYS:
            yield "ADF607", ".schedule.weekDays", f"{name!r} is no day", ", ".join(WEEK_DAYS)
