from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from adf.problems import Problem, inside
from adf.windows import upstream_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from adf.entities import Entity
    from adf.walk import Scope, Walked

CONDITIONS = ("Succeeded", "Failed", "Skipped", "Completed")


def check(bodies: Sequence[Walked]) -> Iterator[Problem]:
    """An activity depends on activities beside it, each in a condition, and on no circle; so do the windows
    of triggers.
    """
    for body in bodies:
        for scope in body.scopes:
            yield from _scope(body.entity, scope)
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


def _scope(pipeline: Entity, scope: Scope) -> Iterator[Problem]:
    names = {activity.get("name") for activity in scope.activities}
    graph: dict[str, list[str]] = {}
    for index, activity in enumerate(scope.activities):
        place = inside(scope.path, index)
        entries = activity.get("dependsOn") or []
        graph[activity.get("name", "")] = [entry.get("activity", "") for entry in entries]
        for number, entry in enumerate(entries):
            path = f"{place}.dependsOn[{number}]"
            if entry.get("activity") not in names:
                beside = "there is no such activity beside it"
                message = f"depends on {entry.get('activity')!r}: {beside}"
                yield Problem("ADF305", str(pipeline), path, message)
            if not entry.get("dependencyConditions"):
                yield Problem(
                    "ADF306", str(pipeline), path, "has no condition", f"one of {', '.join(CONDITIONS)}"
                )
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " → ".join(reversed(error.args[1]))
        message = f"the activities wait for each other: {circle}"
        yield Problem("ADF307", str(pipeline), scope.path, message)
