from __future__ import annotations

from functools import lru_cache
from graphlib import CycleError
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from adf.outcomes import decisive, statuses, succeeds
from adf.problems import Problem, inside
from adf.walk import inner_activities, properties_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adf.entities import Entity
    from adf.outcomes import Dependencies, Status
    from adf.walk import Activity, Scope, Walked


def check(bodies: Sequence[Walked]) -> Iterator[Problem]:
    """Where an activity fails, what it is in fails too: else nobody is told, and nothing is run again.

    Each activity by itself: it fails, and all others that then run succeed. An ending that is there to fail
    (a Fail activity, be it inside of another or in a pipeline that is called) is taken to do so.
    """
    pipelines = [body for body in bodies if body.entity.kind == "pipeline"]
    calm = {pipeline.entity.name.casefold() for pipeline in pipelines if not _holds_a_fail(pipeline)}
    for pipeline in pipelines:
        for scope in pipeline.scopes:
            if scope.outer is None or scope.outer.get("type") != "Until":  # which goes on whatever fails
                yield from _scope(pipeline.entity, scope, calm)


def _holds_a_fail(pipeline: Walked) -> bool:
    return any(activity.get("type") == "Fail" for _, activity in pipeline.activities)


def _scope(pipeline: Entity, scope: Scope, calm: set[str]) -> Iterator[Problem]:
    graph = tuple(_node(each, calm) for each in scope.activities)
    within = "the pipeline" if scope.outer is None else repr(scope.outer.get("name"))
    for index, green in _unnoticed(graph):
        by = ", ".join(repr(each) for each in green)
        message = f"where {graph[index].name!r} fails, {within} still ends as Succeeded, by {by}"
        yield Problem("ADF801", str(pipeline), inside(scope.path, index), message)


class _Node(NamedTuple):
    """An activity as far as it decides how its pipeline ends."""

    name: str
    needs: tuple[tuple[str, tuple[str, ...]], ...]
    """Activity → conditions."""
    end: Status
    """How it ends where nothing goes wrong."""
    may_fail: bool
    """On purpose."""


@lru_cache(maxsize=1024)
def _unnoticed(graph: tuple[_Node, ...]) -> list[tuple[int, list[str]]]:
    """The activities that may fail while all succeeds, by their index, each with those by which it does.

    The pipelines of a thousand models have one graph.
    """
    depends_on = {each.name: dict(each.needs) for each in graph}
    if any(needs.keys() - depends_on.keys() for needs in depends_on.values()):
        return []  # said by `dependencies`
    ends = {each.name: each.end for each in graph}
    fails = {each.name for each in graph if each.may_fail}
    found = []
    for index, each in enumerate(graph):
        green = _green(each.name, depends_on, ends) if ends[each.name] == "Succeeded" else set()
        if green and not green & fails:
            found.append((index, sorted(green)))
    return found


def _green(name: str, depends_on: Dependencies, ends: dict[str, Status]) -> set[str]:
    """The activities behind this one by which all succeeds though it failed; empty where it does not."""
    try:
        ended = statuses(depends_on, {**ends, name: "Failed"})
    except CycleError:
        return set()  # said by `dependencies`
    is_green = ended[name] == "Failed" and succeeds(depends_on, ended)
    return decisive(depends_on, ended) & _after(name, depends_on) if is_green else set()


def _after(name: str, depends_on: Dependencies) -> set[str]:
    """All that wait for an activity, or for one that does."""
    found: set[str] = set()
    pending = {name}
    while pending:
        pending = {each for each, needs in depends_on.items() if pending & needs.keys()} - found
        found |= pending
    return found


def _node(activity: Activity, calm: set[str]) -> _Node:
    """An entry without an activity or a condition is said by `dependencies`."""
    entries: list[dict[str, Any]] = activity.get("dependsOn") or []
    needs = tuple(
        (
            str(each.get("activity")),
            tuple(str(said).capitalize() for said in each.get("dependencyConditions") or ()),
        )
        for each in entries
    )
    name = str(activity.get("name"))
    return _Node(name, needs, _end(activity), _may_fail_on_purpose(activity, calm))


def _end(activity: Activity) -> Status:
    if activity.get("state") == "Inactive":
        return cast("Status", activity.get("onInactiveMarkAs", "Succeeded"))
    return "Failed" if activity.get("type") == "Fail" else "Succeeded"


def _may_fail_on_purpose(activity: Activity, calm: set[str]) -> bool:
    """Of a pipeline that is called and not seen here, nobody knows."""
    if activity.get("type") == "ExecutePipeline":
        called = properties_of(activity).get("pipeline")
        name = called.get("referenceName") if isinstance(called, dict) else None
        return str(name).casefold() not in calm
    return activity.get("type") == "Fail" or any(
        _may_fail_on_purpose(inner, calm) for inner in inner_activities(activity)
    )
