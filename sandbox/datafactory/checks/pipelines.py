"""Pipelines: activities that can run here, in a graph without holes, using what is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.datafactory.activities import ACTIVITIES
from sandbox.datafactory.checks.expressions import expressions
from sandbox.datafactory.checks.names import check_activity_name
from sandbox.datafactory.checks.types import require_type
from sandbox.datafactory.errors import BadRequest, MissingParameters, NotRun
from sandbox.datafactory.known_types import ACTIVITY_TYPES
from sandbox.datafactory.parameters import check_parameters, check_variables
from sandbox.datafactory.references import references
from sandbox.datafactory.values import (
    is_expression,
    require_integer,
    require_list,
    require_object,
    require_timespan,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sandbox.datafactory.activities.call import ActivityKind
    from sandbox.datafactory.models import Json, JsonValue
    from sandbox.datafactory.view import View

_MOST_ACTIVITIES = 120
_MOST_USER_PROPERTIES = 5
_CONDITIONS = frozenset({"Succeeded", "Failed", "Skipped", "Completed"})
_LONGEST_TIMEOUT_DAYS = 7


def check_pipeline(name: str, properties: Json, view: View) -> None:
    target = f"Pipeline/{name}"
    check_parameters(properties.get("parameters"), target)
    check_variables(properties.get("variables"), target)
    if properties.get("concurrency") is not None:
        require_integer(properties["concurrency"], "concurrency", target, 1)
    activities = require_list(properties.get("activities") or [], "activities", target)
    for one in activities:
        require_object(one, "An activity", target)
    _check_scope(name, activities, view, ())
    everything = list(_all_activities(activities))
    if len(everything) > _MOST_ACTIVITIES:
        raise BadRequest(f"{len(everything)} activities; the limit is {_MOST_ACTIVITIES}.", target=target)
    _check_unique([one["name"] for one in everything], target)
    _check_names_used(name, properties, everything)
    _check_variables_set(properties.get("variables") or {}, everything, target)
    _check_calls(name, properties, view)


def _check_scope(
    pipeline: str, activities: Sequence[Json], view: View, around: tuple[ActivityKind, ...]
) -> None:
    target = f"Pipeline/{pipeline}"
    for activity in activities:
        kind = _check_activity(pipeline, activity, view, around)
        for _, inner in kind.scopes(activity):
            _check_scope(pipeline, require_list(inner, "activities", target), view, (*around, kind))
    _check_dependencies(activities, target)


def _check_activity(
    pipeline: str, activity: Json, view: View, around: tuple[ActivityKind, ...]
) -> ActivityKind:
    target = f"Pipeline/{pipeline}"
    name = check_activity_name(pipeline, activity.get("name"))
    type_name = require_type(activity, ACTIVITY_TYPES, f"The activity '{name}'", target)
    kind = ACTIVITIES.get(type_name)
    if kind is None:
        raise NotRun(f"The activity '{name}' of type {type_name}")
    require_object(activity.get("typeProperties") or {}, f"typeProperties of activity '{name}'", target)
    _check_nesting(activity, kind, around, target)
    _check_state(activity, target)
    _check_policy(activity, kind, target)
    _check_user_properties(activity, target)
    if kind.fields is not None:
        kind.fields.check(activity.get("typeProperties") or {}, f"Activity '{name}' ({type_name})", target)
    kind.check(activity, view, target)
    return kind


def _check_nesting(activity: Json, kind: ActivityKind, around: tuple[ActivityKind, ...], target: str) -> None:
    """If and Switch may stand in a loop; no loop in a loop, no branch in a branch; some stand in nothing."""
    if around and not kind.may_nest:
        raise BadRequest(
            f"The activity '{activity['name']}' ({activity['type']}) cannot stand inside another.",
            target=target,
        )
    if (kind.is_loop and any(one.is_loop for one in around)) or (
        kind.is_branch and any(one.is_branch for one in around)
    ):
        raise BadRequest(
            f"The container activity '{activity['name']}' ({activity['type']}) cannot stand inside another: "
            "use an ExecutePipeline activity.",
            target=target,
        )


def _check_state(activity: Json, target: str) -> None:
    if activity.get("state", "Active") not in ("Active", "Inactive"):
        raise BadRequest(f"Activity '{activity['name']}': state must be Active or Inactive.", target=target)
    if activity.get("onInactiveMarkAs", "Succeeded") not in ("Succeeded", "Failed", "Skipped"):
        raise BadRequest(
            f"Activity '{activity['name']}': onInactiveMarkAs must be Succeeded, Failed or Skipped.",
            target=target,
        )


def _check_policy(activity: Json, kind: ActivityKind, target: str) -> None:
    policy = require_object(activity.get("policy") or {}, f"policy of activity '{activity['name']}'", target)
    if not kind.has_policy:
        for one in ("timeout", "retry", "retryIntervalInSeconds"):
            if policy.get(one) is not None:
                raise BadRequest(
                    f"Activity '{activity['name']}' ({activity['type']}) takes no policy '{one}'.",
                    target=target,
                )
        return
    if policy.get("timeout") is not None and not is_expression(policy["timeout"]):
        span = require_timespan(policy["timeout"], f"timeout of activity '{activity['name']}'", target)
        if not 0 < span.total_seconds() <= _LONGEST_TIMEOUT_DAYS * 86400:
            raise BadRequest(f"Activity '{activity['name']}': timeout is at most 7 days.", target=target)
    if policy.get("retry") is not None and not is_expression(policy["retry"]):
        require_integer(policy["retry"], f"retry of activity '{activity['name']}'", target, 0)
    if policy.get("retryIntervalInSeconds") is not None:
        interval = policy["retryIntervalInSeconds"]
        require_integer(
            interval, f"retryIntervalInSeconds of activity '{activity['name']}'", target, 30, 86400
        )


def _check_user_properties(activity: Json, target: str) -> None:
    written = require_list(activity.get("userProperties") or [], "userProperties", target)
    if len(written) > _MOST_USER_PROPERTIES:
        raise BadRequest(
            f"Activity '{activity['name']}' has {len(written)} user properties; the limit is 5.",
            target=target,
        )
    for one in written:
        if not isinstance(one, dict) or not {"name", "value"} <= one.keys():
            raise BadRequest(
                f"Activity '{activity['name']}': a user property needs name and value.", target=target
            )


def _check_dependencies(activities: Sequence[Json], target: str) -> None:
    graph = {str(one["name"]).lower(): list(_dependencies(one, target)) for one in activities}
    for name, needed in graph.items():
        if len(set(needed)) < len(needed):
            raise BadRequest(
                f"Activity '{name}' depends on one activity twice: write all conditions into one entry.",
                target=target,
            )
        for one in needed:
            if one not in graph:
                raise BadRequest(
                    f"Activity '{name}' depends on '{one}', which is no activity beside it.", target=target
                )
    while graph:
        free = [name for name, needed in graph.items() if not any(one in graph for one in needed)]
        if not free:
            cycle = ", ".join(f"'{name}'" for name in sorted(graph))
            raise BadRequest(f"Activities depend on each other in a circle: {cycle}.", target=target)
        for name in free:
            del graph[name]


def _dependencies(activity: Json, target: str) -> Iterator[str]:
    for entry in require_list(activity.get("dependsOn") or [], "dependsOn", target):
        conditions = entry.get("dependencyConditions") if isinstance(entry, dict) else None
        if not isinstance(conditions, list) or not conditions or not set(conditions) <= _CONDITIONS:
            raise BadRequest(
                f"Activity '{activity['name']}': dependencyConditions must be some of "
                f"{', '.join(sorted(_CONDITIONS))}; found {conditions!r}.",
                target=target,
            )
        yield str(entry.get("activity")).lower()


def _all_activities(activities: Sequence[Json]) -> Iterator[Json]:
    for one in activities:
        yield one
        for _, inner in ACTIVITIES[one["type"]].scopes(one):
            yield from _all_activities(inner)


def _check_unique(names: list[str], target: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise BadRequest(
                f"There are two activities '{name}'; names are unique without regard to case.", target=target
            )
        seen.add(name.lower())


def _check_names_used(pipeline: str, properties: Json, everything: list[Json]) -> None:
    """Parameters in the service's words; activities and variables that nowhere exist in ours."""
    target = f"Pipeline/{pipeline}"
    used = [one for activity in everything for one in expressions(_evaluated_parts(activity), target)]
    parameters = _missing(properties.get("parameters"), [name for one in used for name in one.parameters])
    if parameters:
        raise MissingParameters(pipeline, parameters)
    for what, declared, names in (
        (
            "variable",
            list(properties.get("variables") or {}),
            [name for one in used for name in one.variables],
        ),
        ("activity", [one["name"] for one in everything], [name for one in used for name in one.activities]),
    ):
        missing = _missing(declared, names)
        if missing:
            listed = ",".join(f"'{name}'" for name in missing)
            raise BadRequest(
                f"Expressions refer to {what} {listed}, which the pipeline does not have.", target=target
            )


