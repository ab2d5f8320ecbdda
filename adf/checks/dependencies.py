from __future__ import annotations

import json
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from adf.problems import Problem
from adf.windows import upstream_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from adf.entities import Entity
    from adf.walk import Walked

_Wrong = tuple[str, str, str, str | None]
"""Path below the scope's, rule, message and hint."""
CONDITIONS = ("Succeeded", "Failed", "Skipped", "Completed")


def check(bodies: Sequence[Walked]) -> Iterator[Problem]:
    """An activity depends on activities beside it, each in a condition, and on no circle; so do the windows
    of triggers.
    """
    for body in bodies:
        for scope, order in zip(body.scopes, body.orders, strict=True):
            for below, rule, message, hint in _wrong_in(order):
                yield Problem(rule, str(body.entity), scope.path + below, message, hint)
    yield from _triggers({body.entity.name: body.entity for body in bodies if body.entity.kind == "trigger"})


def _triggers(triggers: Mapping[str, Entity]) -> Iterator[Problem]:
    """Only windows can be waited for, and not in a circle."""
    for name, trigger in triggers.items():
        for other in upstream_of(trigger.properties):
            if other in triggers and triggers[other].properties.get("type") != "TumblingWindowTrigger":
                path = "typeProperties.dependsOn"
                message = f"depends on {other!r}, which has no windows"
                yield Problem("ADF612", f"trigger {name}", path, message, "a tumbling window trigger")
    try:
        TopologicalSorter({name: upstream_of(each.properties) for name, each in triggers.items()}).prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        message = f"the triggers wait for each other: {' → '.join(circle)}"
        yield Problem("ADF307", f"trigger {circle[0]}", "typeProperties.dependsOn", message)


@lru_cache(maxsize=1024)
def _wrong_in(order: str) -> list[_Wrong]:
    """Of activities beside each other: each with its name, and the entries of what it waits for."""
    activities: list[tuple[str | None, list[dict[str, Any]]]] = json.loads(order)
    names = {name for name, _ in activities}
    found: list[_Wrong] = []
    for index, (_, entries) in enumerate(activities):
        for number, entry in enumerate(entries):
            place = f"[{index}].dependsOn[{number}]"
            if entry.get("activity") not in names:
                beside = "there is no such activity beside it"
                found.append((place, "ADF305", f"depends on {entry.get('activity')!r}: {beside}", None))
            if not entry.get("dependencyConditions"):
                found.append((place, "ADF306", "has no condition", f"one of {', '.join(CONDITIONS)}"))
    graph = {name or "": [entry.get("activity", "") for entry in entries] for name, entries in activities}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " → ".join(reversed(error.args[1]))
        found.append(("", "ADF307", f"the activities wait for each other: {circle}", None))
    return found
