from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from adf.entities import StartAtCreation, resolve
from adf.errors import UnknownTimeZone
from adf.events import BlobTrigger, IllegalBlobTrigger
from adf.problems import Problem
from adf.recurrence import IllegalRecurrence, Recurrence
from adf.time_zones import iana_name
from adf.windows import tumbling_pipeline_problems, tumbling_problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adf.entities import Entity

WEEK_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
ALLOWED = {
    "Minute": (),
    "Hour": (),
    "Day": ("hours", "minutes"),
    "Week": ("hours", "minutes", "weekDays"),
    "Month": ("hours", "minutes", "monthDays", "monthlyOccurrences"),
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
                yield from _events(trigger)
            case _:
                yield from _calendar(trigger)


def _tumbling(trigger: Entity) -> Iterator[Problem]:
    for message in tumbling_pipeline_problems(trigger.properties):
        yield Problem(str(trigger), "", message)
    begun = resolve(trigger.properties, {}, StartAtCreation.some_day)
    for message in tumbling_problems(begun.get("typeProperties", {})):
        yield Problem(str(trigger), "typeProperties", message)


def _events(trigger: Entity) -> Iterator[Problem]:
    if not trigger.properties.get("pipelines"):
        yield Problem(str(trigger), "pipelines", "starts no pipeline")
    written: dict[str, Any] = trigger.properties.get("typeProperties", {})
    if not STORAGE_ACCOUNT.fullmatch(str(written.get("scope"))):
        found = f"is {written.get('scope')!r}, expected the resource id of a storage account"
        yield Problem(str(trigger), "typeProperties.scope", found)
    try:
        BlobTrigger.from_json(written)
    except IllegalBlobTrigger as error:
        yield Problem(str(trigger), f"typeProperties.{error.field}", error.reason)


def _calendar(trigger: Entity) -> Iterator[Problem]:
    path = "typeProperties.recurrence"
    recurrence: dict[str, Any] = trigger.properties.get("typeProperties", {}).get("recurrence", {})
    if not trigger.properties.get("pipelines"):
        yield Problem(str(trigger), "pipelines", "starts no pipeline")
    if not 1 <= recurrence.get("interval", 1) <= 1000:
        yield Problem(str(trigger), f"{path}.interval", f"is {recurrence['interval']}, expected 1 to 1000")
    wrong = [*_zone(trigger, path, recurrence), *_schedule(trigger, f"{path}.schedule", recurrence)]
    yield from wrong or _times(trigger, path, recurrence)


def _times(trigger: Entity, path: str, recurrence: dict[str, Any]) -> Iterator[Problem]:
    """What the recurrence as a whole means, where its parts are right."""
    try:
        times = Recurrence.from_json(recurrence)
    except IllegalRecurrence as error:
        yield Problem(str(trigger), f"{path}.{error.field}", error.reason)
        return
    if not times.can_ever_fire():
        yield Problem(str(trigger), path, "never fires", "days that come, before endTime")
    elif times.is_disputed():
        message = f"{recurrence['startTime']!r} is a fire time: Azure's documentation and engine differ"
        yield Problem(str(trigger), f"{path}.startTime", message, "start earlier")


def _zone(trigger: Entity, path: str, recurrence: dict[str, Any]) -> Iterator[Problem]:
    zone = recurrence.get("timeZone", "UTC")
    try:
        iana_name(zone)
    except UnknownTimeZone as error:
        yield Problem(str(trigger), f"{path}.timeZone", str(error), error.hint)
    in_utc = zone == "UTC"
    for key in ("startTime", "endTime"):
        if key in recurrence and recurrence[key].endswith("Z") != in_utc:
            rule = "ends in Z" if in_utc else "is local time, without Z"
            yield Problem(str(trigger), f"{path}.{key}", f"is {recurrence[key]!r}; in {zone} it {rule}")


def _schedule(trigger: Entity, path: str, recurrence: dict[str, Any]) -> Iterator[Problem]:
    schedule: dict[str, list[Any]] = recurrence.get("schedule") or {}
    frequency = recurrence.get("frequency", "")
    for key in schedule:
        if key not in ALLOWED.get(frequency, ()):
            yield Problem(str(trigger), f"{path}.{key}", f"means nothing every {frequency}")
    if "minutes" in schedule and "hours" not in schedule:
        message = "minutes without hours: Azure's documentation contradicts itself about what that is"
        yield Problem(str(trigger), path, message, "say the hours too")
    for day in schedule.get("monthDays", []):
        if day == 0 or not -31 <= day <= 31:
            message = f"{day} is no day of a month, expected 1 to 31 or -31 to -1"
            yield Problem(str(trigger), f"{path}.monthDays", message)
    for name in schedule.get("weekDays", []):
        if str(name).capitalize() not in WEEK_DAYS:
            yield Problem(str(trigger), f"{path}.weekDays", f"{name!r} is no day", ", ".join(WEEK_DAYS))
