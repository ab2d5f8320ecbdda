"""Recurrences of schedule triggers."""

from __future__ import annotations

from sandbox.datafactory.checks.values import is_integer
from sandbox.datafactory.errors import BadRequest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json


def check_recurrence(trigger: str, recurrence: Json) -> None:
    if recurrence.get("frequency") not in ("Minute", "Hour", "Day", "Week", "Month"):
        raise BadRequest(
            f"The trigger '{trigger}': frequency {recurrence.get('frequency')!r}.", target=trigger
        )
    if not is_integer(recurrence.get("interval", 1), 1, 1000):
        raise BadRequest(f"The trigger '{trigger}': interval {recurrence.get('interval')!r}.", target=trigger)
