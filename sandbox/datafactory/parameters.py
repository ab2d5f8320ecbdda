"""Parameters and variables: their declared types, and the values that a run is given for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sandbox.datafactory.errors import BadRequest
from sandbox.datafactory.values import require_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.datafactory.models import Json, JsonValue

_TYPES = {
    one.lower(): one for one in ("Object", "String", "Int", "Float", "Bool", "Array", "SecureString")
} | {"boolean": "Bool"}
_VARIABLE_TYPES = {"string": "String", "bool": "Bool", "boolean": "Bool", "array": "Array"}
HIDDEN = "**********"


def normal_type(declared: object, name: str, target: str | None = None) -> str:
    """`String` for `string`; Studio writes lower case, the service answers in Pascal case."""
    normal = _TYPES.get(str(declared).lower())
    if normal is None:
        raise BadRequest(f"Parameter '{name}' has the unknown type {declared!r}.", target=target)
    return normal


def check_parameters(declared: JsonValue, target: str) -> None:
    parameters = require_object(declared or {}, "parameters", target)
    if len(parameters) > 50:
        raise BadRequest(f"{len(parameters)} parameters; the limit is 50.", target=target)
    for name, written in parameters.items():
        one = require_object(written, f"Parameter '{name}'", target)
        kind = normal_type(one.get("type"), name, target)
        if one.get("defaultValue") is not None:
            coerce(name, kind, one["defaultValue"], target)


def check_variables(declared: JsonValue, target: str) -> None:
    for name, one in require_object(declared or {}, "variables", target).items():
        kind = require_object(one, f"Variable '{name}'", target).get("type")
        if str(kind).lower() not in _VARIABLE_TYPES:
            raise BadRequest(f"Variable '{name}' has the unknown type {kind!r}.", target=target)
        default = one.get("defaultValue")
        if default is not None and not _ACCEPTS[variable_type(one)](default):
            raise BadRequest(
                f"The default value of variable '{name}' is not of type {kind}: {default!r}.", target=target
            )


def variable_type(declared: Json) -> str:
    return _VARIABLE_TYPES[str(declared["type"]).lower()]


def resolve(owner: str, declared: Json, given: Json) -> Json:
    """The value of every declared parameter, typed: given, else the default. Raises `BadRequest`.

    Names are compared without regard to case, as the expression language does.
    """
    names = {name.lower(): name for name in declared}
    unknown = ",".join(f"'{name}'" for name in sorted(given) if name.lower() not in names)
    if unknown:
        raise BadRequest(f"The {owner} has no parameter {unknown}.", target=owner)
    values = {names[name.lower()]: value for name, value in given.items()}
    return {name: _value(owner, name, one, values) for name, one in declared.items()}


def _value(owner: str, name: str, declared: Json, values: Json) -> JsonValue:
    if name not in values and "defaultValue" not in declared:
        raise BadRequest(
            f"The {owner} needs a value for parameter '{name}': none was given, and it has no default.",
            target=owner,
        )
    value = values[name] if name in values else declared["defaultValue"]
    return coerce(name, normal_type(declared.get("type"), name, owner), value, owner)


def coerce(name: str, kind: str, value: JsonValue, target: str) -> JsonValue:
    """`value` as `kind`; text is read as JSON where a number, boolean, array or object is wanted."""
    if value is None:
        return None
    if isinstance(value, str) and kind not in ("String", "SecureString"):
        value = _from_text(value)
    if not _ACCEPTS[kind](value):
        raise BadRequest(f"The value of parameter '{name}' is not of type {kind}: {value!r}.", target=target)
    return value


def wire_text(value: JsonValue) -> str:
    """A parameter's value in a run: always text; arrays and objects as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value)
    return "" if value is None else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _from_text(text: str) -> JsonValue:
    try:
        return json.loads(text.lower() if text.lower() in ("true", "false") else text)
    except ValueError:
        return text


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_ACCEPTS: dict[str, Callable[[Any], bool]] = {
    "String": lambda value: isinstance(value, str),
    "SecureString": lambda value: (
        isinstance(value, str) or (isinstance(value, dict) and value.get("type") == "SecureString")
    ),
    "Int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "Float": _is_number,
    "Bool": lambda value: isinstance(value, bool),
    "Array": lambda value: isinstance(value, list),
    "Object": lambda value: isinstance(value, dict | list),
}
