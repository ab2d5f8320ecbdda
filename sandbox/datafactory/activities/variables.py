"""SetVariable, AppendVariable and Filter: values inside one run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.datafactory.activities.call import ActivityKind, Call
from sandbox.datafactory.activities.fields import Fields
from sandbox.datafactory.errors import ActivityFailed, BadRequest, NotRun
from sandbox.datafactory.parameters import variable_type
from sandbox.datafactory.values import is_expression, require_list, require_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.datafactory.frame import RunningPipeline
    from sandbox.datafactory.models import Json, JsonValue
    from sandbox.datafactory.view import View

_RETURN_VALUE = "pipelineReturnValue"
_RETURN_TYPES = ("String", "Expression", "Boolean", "Int", "Float", "Null", "Array", "Object")
_PYTHON_TYPES: dict[str, type] = {"String": str, "Bool": bool, "Array": list}


def _check_variable(activity: Json, _view: View, target: str) -> None:
    properties = activity.get("typeProperties") or {}
    if not isinstance(properties.get("variableName"), str) or is_expression(properties["variableName"]):
        raise BadRequest(f"Activity '{activity['name']}': variableName must be a name.", target=target)
    if "value" not in properties:
        raise BadRequest(f"Activity '{activity['name']}': value is required.", target=target)
    if properties.get("setSystemVariable") and properties["variableName"] != _RETURN_VALUE:
        raise NotRun(
            f"SetVariable '{activity['name']}' of the system variable {properties['variableName']!r}"
        )
    if properties.get("setSystemVariable"):
        _check_pairs(f"Activity '{activity['name']}': the pipeline return value", properties["value"], target)


async def _set(call: Call) -> Json:
    name = call.properties["variableName"]
    if call.properties.get("setSystemVariable"):
        value: Any = _returned(call.properties["value"], call)
        call.frame.run.return_value = value
    else:
        value = call.value("value", None)
        known = _declared_name(call.frame.run, name)
        _require(name, variable_type(call.frame.run.definition["variables"][known]), value)
        call.frame.run.variables[known] = value
    call.input |= {"variableName": name, "value": value}
    return {"name": name, "value": value}


async def _append(call: Call) -> Json:
    name = call.properties["variableName"]
    known = _declared_name(call.frame.run, name)
    if variable_type(call.frame.run.definition["variables"][known]) != "Array":
        raise ActivityFailed("BadRequest", f"The variable '{name}' of type 'String' cannot be appended to.")
    value = call.value("value", None)
    call.input |= {"variableName": name, "value": value}
    _append_again(call.frame.run, {"name": known, "value": value})
    return {"name": name, "value": value}


def _set_again(run: RunningPipeline, output: Json) -> None:
    if output["name"] == _RETURN_VALUE and _RETURN_VALUE not in (run.definition.get("variables") or {}):
        run.return_value = output["value"]
    else:
        run.variables[_declared_name(run, output["name"])] = output["value"]


def _append_again(run: RunningPipeline, output: Json) -> None:
    """A new list: a value that was handed out must not change under its reader."""
    known = _declared_name(run, output["name"])
    run.variables[known] = [*(run.variables[known] or []), output["value"]]


def _check_pairs(what: str, written: JsonValue, target: str) -> None:
    """A list of {key, value}; a value is {type, content}, and those of arrays and objects hold others."""
    for pair in require_list(written, what, target):
        if not isinstance(pair, dict) or not isinstance(pair.get("key"), str):
            raise BadRequest(f"{what} must be a list of keys and values; found {pair!r}.", target=target)
        _check_value(f"{what} '{pair['key']}'", pair.get("value"), target)


def _check_value(what: str, written: JsonValue, target: str) -> None:
    value = require_object(written, what, target)
    if value.get("type") not in _RETURN_TYPES:
        known = ", ".join(_RETURN_TYPES)
        raise BadRequest(f"{what}: the type is one of {known}; found {value.get('type')!r}.", target=target)
    if value["type"] == "Object":
        _check_pairs(what, value.get("content"), target)
    if value["type"] == "Array":
        for one in require_list(value.get("content"), what, target):
            if not isinstance(one, str):
                _check_value(what, one, target)


def _returned(pairs: Sequence[Json], call: Call) -> Json:
    return {one["key"]: _returned_value(one["value"], call) for one in pairs}


def _returned_value(value: JsonValue, call: Call) -> JsonValue:
    match value:
        case {"type": "Object", "content": pairs}:
            return _returned(pairs, call)
        case {"type": "Array", "content": values}:
            return [_returned_value(one, call) for one in values]
        case {"type": _}:
            return call.evaluate(value.get("content"))
        case _:
            return call.evaluate(value)


def _declared_name(run: RunningPipeline, name: str) -> str:
    for declared in run.definition.get("variables") or {}:
        if declared.lower() == name.lower():
            return str(declared)
    raise ActivityFailed("BadRequest", f"The variable '{name}' is not declared by the pipeline.")


def _require(name: str, kind: str, value: JsonValue) -> None:
    if value is not None and not isinstance(value, _PYTHON_TYPES[kind]):
        raise ActivityFailed(
            "BadRequest",
            f"The variable '{name}' of type '{kind}' cannot be initialized or updated with a value of type "
            f"'{type(value).__name__}'.",
        )


def _check_filter(activity: Json, _view: View, target: str) -> None:
    for name in ("items", "condition"):
        value = (activity.get("typeProperties") or {}).get(name)
        if not isinstance(value, dict) or not is_expression(value):
            raise BadRequest(
                f"Activity '{activity['name']}': {name} must be an Expression object.", target=target
            )


async def _filter(call: Call) -> Json:
    items = call.value("items")
    if not isinstance(items, list):
        raise ActivityFailed("BadRequest", f"The items of Filter activity '{call.name}' must be an array.")
    call.input["items"] = items
    condition = call.properties["condition"]
    kept = [item for item in items if call.frame.with_item(item).evaluate(condition) is True]
    return {"ItemsCount": len(items), "FilteredItemsCount": len(kept), "Value": kept}


_VARIABLE = Fields("variableName value setSystemVariable")
SET_VARIABLE = ActivityKind(run=_set, check=_check_variable, fields=_VARIABLE, again=_set_again)
APPEND_VARIABLE = ActivityKind(run=_append, check=_check_variable, fields=_VARIABLE, again=_append_again)
FILTER = ActivityKind(run=_filter, check=_check_filter, fields=Fields("items condition"))
