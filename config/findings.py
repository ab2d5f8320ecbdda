"""pydantic's findings, said again as repair instructions: file, line, key, found, expected, nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args, get_origin

from pydantic import BaseModel

from config.documents import yaml_1_1_boolean
from config.errors import Problem, Where
from config.schema import Settings
from config.wrong import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from config.documents import Document, Key

PATTERNS: Final = {
    r"^[a-z][a-z0-9_]{1,29}$": "2 to 30 small letters, digits and _, a letter first",
    r"^[a-z0-9][a-z0-9-]{1,39}$": "2 to 40 small letters, digits and dashes, no dash first",
    r"^[a-z][a-z0-9_]{0,39}$": "1 to 40 small letters, digits and _, a letter first",
    r"^(approved|latest|[1-9][0-9]*)$": "`approved`, `latest` or the number of a version",
    r"^(approved|[1-9][0-9]*)$": "`approved` or the number of a version",
}
"""The patterns of config/schema.py in words."""

SCALARS: Final = {"str": "string_type", "int": "int_type", "float": "float_type", "bool": "bool_type"}
"""The members of a union of scalars, and what pydantic finds where a value is none of them."""


class At:
    """Every value whose dotted key fits a pattern, where `*` is any one key; `""` is all of them.

    What patterns begin with is looked for once, as long as nothing in `values` changes.
    """

    def __init__(self, values: Any) -> None:  # noqa: ANN401
        self._found: dict[str, list[tuple[Key, Any]]] = {"": [((), values)]}

    def __call__(self, pattern: str) -> list[tuple[Key, Any]]:
        if pattern not in self._found:
            around, _, part = pattern.rpartition(".")
            self._found[pattern] = list(_within(self(around), part))
        return self._found[pattern]


def _within(found: list[tuple[Key, Any]], part: str) -> Iterator[tuple[Key, Any]]:
    for key, value in found:
        if isinstance(value, dict):
            if part == "*":
                yield from (((*key, name), each) for name, each in value.items())
            elif part in value:
                yield (*key, part), value[part]


def nearest_position(positions: Mapping[Key, Where], key: Key) -> Where:
    """Where the key stands; where it is absent, the map that should hold it."""
    for length in range(len(key), -1, -1):
        if key[:length] in positions:
            return positions[key[:length]]
    return Where("config")


def translate(error: ValidationError, document: Document) -> Iterator[Problem]:
    for found in error.errors():
        if _is_of_scalar(found):
            key, _ = _walk(found["loc"][:-1], document.values)
            where = nearest_position(document.where, key)
            yield Problem(where, ".".join(key), _shown(found["input"]), "a text, a number, true or false")
            continue
        key, models = _walk(found["loc"], document.values)
        if key == ("environment",):
            continue
        finding, expected, meant = _words(found, key, models)
        yield Problem(nearest_position(document.where, key), ".".join(key), finding, expected, meant)


def _is_of_scalar(found: ErrorDetails) -> bool:
    """One of four findings about a list or a map in a scalar's place: pydantic tries each kind of scalar."""
    kind = str(found["loc"][-1])
    return kind in SCALARS and found["type"] == SCALARS[kind] and isinstance(found["input"], list | dict)


def _walk(location: tuple[int | str, ...], values: Any) -> tuple[Key, list[type[BaseModel]]]:  # noqa: ANN401
    """The location as a key (without union members' names), and the models that may hold its last part."""
    key: list[str] = []
    holders: list[type[BaseModel]] = [Settings]
    inside: list[Any] = [Settings]
    for part in location:
        if isinstance(values, dict | list) and not _has(values, part) and part != location[-1]:
            inside = [one for one in inside if _is_member(one, str(part))] or inside
            continue
        holders = [one for one in inside if isinstance(one, type) and issubclass(one, BaseModel)]
        inside = [inner for one in inside for inner in _inner(one, str(part))]
        key.append(str(part))
        values = values[part] if _has(values, part) else None
    return tuple(key), holders


