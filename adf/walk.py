"""Walking through a body: its activities, references and expressions, each with the path that leads to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from adf.entities import Unresolved
from adf.problems import inside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from adf.entities import Kind

Activity = dict[str, Any]


REFERENCE_KINDS: Final[dict[str, Kind]] = {
    "LinkedServiceReference": "linked_service",
    "DatasetReference": "dataset",
    "PipelineReference": "pipeline",
    "TriggerReference": "trigger",
}


class Scope(NamedTuple):
    """Activities that stand beside each other, and so may depend on each other; `outer` is around them."""

    path: str
    activities: list[Activity]
    outer: Activity | None


def scopes(properties: Mapping[str, Any]) -> Iterator[Scope]:
    """A pipeline's own activities, then those inside of each that contains others."""
    yield from _scopes("activities", properties.get("activities") or [], None)


def _scopes(path: str, activities: list[Activity], outer: Activity | None) -> Iterator[Scope]:
    yield Scope(path, activities, outer)
    for index, activity in enumerate(activities):
        for key, inner in _branches(properties_of(activity)):
            if inner:
                yield from _scopes(f"{path}[{index}].typeProperties.{key}", inner, activity)


_BRANCHES: Final = ("ifTrueActivities", "ifFalseActivities", "activities", "defaultActivities")
_BRANCHING: Final = frozenset({*_BRANCHES, "cases"})


def _branches(type_properties: Mapping[str, Any]) -> Iterator[tuple[str, list[Activity]]]:
    if _BRANCHING.isdisjoint(type_properties):
        return
    for key in _BRANCHES:
        yield key, _objects(type_properties.get(key))
    for index, case in enumerate(_objects(type_properties.get("cases"))):
        yield f"cases[{index}].activities", _objects(case.get("activities"))


def _objects(value: object) -> list[dict[str, Any]]:
    """A list of objects; anything else, in a body that nobody has held against a schema, is none."""
    return value if isinstance(value, list) and all(isinstance(each, dict) for each in value) else []


def activities(properties: Mapping[str, Any]) -> Iterator[tuple[str, Activity]]:
    """All activities of a pipeline, however deep, outer ones first."""
    for scope in scopes(properties):
        for index, activity in enumerate(scope.activities):
            yield inside(scope.path, index), activity


def inner_activities(activity: Activity) -> Iterator[Activity]:
    """All activities inside of one, however deep."""
    for _, inner in _branches(properties_of(activity)):
        for each in inner:
            yield each
            yield from inner_activities(each)


def properties_of(activity: Mapping[str, Any]) -> dict[str, Any]:
    """Its typeProperties; empty where it has none."""
    found = activity.get("typeProperties")
    return found if isinstance(found, dict) else {}


def references(body: object, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object that refers to an entity: `{"referenceName": …, "type": "…Reference"}`."""
    for below, value in _values(body, path):
        if isinstance(value, dict) and "referenceName" in value:
            yield below, value


def texts(body: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string that Data Factory may evaluate: those with an `@`."""
    for below, value in _values(body, path, told=False):
        if isinstance(value, str) and not isinstance(value, Unresolved):
            yield below, value


_DESCRIBED: Final = frozenset({"activities", "typeProperties"})
"""What has one of these is an entity or an activity, …"""
_TOLD: Final = frozenset({"annotations", "dependsOn", "description", "folder", "name", "type"})
"""… and tells these to people: no expressions."""


def _values(body: object, path: str, *, told: bool = True) -> Iterator[tuple[str, object]]:
    """The objects, lists and texts with an `@` in a body, itself among them, each before its own parts and
    in order; without what entities and activities tell to people where that is not wanted.

    A loop, not a recursion, and nothing else is looked at twice: a plan of a thousand models asks for this
    some ten thousand times.
    """
    waiting = [(path, body)] if _matters(body) else []
    while waiting:
        path, value = waiting.pop()
        yield path, value
        if isinstance(value, dict):
            dot = f"{path}." if path else ""
            left_out = frozenset() if told or _DESCRIBED.isdisjoint(value) else _TOLD
            parts = [(dot + key, part) for key, part in value.items() if key not in left_out]
        elif isinstance(value, list):
            parts = [(f"{path}[{index}]", part) for index, part in enumerate(value)]
        else:
            continue
        waiting += [each for each in reversed(parts) if _matters(each[1])]


def _matters(value: object) -> bool:
    return "@" in value if isinstance(value, str) else isinstance(value, dict | list)
