from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from adf.problems import Problem, inside
from adf.walk import scopes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adf.entities import Entity
    from adf.walk import Scope

CONDITIONS = ("Succeeded", "Failed", "Skipped", "Completed")


def check(entities: Sequence[Entity]) -> Iterator[Problem]:
    """An activity depends on activities beside it, each in a condition, and on no circle."""
    for pipeline in entities:
        if pipeline.kind == "pipeline":
            for scope in scopes(pipeline.properties):
                yield from _scope(pipeline, scope)


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
                yield Problem(str(pipeline), path, f"depends on {entry.get('activity')!r}: {beside}")
            if not entry.get("dependencyConditions"):
                yield Problem(str(pipeline), path, "has no condition", f"one of {', '.join(CONDITIONS)}")
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " → ".join(reversed(error.args[1]))
        yield Problem(str(pipeline), scope.path, f"the activities wait for each other: {circle}")
