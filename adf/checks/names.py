from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adf.problems import Problem
from adf.walk import activities

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adf.entities import Entity

_ENTITY = re.compile(r"[A-Za-z0-9_][^<>*#.%&:\\+?/]*")
_ACTIVITY = re.compile(r"[A-Za-z0-9_][^<>*.%&:\\+?/]*")
LONGEST = {"linked_service": 260, "dataset": 260, "pipeline": 140, "trigger": 260}
LONGEST_ACTIVITY = 55


def check(entities: Sequence[Entity]) -> Iterator[Problem]:
    """Names of entities and activities; Data Factory takes two that differ in case only for the same."""
    seen: set[tuple[str, str]] = set()
    for entity in entities:
        yield from _entity(entity)
        key = entity.kind, entity.name.casefold()
        if key in seen:
            yield Problem(str(entity), "", "the name is used twice (upper and lower case are the same)")
        seen.add(key)
        if entity.kind == "pipeline":
            yield from _activities(entity)


def _entity(entity: Entity) -> Iterator[Problem]:
    longest = LONGEST[entity.kind]
    if not _ENTITY.fullmatch(entity.name) or len(entity.name) > longest:
        rule = f"1 to {longest} characters, the first a letter, digit or _, none of < > * # . % & : \\ + ? /"
        yield Problem(str(entity), "", "Azure refuses this name", rule)
    if entity.kind in ("linked_service", "dataset") and "-" in entity.name:
        yield Problem(str(entity), "", "names of linked services and datasets have no dashes", "use _")


def _activities(pipeline: Entity) -> Iterator[Problem]:
    seen: set[str] = set()
    for path, activity in activities(pipeline.properties):
        name = str(activity.get("name", ""))
        if not _ACTIVITY.fullmatch(name) or len(name) > LONGEST_ACTIVITY:
            rule = f"1 to {LONGEST_ACTIVITY} characters, the first a letter, digit or _"
            yield Problem(str(pipeline), f"{path}.name", f"Azure refuses the name {name!r}", rule)
        if name.casefold() in seen:
            yield Problem(str(pipeline), f"{path}.name", f"two activities are called {name!r}")
        seen.add(name.casefold())
