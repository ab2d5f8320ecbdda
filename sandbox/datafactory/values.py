"""Values of JSON bodies, read with the refusal that names where they stand."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from sandbox.datafactory.errors import BadRequest

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json, JsonValue

_TIMESPAN = re.compile(r"^(-)?(?:(\d+)\.)?(\d\d):([0-5]\d):([0-5]\d)$")


@lru_cache(maxsize=1024)
def parse_timespan(text: str) -> timedelta:
    """`d.hh:mm:ss` or `hh:mm:ss`, possibly negative. Raises ValueError."""
    found = _TIMESPAN.match(text)
    if found is None or int(found[3]) > 23:
        raise ValueError(f"'{text}' is not a time span d.hh:mm:ss")
    span = timedelta(
        days=int(found[2] or 0), hours=int(found[3]), minutes=int(found[4]), seconds=int(found[5])
    )
    return -span if found[1] else span


def is_expression(value: JsonValue) -> bool:
    """An Expression object, or a string that the service evaluates."""
    if isinstance(value, dict):
        return value.get("type") == "Expression" and "value" in value
    return isinstance(value, str) and (
        (value.startswith("@") and not value.startswith("@@") and len(value) > 1) or "@{" in value
    )


def is_integer(value: JsonValue, lowest: int, highest: int | None = None) -> bool:
    return (
        isinstance(value, int)
        and not isinstance(value, bool)
        and value >= lowest
        and (highest is None or value <= highest)
    )


def require_object(value: JsonValue, what: str, target: str) -> Json:
    if not isinstance(value, dict):
        raise BadRequest(f"{what} must be an object.", target=target)
    return value


def require_list(value: JsonValue, what: str, target: str) -> list[JsonValue]:
    if not isinstance(value, list):
        raise BadRequest(f"{what} must be an array.", target=target)
    return value


def require_known(written: Json, fields: frozenset[str], what: str) -> None:
    """What is spelled wrong would be a question that nobody asked."""
    if unknown := sorted(written.keys() - fields):
        known = ", ".join(sorted(fields))
        raise BadRequest(
            f"{what} has the unknown field '{unknown[0]}'; it may have {known}.", target=unknown[0]
        )


def require_integer(
    value: JsonValue, what: str, target: str, lowest: int, highest: int | None = None
) -> None:
    if not is_integer(value, lowest, highest):
        bounds = f"at least {lowest}" if highest is None else f"{lowest} to {highest}"
        raise BadRequest(f"{what} must be an integer, {bounds}; found {value!r}.", target=target)


def require_timespan(value: JsonValue, what: str, target: str) -> timedelta:
    try:
        return parse_timespan(value if isinstance(value, str) else repr(value))
    except ValueError as error:
        raise BadRequest(f"{what}: {error}.", target=target) from error
