"""Recurrences of schedule triggers: legal in the service, and with a time at which they fire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adf.recurrence import IllegalRecurrence, Recurrence
from sandbox.datafactory.errors import BadRequest

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json


def check_recurrence(trigger: str, recurrence: Json) -> None:
    try:
        times = Recurrence.from_json(recurrence)
    except IllegalRecurrence as error:
        raise BadRequest(f"The trigger '{trigger}': {error}.", target=trigger) from error
    if not times.can_ever_fire():
        raise BadRequest(f"The trigger '{trigger}': its recurrence never fires.", target=trigger)
