from __future__ import annotations

import json
from functools import lru_cache
from graphlib import CycleError
from typing import TYPE_CHECKING, Any, cast

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
        for scope, order in zip(pipeline.scopes, pipeline.orders, strict=True):
            if scope.outer is None or scope.outer.get("type") != "Until":  # which goes on whatever fails
                yield from _scope(pipeline.entity, scope, order, calm)


def _holds_a_fail(pipeline: Walked) -> bool:
    return "Fail" in pipeline.types


def _scope(pipeline: Entity, scope: Scope, order: str, calm: set[str]) -> Iterator[Problem]:
    ends = tuple(_end(each) for each in scope.activities)
    may_fail = tuple(_may_fail_on_purpose(each, calm) for each in scope.activities)
    within = "the pipeline" if scope.outer is None else repr(scope.outer.get("name"))
    for index, name, green in _unnoticed(order, ends, may_fail):
        by = ", ".join(repr(each) for each in green)
        message = f"where {name!r} fails, {within} still ends as Succeeded, by {by}"
        yield Problem("ADF801", str(pipeline), inside(scope.path, index), message)


@lru_cache(maxsize=1024)
def _unnoticed(
    order: str, ends: tuple[Status, ...], may_fail: tuple[bool, ...]
) -> list[tuple[int, str, list[str]]]:
    """The activities that may fail while all succeeds, by index and name, each with those by which it does.

    Of activities in an `order` (walk.py): how each ends where nothing goes wrong, which may fail on purpose.
    """
    activities = [(str(name), _needs(entries)) for name, entries in json.loads(order)]
    names, depends_on = [name for name, _ in activities], dict(activities)
    if any(needs.keys() - depends_on.keys() for needs in depends_on.values()):
        return []  # said by `dependencies`
    end_of = dict(zip(names, ends, strict=True))
    fails = {name for name, may in zip(names, may_fail, strict=True) if may}
    found = []
    for index, name in enumerate(names):
        green = _green(name, depends_on, end_of) if end_of[name] == "Succeeded" else set()
        if green and not green & fails:
            found.append((index, name, sorted(green)))
    return found


def _needs(entries: list[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Activity → conditions. An entry without one of them is said by `dependencies`."""
    return {
        str(each.get("activity")): tuple(
            str(said).capitalize() for said in each.get("dependencyConditions") or ()
        )
        for each in entries
    }


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
