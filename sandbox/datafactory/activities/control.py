"""IfCondition, Switch, ForEach and Until: activities that hold activities.

Their inner activities are a graph of their own, with its own leaves; a container fails when its graph does.
The message names one inner activity, as the service's does.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sandbox.datafactory.activities.call import ActivityKind, Call
from sandbox.datafactory.activities.fields import Fields
from sandbox.datafactory.errors import ActivityFailed, BadRequest
from sandbox.datafactory.values import (
    is_expression,
    parse_timespan,
    require_integer,
    require_list,
    require_timespan,
)
from sandbox.datafactory.waiting import within

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json
    from sandbox.datafactory.view import View

_MOST_ITEMS = 100_000
_MOST_CASES = 25
_LONGEST_UNTIL_DAYS = 90


def _properties(activity: Json) -> Json:
    return dict(activity.get("typeProperties") or {})


def _require_expression(activity: Json, name: str, target: str) -> None:
    value = _properties(activity).get(name)
    if not isinstance(value, dict) or not is_expression(value):
        raise BadRequest(
            f"Activity '{activity['name']}': {name} must be an Expression object.", target=target
        )


def _check_if(activity: Json, _view: View, target: str) -> None:
    _require_expression(activity, "expression", target)


def _if_scopes(activity: Json) -> list[tuple[str, list[Json]]]:
    properties = _properties(activity)
    return [(name, properties.get(name) or []) for name in ("ifTrueActivities", "ifFalseActivities")]


async def _if(call: Call) -> Json:
    chosen = call.value("expression")
    if isinstance(chosen, str) and chosen.lower() in ("true", "false"):
        chosen = chosen.lower() == "true"
    if not isinstance(chosen, bool):
        raise ActivityFailed(
            "BadRequest", f"The expression of If condition '{call.name}' must be a boolean; it is {chosen!r}."
        )
    call.input["expression"] = chosen
    inner = call.properties.get("ifTrueActivities" if chosen else "ifFalseActivities") or []
    await call.services.run_inner(inner, call.frame.inside(call.name))
    return {}


def _check_switch(activity: Json, _view: View, target: str) -> None:
    _require_expression(activity, "on", target)
    cases = require_list(_properties(activity).get("cases") or [], "cases", target)
    values = [one.get("value") for one in cases]
    if len(cases) > _MOST_CASES or len(set(values)) < len(values):
        raise BadRequest(
            f"Activity '{activity['name']}': at most {_MOST_CASES} cases, each with a value of its own.",
            target=target,
        )


def _switch_scopes(activity: Json) -> list[tuple[str, list[Json]]]:
    properties = _properties(activity)
    scopes = [
        (f"case {one.get('value')}", one.get("activities") or []) for one in properties.get("cases") or []
    ]
    return [*scopes, ("defaultActivities", properties.get("defaultActivities") or [])]


async def _switch(call: Call) -> Json:
    chosen = call.value("on")
    if not isinstance(chosen, str):
        raise ActivityFailed(
            "BadRequest", f"The 'on' of Switch '{call.name}' must be text; it is {chosen!r}."
        )
    call.input["on"] = chosen
    inner = call.properties.get("defaultActivities") or []
    for case in call.properties.get("cases") or []:
        if case.get("value") == chosen:
            inner = case.get("activities") or []
    await call.services.run_inner(inner, call.frame.inside(call.name))
    return {}


def _require_inner(activity: Json, target: str) -> None:
    if _properties(activity).get("activities") is None:
        raise BadRequest(f"Activity '{activity['name']}': activities is required.", target=target)


def _check_for_each(activity: Json, _view: View, target: str) -> None:
    _require_expression(activity, "items", target)
    if not is_expression(_properties(activity)["items"]["value"]):
        raise BadRequest(
            f"Activity '{activity['name']}': items must be an expression of an array; found "
            f"{_properties(activity)['items']['value']!r}.",
            target=target,
        )
    if _properties(activity).get("batchCount") is not None:
        require_integer(_properties(activity)["batchCount"], "batchCount", target, 1, 50)
    _require_inner(activity, target)


def _loop_scopes(activity: Json) -> list[tuple[str, list[Json]]]:
    return [("activities", _properties(activity).get("activities") or [])]


async def _for_each(call: Call) -> Json:
    """All iterations run, whatever becomes of the others; then the first failure in the items' order is the
    loop's.
    """
    items = call.value("items")
    if not isinstance(items, list) or len(items) > _MOST_ITEMS:
        raise ActivityFailed("BadRequest", f"The items of ForEach '{call.name}' must be an array.")
    call.input["items"] = items
    sequential = call.properties.get("isSequential") is True
    at_once = 1 if sequential else call.properties.get("batchCount") or 20
    failures: dict[int, ActivityFailed] = {}
    rest = iter(enumerate(items))

    async def iterate() -> None:
        """One of those at work: takes the next item as long as there is one."""
        for index, item in rest:
            try:
                frame = call.frame.inside(call.name, index).with_item(item)
                await call.services.run_inner(call.properties.get("activities") or [], frame)
            except ActivityFailed as failure:
                failures[index] = failure

    async with asyncio.TaskGroup() as group:
        for _ in range(min(at_once, len(items))):
            group.create_task(iterate())
    if failures:
        raise failures[min(failures)]
    return {}


def _check_until(activity: Json, _view: View, target: str) -> None:
    _require_expression(activity, "expression", target)
    _require_inner(activity, target)
    timeout = _properties(activity).get("timeout")
    if timeout is not None and not is_expression(timeout):
        span = require_timespan(timeout, f"timeout of activity '{activity['name']}'", target)
        if not 0 < span.total_seconds() <= _LONGEST_UNTIL_DAYS * 86400:
            raise BadRequest(
                f"Activity '{activity['name']}': timeout is at most {_LONGEST_UNTIL_DAYS} days.",
                target=target,
            )


async def _until(call: Call) -> Json:
    """Activities, then the expression; a failed round does not end the loop, its timeout does."""
    limit = call.value("timeout", "7.00:00:00")
    try:
        seconds = parse_timespan(str(limit)).total_seconds()
    except ValueError as error:
        raise ActivityFailed("BadRequest", f"The timeout of Until '{call.name}': {error}.") from error
    try:
        return await within(seconds, _rounds(call), call.services.sleep)
    except TimeoutError:
        raise ActivityFailed("BadRequest", f"Until '{call.name}' timed out after {limit}.") from None


async def _rounds(call: Call) -> Json:
    index = 0
    while True:
        # Rounds are not taken over by a rerun: their number depends on what they find.
        frame = call.frame.inside(call.name, index).anew()
        failure: ActivityFailed | None = None
        try:
            await call.services.run_inner(call.properties.get("activities") or [], frame)
        except ActivityFailed as raised:
            failure = raised
        done = frame.evaluate(call.properties["expression"])
        if not isinstance(done, bool):
            raise ActivityFailed("BadRequest", f"The expression of Until '{call.name}' must be a boolean.")
        if done:
            if failure is not None:
                raise failure
            return {}
        index += 1
        # A loop of instant activities must leave the event loop to the others.
        await asyncio.sleep(0)


IF_CONDITION = ActivityKind(
    run=_if,
    check=_check_if,
    fields=Fields("expression ifTrueActivities ifFalseActivities"),
    scopes=_if_scopes,
    is_branch=True,
)
SWITCH = ActivityKind(
    run=_switch,
    check=_check_switch,
    fields=Fields("on cases defaultActivities"),
    scopes=_switch_scopes,
    is_branch=True,
)
FOR_EACH = ActivityKind(
    run=_for_each,
    check=_check_for_each,
    fields=Fields("items isSequential batchCount activities"),
    scopes=_loop_scopes,
    is_loop=True,
)
UNTIL = ActivityKind(
    run=_until,
    check=_check_until,
    fields=Fields("expression timeout activities"),
    scopes=_loop_scopes,
    is_loop=True,
)
