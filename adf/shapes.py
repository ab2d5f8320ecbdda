"""What in the body of a foreign entity contradicts the shapes that we know.

`schema` refuses what we do not generate; here, what we do not know is not judged. A kind of activity, linked
service … without a shape of its own is held against what all known kinds have in common; an enumeration takes
any case, as Studio writes `string` and the API `String`; a key that nobody knows is a problem only where it
looks like a misspelt one.

What contradicts its shape is taken out of the body, so that the checks look at the rest and can rely on the
types of what is left.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from adf.entities import Unresolved
from adf.expressions import is_expression
from adf.problems import inside
from adf.schema import definitions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adf.entities import Kind

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
}
_NEARLY: Final = 0.85
_NEARLY_A_KIND: Final = 0.9
_OF_A_KIND: Final = frozenset({"type", "typeProperties"})
_MAY_WAIT: Final = frozenset({"pipeline"})
"""A tumbling window trigger that stays stopped needs none; of one that is started, `schedules` says it."""
_SCALARS: Final = ("string", "boolean", "integer", "number")
_WORD: Final = {"type": "string"}
_OBJECT: Final = {"type": "object"}
_GONE: Final = object()


class Wrong(NamedTuple):
    rule: str
    path: str
    message: str
    hint: str | None = None


def cleaned(kind: Kind, properties: dict[str, Any]) -> tuple[dict[str, Any], list[Wrong]]:
    """The properties without what contradicts their shape, and what was wrong with that."""
    wrong: list[Wrong] = []
    body = _clean(definitions()[kind], properties, "", wrong)
    return body if isinstance(body, dict) else {}, wrong


def _clean(schema: Any, value: object, path: str, wrong: list[Wrong]) -> object:  # noqa: ANN401 - JSON
    """The value as far as it has its shape; `_GONE` where nothing of it has."""
    match schema:
        case bool():
            return value
        case {"$ref": reference}:
            return _clean_shape(definitions()[reference.rpartition("/")[2]], value, path, wrong)
        case {"anyOf": members}:
            return _clean_kind(members, value, path, wrong)
        case {"enum": known}:
            return _clean_word(known, value, path, wrong)
        case {"type": expected} if not _is(expected, value):
            return _refused(expected, value, path, wrong)
    return _clean_inside(schema, value, path, wrong)


def _clean_inside(schema: Any, value: Any, path: str, wrong: list[Wrong]) -> object:  # noqa: ANN401 - JSON
    match schema:
        case {"type": "array", "items": items}:
            return _clean_items(items, value, path, wrong)
        case {"type": "object"}:
            return _clean_keys(schema, value, path, wrong)
    return value


def _clean_shape(shape: dict[str, Any], value: object, path: str, wrong: list[Wrong]) -> object:
    """Of the only kind that we know; another one by what is around its typeProperties, if it has such."""
    if not _is_other_kind(shape, value):
        return _clean(shape, value, path, wrong)
    return _clean(_common([shape]), value, path, wrong) if _has_properties(shape) else value


def _is(expected: str, value: object) -> bool:
    if isinstance(value, bool):
        return expected == "boolean"
    if isinstance(value, float) and expected == "integer":
        return value.is_integer()
    return isinstance(value, _TYPES[expected]) and not (
        isinstance(value, Unresolved) and expected != "string"
    )


def _clean_word(known: list[str], value: object, path: str, wrong: list[Wrong]) -> object:
    if isinstance(value, str) and value.casefold() in {word.casefold() for word in known}:
        return value
    return _refused(f"one of {', '.join(known)}", value, path, wrong)


def _refused(expected: str, value: object, path: str, wrong: list[Wrong]) -> object:
    """What cannot stand there. null is as if the key were absent; an ARM expression may become anything."""
    if value is None or isinstance(value, Unresolved):
        return _GONE
    article = "" if expected.startswith("one of") else "an " if expected[0] in "aio" else "a "
    if is_expression(value):
        wrong.append(Wrong("ADF407", path, f"is an expression, expected {article}{expected}"))
    else:
        wrong.append(Wrong("ADF103", path, f"is {_shown(value)}, expected {article}{expected}"))
    return _GONE


def _shown(value: object) -> str:
    """Enough to know it by."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _clean_items(items: Any, value: Any, path: str, wrong: list[Wrong]) -> list[object]:  # noqa: ANN401 - JSON
    """An object that is taken out leaves an empty one: the paths of those behind it stay right."""
    clean = [_clean(items, item, inside(path, index), wrong) for index, item in enumerate(value)]
    if items is True or items.get("type") in _SCALARS or "enum" in items:
        return [item for item in clean if item is not _GONE]
    return [{} if item is _GONE else item for item in clean]


