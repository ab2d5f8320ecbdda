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
    from collections.abc import Iterator

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


def wrong_in(kind: Kind, body: object) -> Iterator[Wrong]:
    """Everything in which an entity's properties differ from the schema of its kind."""
    yield from _wrong(definitions()[kind], body, "")


def _wrong(schema: Any, value: object, path: str) -> Iterator[Wrong]:  # noqa: ANN401 - JSON
    match schema:
        case True:
            return
        case False:
            yield path, "is nothing that we generate", None
        case {"$ref": reference}:
            yield from _wrong(definitions()[reference.rpartition("/")[2]], value, path)
        case {"anyOf": members}:
            yield from _wrong_in_kind(members, value, path)
        case {"enum": known}:
            if value not in known:
                yield path, f"is {value!r}, expected {_one_of(known)}", _meant(value, known)
        case {"type": expected} if not _is(expected, value):
            yield path, f"is {value!r}, expected {_article(expected)}", None
        case {"type": "array", "items": items}:
            yield from _wrong_items(items, cast("list[object]", value), path)
        case {"type": "object"}:
            yield from _wrong_keys(schema, cast("dict[str, object]", value), path)


def _wrong_items(items: Any, value: list[object], path: str) -> Iterator[Wrong]:  # noqa: ANN401 - JSON
    for index, item in enumerate(value):
        yield from _wrong(items, item, inside(path, index))


def _wrong_in_kind(members: list[Any], value: object, path: str) -> Iterator[Wrong]:
    """Of several shapes the one whose `type` the value has is meant."""
    shapes = [definitions()[member["$ref"].rpartition("/")[2]] for member in members]
    by_type = {known: shape for shape in shapes for known in shape["properties"]["type"]["enum"]}
    found = value.get("type") if isinstance(value, dict) else None
    if isinstance(found, str) and found in by_type:
        yield from _wrong(by_type[found], value, path)
    else:
        expected = _one_of(sorted(by_type))
        yield inside(path, "type"), f"is {found!r}, expected {expected}", _meant(found, list(by_type))


def _wrong_keys(schema: dict[str, Any], value: dict[str, object], path: str) -> Iterator[Wrong]:
    properties = schema.get("properties", {})
    for key in schema.get("required", []):
        if key not in value:
            yield path, f"{key!r} is missing", None
    for key, item in value.items():
        if key in properties:
            yield from _wrong(properties[key], item, inside(path, key))
        elif schema.get("additionalProperties") is False:
            yield inside(path, key), "is unknown here", _meant(key, list(properties))
        else:
            yield from _wrong(schema.get("additionalProperties", True), item, inside(path, key))


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
