"""Bodies as they mean, not as they are spelt.

Data Factory returns what was sent with read-only properties added, nulls and empty collections added or
dropped, types of parameters and ids of resources in another case and keys in another order; Studio writes an
expression as an object where we write a text, a duration with or without its days, an instant with a fraction
of zeros, and on a pipeline when it was published. Two bodies are the same when their canonical forms are
equal; canonicalising twice changes nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

READ_ONLY: Final = frozenset(
    {"runtimeState", "provisioningState", "systemData", "etag", "createTime", "lastPublishTime"}
)
"""Of an entity's own properties; the same words deeper down belong to the user."""
DURATIONS: Final = frozenset({"timeout", "delay", "duration", "httpRequestTimeout"})
"""Keys whose values are durations: `12:00:00` and `0.12:00:00` are the same."""
INSTANTS: Final = frozenset({"startTime", "endTime"})
"""Keys whose values are instants: `T06:00:00Z`, `T06:00:00.000Z` and `T06:00:00+00:00` are the same."""
SECRET: Final = "********"  # noqa: S105 - what is shown in a secret's place
ABSENT: Final = None
"""In a difference: there is no such property on this side. No canonical body holds a None of its own."""


@dataclass(frozen=True)
class Difference:
    """One property, by its path from `properties`: `activities[0].typeProperties.version`."""

    path: str
    before: Any
    after: Any

    def document(self) -> dict[str, Any]:
        return {"path": self.path, "before": self.before, "after": self.after}


def canonical(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical form of an entity's `properties`; plain JSON with sorted keys."""
    own = {key: value for key, value in properties.items() if key not in READ_ONLY}
    for section in ("parameters", "variables"):
        if isinstance(own.get(section), dict):
            own[section] = {name: _folded(value) for name, value in own[section].items()}
    result = _without_empty(own)
    annotations = result.get("annotations")
    if isinstance(annotations, list):
        result["annotations"] = sorted(annotations, key=str)
    return result


def _folded(declaration: Any) -> Any:  # noqa: ANN401 - any JSON
    """A parameter's declaration with its type in small letters: Studio writes `string`, the API `String`."""
    if isinstance(declaration, dict) and isinstance(declaration.get("type"), str):
        return {**declaration, "type": declaration["type"].lower()}
    return declaration


def _without_empty(body: Mapping[str, Any]) -> dict[str, Any]:
    result = {}
    for key in sorted(body):
        value = _canonical_value(body[key])
        if isinstance(value, str) and key in _SPELT:
            value = _SPELT[key](value)
        is_empty = value is None or (not value and isinstance(value, list | dict))
        if not is_empty and key != "encryptedCredential":
            result[key] = value
    if result.get("type") == "SecureString" and "value" in result:
        result["value"] = SECRET
    return result


def _canonical_value(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return value["value"] if _is_expression(value) else _without_empty(value)
    if isinstance(value, list):
        return [_canonical_value(item) for item in value]
    if isinstance(value, str) and value.startswith("/subscriptions/"):
        return value.lower()
    return value


def _is_expression(value: Mapping[str, Any]) -> bool:
    """`{"value": "@…", "type": "Expression"}`: it is evaluated like the text alone."""
    return (
        value.keys() == {"value", "type"}
        and value["type"] == "Expression"
        and isinstance(value["value"], str)
    )


def _duration(text: str) -> str:
    """`d.hh:mm:ss` without the days where there are none; an expression, or anything else, as it is."""
    found = _TIMESPAN.fullmatch(text)
    return text if found is None else found["time"] if not int(found["days"] or 0) else text


_TIMESPAN: Final = re.compile(r"((?P<days>\d+)\.)?(?P<time>\d\d:\d\d:\d\d)")


def _instant(text: str) -> str:
    """Whole seconds without a fraction, UTC as `Z`; anything else as it is."""
    found = _WHOLE_SECONDS.fullmatch(text)
    return text if found is None else found["seconds"] + ("Z" if found["utc"] else "")


_WHOLE_SECONDS: Final = re.compile(
    r"(?P<seconds>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.0+)?(?P<utc>Z|\+00:00)?", re.ASCII
)
_SPELT: Final[Mapping[str, Callable[[str], str]]] = dict.fromkeys(DURATIONS, _duration) | dict.fromkeys(
    INSTANTS, _instant
)


def differences(before: Any, after: Any, path: str = "") -> Iterator[Difference]:  # noqa: ANN401 - any JSON
    """What changes from one canonical body to another, in the order of their keys."""
    if before is after or (not path and repr(before) == repr(after)):  # `==` takes True for 1
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _list_differences(before, after, path)
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        yield Difference(path, before, after)


def _list_differences(before: list[Any], after: list[Any], path: str) -> Iterator[Difference]:
    """Items by name where all have one: `activities[score]` says more than `[3]`; one more is one."""
    old, new = _by_name(before), _by_name(after)
    if old is not None and new is not None:
        for name in {**old, **new}:
            yield from differences(old.get(name), new.get(name), f"{path}[{name}]")
        common = [[name for name in names if name in old and name in new] for names in (old, new)]
        if common[0] != common[1]:
            yield Difference(f"{path} (order)", *common)
    elif len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, other, f"{path}[{index}]")
    else:
        yield Difference(path, before, after)


def _by_name(items: list[Any]) -> dict[str, Any] | None:
    """The items by their unique names; None where they are no named things."""
    if not all(isinstance(item, dict) and isinstance(item.get("name"), str) for item in items):
        return None
    named = {item["name"]: item for item in items}
    return named if items and len(named) == len(items) else None