def _clean_keys(schema: dict[str, Any], value: Any, path: str, wrong: list[Wrong]) -> dict[str, object]:  # noqa: ANN401
    shapes = schema.get("properties", {})
    required = set(schema.get("required", [])) - _MAY_WAIT
    missing = [key for key in sorted(required) if value.get(key) is None]
    wrong.extend(Wrong("ADF103", path, f"{key!r} is missing") for key in missing)
    if shapes and "open" not in schema:
        wrong.extend(_misspelt(shapes, value, path))
    clean = {
        key: _clean(
            shapes.get(key, schema.get("additionalProperties") or True), item, inside(path, key), wrong
        )
        for key, item in value.items()
    }
    return {key: item for key, item in clean.items() if item is not _GONE}


def _misspelt(shapes: dict[str, Any], value: dict[str, Any], path: str) -> Iterator[Wrong]:
    folded = {known.casefold(): known for known in shapes if known not in value}
    for key in value.keys() - shapes.keys():
        if near := get_close_matches(key.casefold(), list(folded), n=1, cutoff=_NEARLY):
            yield Wrong("ADF104", inside(path, key), "is unknown here", f"did you mean {folded[near[0]]!r}?")


def _clean_kind(members: list[Any], value: object, path: str, wrong: list[Wrong]) -> object:
    """By the shape of its `type`; one that has none here, by what the shapes have in common."""
    shapes = _by_type(members)
    found = value.get("type") if isinstance(value, dict) else None
    if isinstance(value, dict) and found is None:
        wrong.append(Wrong("ADF103", path, "'type' is missing"))
    folded = {known.casefold(): shape for known, shape in shapes.items()}
    name = found.casefold() if isinstance(found, str) else ""
    if name in folded:
        return _clean(folded[name], value, path, wrong)
    if near := get_close_matches(name, list(folded), n=1, cutoff=_NEARLY_A_KIND):
        meant = next(known for known in shapes if known.casefold() == near[0])
        wrong.append(Wrong("ADF103", inside(path, "type"), f"is {found!r}", f"did you mean {meant!r}?"))
    return _clean(_common(list(shapes.values())), value, path, wrong)


def _by_type(members: list[Any]) -> dict[str, Any]:
    found = [definitions()[member["$ref"].rpartition("/")[2]] for member in members]
    return {known: shape for shape in found for known in shape["properties"]["type"]["enum"]}


def _is_other_kind(shape: dict[str, Any], value: object) -> bool:
    """Whether the one kind that we know is not the value's."""
    words = shape.get("properties", {}).get("type", {}).get("enum", [])
    found = value.get("type") if isinstance(value, dict) else None
    return bool(words) and isinstance(found, str) and found not in words


@cache
def _containing() -> dict[str, Any]:
    """The typeProperties of an activity, which may contain others."""
    inner = definitions()["Pipeline"]["properties"]["activities"]
    case = {"type": "object", "properties": {"activities": inner}, "open": True}
    keys = ("activities", "ifTrueActivities", "ifFalseActivities", "defaultActivities")
    branches = dict.fromkeys(keys, inner) | {"cases": {"type": "array", "items": case}}
    return {"type": "object", "properties": branches, "open": True}


def _has_properties(shape: dict[str, Any]) -> bool:
    """Entities and activities: around their typeProperties all kinds are alike."""
    return "typeProperties" in shape["properties"]


def _common(shapes: list[Any]) -> dict[str, Any]:
    """What all shapes say of a key that have it, where they say the same."""
    said: dict[str, list[Any]] = {}
    for shape in shapes:
        for key, value in shape["properties"].items():
            said.setdefault(key, []).append(value)
    agreed = {key: values[0] for key, values in said.items() if all(each == values[0] for each in values)}
    required = set.intersection(*(set(shape["required"]) for shape in shapes)) - _OF_A_KIND
    properties = {key: value for key, value in agreed.items() if key not in _OF_A_KIND}
    properties |= {"type": _WORD, "typeProperties": _containing() if "dependsOn" in agreed else _OBJECT}
    return {"type": "object", "properties": properties, "required": sorted(required), "open": True}
