"""Expressions inside a body: all must parse, call known functions, and name what is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adf.language import LanguageError, References, named
from sandbox.datafactory.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.datafactory.models import JsonValue


def expressions(value: JsonValue, target: str) -> Iterator[References]:
    """What every expression inside `value` names; one that the service could not parse is refused."""
    for text in _texts(value):
        try:
            yield named(text)
        except LanguageError as error:
            raise BadRequest(f"ErrorCode=InvalidTemplate, ErrorMessage={error}", target=target) from error


def named_parameters(value: JsonValue, accessor: str) -> list[str]:
    """The parameters that expressions read of `dataset()` or `linkedService()`, each once."""
    names: dict[str, None] = {}
    for one in expressions(value, accessor):
        for owner, name in one.properties:
            if owner.lower() == accessor.lower() and name != "*":
                names[name] = None
    return list(names)


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        if "@" in value:
            yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