def _has(values: Any, part: int | str) -> bool:  # noqa: ANN401
    if isinstance(values, list):
        return isinstance(part, int) and part < len(values)
    return isinstance(values, dict) and part in values


def _is_member(annotation: Any, tag: str) -> bool:  # noqa: ANN401
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return False
    field = annotation.model_fields.get("type")
    return field is not None and tag in get_args(field.annotation)


def _inner(annotation: Any, part: str) -> Iterator[Any]:  # noqa: ANN401
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(part)
        if field is not None:
            yield from _members(field.annotation)
    elif get_origin(annotation) in (dict, list):
        yield from _members(get_args(annotation)[-1])


def _members(annotation: Any) -> Iterator[Any]:  # noqa: ANN401
    """The members of a union, or the annotation itself (Annotated is looked through)."""
    if get_origin(annotation) in (dict, list) or isinstance(annotation, type):
        yield annotation
    else:
        for member in get_args(annotation):
            if member is not type(None) and not hasattr(member, "discriminator"):
                yield from _members(member)


def _words(  # noqa: PLR0911 - one line an error type
    found: ErrorDetails, key: Key, models: list[type[BaseModel]]
) -> tuple[str, str, str | None]:
    context: Mapping[str, Any] = found.get("ctx", {})
    given = found["input"]
    match found["type"]:
        case "extra_forbidden":
            known = sorted({name for model in models for name in _keys(model)} - {"environment"})
            return "an unknown key", f"one of {', '.join(known)}", nearest(key[-1], known)
        case "missing":
            return "nothing", f"`{key[-1]}`: it has no default", None
        case "literal_error":
            choices = [str(choice) for model in models for choice in _choices(model, key[-1])]
            return _shown(given), str(context.get("expected")), nearest(str(given), choices)
        case "union_tag_not_found":
            return "no `type`", "`type: calendar`, `type: tumbling` or `type: event`", None
        case "union_tag_invalid":
            tags = str(context.get("expected_tags", "")).replace("'", "")
            return (
                f"type `{context.get('tag')}`",
                f"one of {tags}",
                nearest(str(context.get("tag")), tags.split(", ")),
            )
        case "model_type" | "model_attributes_type" | "dict_type":
            return _shown(given), "a map of `key: value` lines", None
        case "list_type":
            return _shown(given), "a list", None
        case "string_pattern_mismatch":
            pattern = str(context.get("pattern"))
            return _shown(given), PATTERNS.get(pattern, f"what {pattern} matches"), None
        case "bool_type" | "bool_parsing":
            return _shown(given), "true or false", yaml_1_1_boolean(str(given))
        case _:
            return _shown(given), _expected(found), None


def _keys(model: type[BaseModel]) -> Iterator[str]:
    """The fields as files spell them: `from` is no name in Python."""
    return (field.alias or name for name, field in model.model_fields.items())


def _choices(model: type[BaseModel], key: str) -> tuple[Any, ...]:
    field = model.model_fields.get(key)
    return () if field is None else get_args(field.annotation)


def _expected(found: ErrorDetails) -> str:
    """What pydantic says without its preamble: `Input should be greater than 1` → `greater than 1`."""
    message = found["msg"]
    for preamble in ("Input should be a valid ", "Input should be ", "Value error, ", "String should "):
        if message.startswith(preamble):
            rest = message.removeprefix(preamble)
            article = "an" if rest[0] in "aeiou" else "a"
            return f"{article} {rest}" if preamble.endswith("valid ") else rest
    return message


def _shown(value: Any) -> str:  # noqa: ANN401
    match value:
        case dict():
            return "a map"
        case list():
            return "a list"
        case None:
            return "nothing"
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            return f"the text `{value if len(value) <= 60 else value[:57] + '...'}`"
        case _:
            return f"`{value}`"
