from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adf.entities import Unresolved
from adf.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adf.entities import Entity
    from adf.walk import Walked

_ENTITY = re.compile(r"[A-Za-z0-9_][^<>*#.%&:\\+?/]*")
_ACTIVITY = re.compile(r"[A-Za-z0-9_][^<>*.%&:\\+?/]*")
LONGEST = {"linked_service": 260, "dataset": 260, "pipeline": 140, "trigger": 260}
LONGEST_ACTIVITY = 55


def check(bodies: Sequence[Walked]) -> Iterator[Problem]:
    """Names of entities and activities; Data Factory takes two that differ in case only for the same."""
    seen: set[tuple[str, str]] = set()
    for body in bodies:
        entity = body.entity
        if not isinstance(entity.name, Unresolved):
            yield from _entity(entity)
        key = entity.kind, entity.name.casefold()
        if key in seen:
            message = "the name is used twice (upper and lower case are the same)"
            yield Problem("ADF202", str(entity), "", message)
        seen.add(key)
        if entity.kind == "pipeline":
            yield from _activities(body)


def _entity(entity: Entity) -> Iterator[Problem]:
    longest = LONGEST[entity.kind]
    if not _ENTITY.fullmatch(entity.name) or len(entity.name) > longest:
        rule = f"1 to {longest} characters, the first a letter, digit or _, none of < > * # . % & : \\ + ? /"
        yield Problem("ADF201", str(entity), "", "Azure refuses this name", rule)
    if entity.kind in ("linked_service", "dataset") and "-" in entity.name:
        message = "names of linked services and datasets have no dashes"
        yield Problem("ADF203", str(entity), "", message, "use _")


def _activities(pipeline: Walked) -> Iterator[Problem]:
    seen: set[str] = set()
    for path, activity in pipeline.activities:
        name = activity.get("name", "")
        if isinstance(name, Unresolved):
            continue
        if not _ACTIVITY.fullmatch(name) or len(name) > LONGEST_ACTIVITY:
            rule = f"1 to {LONGEST_ACTIVITY} characters, the first a letter, digit or _"
            yield Problem(
                "ADF204", str(pipeline.entity), f"{path}.name", f"Azure refuses the name {name!r}", rule
            )
        if name.casefold() in seen:
            yield Problem(
                "ADF205", str(pipeline.entity), f"{path}.name", f"two activities are called {name!r}"
            )
        seen.add(name.casefold())
