"""Bodies held against schema.json, the shapes that Azure's own SDK describes, and what is wrong in words.

Only what schema_from_sdk.py writes is understood here; a test holds it against a complete JSON schema
validator.
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
    from adf.entities import Kind

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
    _check(definitions()[kind], body, "", found)
    return found


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