def _check_variables_set(declared: Json, everything: list[Json], target: str) -> None:
    known = {name.lower() for name in declared}
    for activity in everything:
        written = activity.get("typeProperties") or {}
        name = written.get("variableName")
        if name is not None and not written.get("setSystemVariable") and name.lower() not in known:
            raise BadRequest(
                f"Activity '{activity['name']}' sets variable '{name}', which the pipeline does not have.",
                target=target,
            )
        if activity["type"] == "SetVariable" and not written.get("setSystemVariable"):
            _check_reads_another(activity["name"], written, target)


def _check_reads_another(activity: str, written: Json, target: str) -> None:
    variable = written["variableName"]
    read = {name.lower() for one in expressions(written["value"], target) for name in one.variables}
    if variable.lower() in read:
        raise BadRequest(
            f"Activity '{activity}' sets variable '{variable}' by an expression that reads it: a variable "
            "cannot refer to itself. Set another variable first, and this one from that.",
            target=target,
        )


def _check_calls(pipeline: str, properties: Json, view: View) -> None:
    """A pipeline that runs itself, directly or through others, would never end."""
    seen: set[str] = set()
    calls = _called(properties)
    while calls:
        name = calls.pop()
        if name == pipeline.lower():
            raise BadRequest(
                f"The pipeline '{pipeline}' would run itself through ExecutePipeline.",
                target=f"Pipeline/{pipeline}",
            )
        if name not in seen:
            seen.add(name)
            calls += _called(view.properties("pipelines", name) or {})


def _called(properties: Json) -> list[str]:
    return [one.name.lower() for one in references(properties) if one.kind == "pipelines"]


def _evaluated_parts(activity: Json) -> list[Any]:
    """All that is evaluated of this activity itself; inner activities are looked at by themselves."""
    inner = ("activities", "ifTrueActivities", "ifFalseActivities", "cases", "defaultActivities")
    own = {name: one for name, one in (activity.get("typeProperties") or {}).items() if name not in inner}
    policy = activity.get("policy") or {}
    service = activity.get("linkedServiceName")
    return [
        own,
        activity.get("userProperties"),
        [policy.get("timeout"), policy.get("retry")],
        service.get("parameters") if isinstance(service, dict) else None,
    ]


def _missing(declared: JsonValue, names: list[str]) -> list[str]:
    known = {name.lower() for name in declared or []}
    return list(dict.fromkeys(name for name in names if name.lower() not in known))
