"""When triggers fire, from their bodies, as the local Data Factory reads them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adf.recurrence import IllegalRecurrence, Recurrence
from adf.windows import TICK, TumblingWindow, Window, WindowError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sandbox.datafactory.models import Json


def between(properties: Json, start: datetime, end: datetime) -> Iterator[tuple[datetime, Window | None]]:
    """Each fire in [start, end), with the window of a tumbling trigger; none of one that waits for files."""
    written = properties.get("typeProperties") or {}
    try:
        match properties["type"]:
            case "ScheduleTrigger":
                recurrence = Recurrence.from_json(written["recurrence"], ignore_misplaced=True)
                yield from ((fire, None) for fire in recurrence.between(start, end))
            case "TumblingWindowTrigger":
                yield from _due(TumblingWindow.from_type_properties(written), start, end)
    except (IllegalRecurrence, WindowError, KeyError):
        return  # written by a version that let it pass: it never fires


def _due(trigger: TumblingWindow, start: datetime, end: datetime) -> Iterator[tuple[datetime, Window]]:
    for window in trigger.overlapping(Window(start - trigger.delay - TICK, end - trigger.delay)):
        if start <= trigger.due_at(window) < end:
            yield trigger.due_at(window), window
