"""What an expression can see: the facts of the run it is evaluated in."""

import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from .values import Json


class Absent:
    """Stands for what does not exist here, where null would be a value."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


def _system_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Scope:
    """The facts an expression may ask for; what is ABSENT does not exist where the expression stands.

    `pipeline`: what pipeline() gives: `parameters`, `globalParameters`, `RunId`, `Pipeline`, `DataFactory`,
    `TriggerName`, `TriggerType`, `TriggerTime`, `GroupId` …
    `activities`: name → `output`, `status`, `error` …, of the activities that have ended.
    `item`: the element of the loop or filter around the expression.
    `trigger`, `trigger_body`: in a trigger's own JSON only. `dataset`, `linked_service`: parameter → value,
    inside of these entities only.
    `now`: the moment, with a time zone; asked anew by every utcNow(). `new_guid`, `random_integer` (first
    included, last not): the sources of chance.
    """

    pipeline: Mapping[str, Json] | Absent = ABSENT
    variables: Mapping[str, Json] = field(default_factory=dict)
    activities: Mapping[str, Json] = field(default_factory=dict)
    item: Json | Absent = ABSENT
    trigger: Mapping[str, Json] | Absent = ABSENT
    trigger_body: Json | Absent = ABSENT
    dataset: Mapping[str, Json] | Absent = ABSENT
    linked_service: Mapping[str, Json] | Absent = ABSENT
    now: Callable[[], datetime] = _system_clock
    new_guid: Callable[[], uuid.UUID] = uuid.uuid4
    random_integer: Callable[[int, int], int] = random.randrange
