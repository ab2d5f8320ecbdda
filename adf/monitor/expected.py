"""How long each scheduled pipeline pauses at most: by that it is known that it did not run. Pure.

A trigger's pause is the longest time between two of its first fires, so nothing depends on the clock; what
waits for files, and a trigger that stays stopped, is not expected at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any, Final

from adf.entities import StartAtCreation
from adf.recurrence import Recurrence
from adf.schedules import begun
from adf.triggers import score_trigger_name
from adf.windows import TumblingWindow, format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from adf.entities import Entity
    from config.schema import Model, Settings

LOOKED_AT: Final = 400
"""Fires: more than a year of days, so that what weekdays and months do is among them."""
LONG_AGO: Final = "2020-01-01T00:00:00Z"
"""Where a trigger begins whose start is left open: before everything."""

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Expected:
    pipeline: str
    trigger: str
    minutes: int
    """So long after one success there is another, or something is wrong."""
    begins: str
    """The first fire, an ISO instant in UTC; an alert waits `minutes` from there."""
    until: str | None


def expected(settings: Settings, entities: Sequence[Entity]) -> Iterator[Expected]:
    """Of every started trigger that scores by the clock, in the order of the entities."""
    triggers = {each.name: each for each in entities if each.kind == "trigger"}
    for model in settings.models.values():
        for schedule in model.schedules.score:
            trigger = triggers.get(score_trigger_name(model.name, schedule))
            if trigger is not None and trigger.started:
                yield from _of(settings, model, trigger)


def _of(settings: Settings, model: Model, trigger: Entity) -> Iterator[Expected]:
    fires = list(islice(_fires(trigger.properties), LOOKED_AT))
    if not fires:
        return
    pause = max((later - earlier for earlier, later in pairwise(fires)), default=timedelta())
    grace = 0 if settings.monitoring is None else settings.monitoring.did_not_run.grace_minutes
    minutes = -(-int(pause.total_seconds()) // 60) + model.scoring.expected_minutes + grace
    type_properties = trigger.properties["typeProperties"]
    end = (type_properties.get("recurrence") or type_properties).get("endTime")
    is_open = isinstance(type_properties.get("startTime"), StartAtCreation)
    begins = LONG_AGO if is_open else format_instant(fires[0])
    yield Expected(f"score_{model.name}", trigger.name, minutes, begins, _until(end, trigger.properties))


def _until(end: str | None, properties: Mapping[str, Any]) -> str | None:
    """The end as UTC; a recurrence says it in its own time zone."""
    if end is None:
        return None
    recurrence = properties["typeProperties"].get("recurrence")
    if recurrence is None:
        return format_instant(parse_instant(end))
    last = Recurrence.from_json(recurrence, ignore_misplaced=True).end
    return None if last is None else format_instant(last)


def _fires(properties: Mapping[str, Any]) -> Iterator[datetime]:
    type_properties = properties["typeProperties"]
    match properties["type"]:
        case "ScheduleTrigger":
            recurrence = Recurrence.from_json(type_properties["recurrence"], ignore_misplaced=True)
            yield from recurrence.between(recurrence.start, _NEVER)
        case "TumblingWindowTrigger":
            windows = TumblingWindow.from_type_properties(begun(type_properties))
            yield from (windows.due_at(window) for window in windows.windows())
