"""Fire times that passed while a schedule trigger stood still for a deployment.

Data Factory makes up for none of them: a tumbling trigger runs every window in the end, a schedule trigger
loses what falls due while it is stopped. They are told, and `deploy --catch-up` runs them, with what the
trigger would have given its pipelines then. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from adf.language import Scope, evaluate
from adf.recurrence import Recurrence
from adf.windows import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

MOST: Final = 1000


@dataclass(frozen=True)
class Missed:
    """A trigger's fire times in [stopped, started), as UTC, at most MOST, and its body at that time."""

    trigger: str
    fires: tuple[datetime, ...]
    properties: Mapping[str, Any]

    def runs(self) -> Iterator[tuple[datetime, str, dict[str, Any]]]:
        """What would have run: fire time, pipeline and its parameters."""
        for fire in self.fires:
            at = format_instant(fire)
            scope = Scope(trigger={"scheduledTime": at, "startTime": at})
            for each in self.properties.get("pipelines") or ():
                parameters: Any = evaluate(each.get("parameters") or {}, scope)
                yield fire, str(each["pipelineReference"]["referenceName"]), parameters


@dataclass(frozen=True)
class CaughtUp:
    """A fire that was missed; `run_id` is the ADF run that makes up for it, None where nobody asked."""

    trigger: str
    fire: datetime
    pipeline: str
    run_id: str | None


def missed(name: str, properties: Mapping[str, Any], stopped: datetime, started: datetime) -> Missed | None:
    """What the trigger missed between the two instants; None where that is nothing."""
    if properties.get("type") != "ScheduleTrigger":
        return None
    recurrence = Recurrence.from_json(properties["typeProperties"]["recurrence"], ignore_misplaced=True)
    due = recurrence.between(stopped, started)
    fires = tuple(islice(due, MOST))
    return Missed(name, fires, properties) if fires else None
