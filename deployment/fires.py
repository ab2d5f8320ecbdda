"""When a live trigger fires next, from its body: Data Factory does not say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from adf.recurrence import Recurrence
from adf.windows import TumblingWindow, Window

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_WINDOWS: Final = 10_000
_LONGEST: Final = timedelta(days=366)
"""No window of a tumbling trigger that we make is longer."""


def next_fire(properties: Mapping[str, Any], now: datetime) -> datetime | None:
    """The first fire after `now` of a started trigger; None where none comes, or for an event trigger."""
    kind = properties.get("type")
    type_properties = properties.get("typeProperties") or {}
    if kind == "ScheduleTrigger":
        return next(
            Recurrence.from_json(type_properties["recurrence"], ignore_misplaced=True).fire_times(now), None
        )
    if kind == "TumblingWindowTrigger":
        return _next_of_tumbling(TumblingWindow.from_type_properties(type_properties), now)
    return None


def backfill(properties: Mapping[str, Any], now: datetime) -> list[Window]:
    """The windows that a tumbling trigger runs at once when it is started now; at most `MOST_WINDOWS`."""
    if properties.get("type") != "TumblingWindowTrigger":
        return []
    trigger = TumblingWindow.from_type_properties(properties["typeProperties"])
    return list(islice(trigger.due(now), MOST_WINDOWS))


def _next_of_tumbling(trigger: TumblingWindow, now: datetime) -> datetime | None:
    """When the first window becomes due that is not due yet; a backfill under way is not told apart."""
    recent = Window(now - trigger.delay - _LONGEST, datetime.max.replace(tzinfo=UTC))
    due = (trigger.due_at(window) for window in trigger.overlapping(recent))
    return next((instant for instant in due if instant > now), None)
