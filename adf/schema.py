"""Bodies held against schema.json, the shapes that Azure's own SDK describes, and what is wrong in words.

Only what schema_from_sdk.py writes is understood here; a test holds it against a complete JSON schema
validator. Nearly all bodies fit, so each schema is first made one function that says whether (`_fit`); only
what does not is walked through with the schema in hand, to say where and why (`_check`).
"""

from __future__ import annotations

import json
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from adf.entities import EndpointId, EndpointVersion, StartAtCreation
from adf.problems import inside

if TYPE_CHECKING:
    from collections.abc import Callable

    from adf.entities import Kind

    Fits = Callable[[object], bool]

Wrong = tuple[str, str, str | None]
"""Path, message, hint."""

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str, EndpointId, EndpointVersion, StartAtCreation),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
}


@cache
def definitions() -> dict[str, Any]:
    schema = json.loads(Path(__file__).with_name("schema.json").read_text())
    return cast("dict[str, Any]", schema["$defs"])


def wrong_in(kind: Kind, body: object) -> list[Wrong]:
    """Everything in which an entity's properties differ from the schema of its kind."""
    found: list[Wrong] = []
    if not _fit_of(kind)(body):
        _check(definitions()[kind], body, "", found)
    return found


# ------------------------------------------------------------------------------------------- whether


@cache
def _fit_of(name: str) -> Fits:
    return _fit(definitions()[name])


def _fit(schema: Any) -> Fits:  # noqa: ANN401, PLR0911 - JSON; a line a kind of schema
    match schema:
        case True:
            return _anything
        case False:
            return lambda _: False
        case {"$ref": reference}:
            name = reference.rpartition("/")[2]
            return lambda value: _fit_of(name)(value)  # noqa: PLW0108 - later: a shape may contain itself
        case {"anyOf": members}:
            return _fit_kind(tuple(member["$ref"] for member in members))
        case {"enum": list(words)}:
            return words.__contains__
        case {"type": "object"}:
            return _fit_keys(schema)
        case {"type": "array", "items": items}:
            fits = _fit(items)
            return lambda value: isinstance(value, list) and all(map(fits, value))
        case {"type": "integer" | "number" as expected}:
            return lambda value: _is(expected, value)
        case {"type": expected}:
            types = _TYPES[expected]  # which a boolean has by itself
            return lambda value: isinstance(value, types)
        case _:
            return _anything


def _anything(_: object) -> bool:
    return True


def _fit_kind(references: tuple[str, ...]) -> Fits:
    shapes = _shapes(references)
    fit_of = cache(lambda kind: _fit(shapes[kind]))

    def fits(value: object) -> bool:
        kind = value.get("type") if isinstance(value, dict) else None
        return isinstance(kind, str) and kind in shapes and bool(fit_of(kind)(value))

    return fits


def _fit_keys(schema: dict[str, Any]) -> Fits:
    known = {key: _fit(each) for key, each in schema.get("properties", {}).items()}
    others, required = _fit(schema.get("additionalProperties", True)), set(schema.get("required", ()))

    def fits(value: object) -> bool:
        if not isinstance(value, dict) or not required <= value.keys():
            return False
        for key, item in value.items():
            fits = known.get(key, others)
            if fits is not _anything and not fits(item):
                return False
        return True

    return fits


# ------------------------------------------------------------------------------------------- where and why


def _check(schema: Any, value: object, path: str, found: list[Wrong]) -> None:  # noqa: ANN401 - JSON
    if schema is True:
        return
    if schema is False:
        found.append((path, "is nothing that we generate", None))
    elif "$ref" in schema:
        _check(_referred(schema), value, path, found)
    elif "anyOf" in schema:
        _check_kind(schema["anyOf"], value, path, found)
    elif "enum" in schema:
        if value not in schema["enum"]:
            expected = _one_of(schema["enum"])
            found.append((path, f"is {value!r}, expected {expected}", _meant(value, schema["enum"])))
    elif "type" in schema:
        _check_type(schema, value, path, found)


def _check_type(schema: dict[str, Any], value: object, path: str, found: list[Wrong]) -> None:
    expected = schema["type"]
    if not _is(expected, value):
        found.append((path, f"is {value!r}, expected {_article(expected)}", None))
    elif expected == "object":
        _check_keys(schema, cast("dict[str, object]", value), path, found)
    elif expected == "array" and "items" in schema:
        for index, item in enumerate(cast("list[object]", value)):
            _check(schema["items"], item, f"{path}[{index}]", found)


def _check_kind(members: list[Any], value: object, path: str, found: list[Wrong]) -> None:
    """Of several shapes the one whose `type` the value has is meant."""
    by_type = _shapes(tuple(member["$ref"] for member in members))
    kind = value.get("type") if isinstance(value, dict) else None
    if isinstance(kind, str) and kind in by_type:
        _check(by_type[kind], value, path, found)
    else:
        message = f"is {kind!r}, expected {_one_of(sorted(by_type))}"
        found.append((inside(path, "type"), message, _meant(kind, list(by_type))))


def _referred(schema: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    return definitions()[schema["$ref"].rpartition("/")[2]]


@cache
def _shapes(references: tuple[str, ...]) -> dict[str, Any]:
    """`type` → the shape that has it."""
    shapes = [_referred({"$ref": reference}) for reference in references]
    return {known: shape for shape in shapes for known in shape["properties"]["type"]["enum"]}


def _check_keys(schema: dict[str, Any], value: dict[str, object], path: str, found: list[Wrong]) -> None:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    found += [(path, f"{key!r} is missing", None) for key in schema.get("required", []) if key not in value]
    dot = f"{path}." if path else ""
    for key, item in value.items():
        if key in properties:
            _check(properties[key], item, dot + key, found)
        elif others is False:
            found.append((dot + key, "is unknown here", _meant(key, list(properties))))
        else:
            _check(others, item, dot + key, found)


def _is(expected: str, value: object) -> bool:
    if isinstance(value, bool):
        return expected == "boolean"
    return isinstance(value, _TYPES[expected])


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aio" else f"a {kind}"


def _one_of(known: list[str]) -> str:
    return repr(known[0]) if len(known) == 1 else "one of " + ", ".join(known)


def _meant(found: object, known: list[str]) -> str | None:
    """The known word that was probably meant, whatever its case."""
    by_folded = {word.casefold(): word for word in known}
    nearest = get_close_matches(str(found).casefold(), list(by_folded), n=1)
    return f"did you mean {by_folded[nearest[0]]!r}?" if nearest else None
