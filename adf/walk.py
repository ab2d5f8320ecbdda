"""Walking through a body: its activities, references and expressions, each with the path that leads to it.

What checks a whole factory asks for them again and again: it walks through each body once, and keeps what it
found (`Walked`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from adf.entities import EndpointId, EndpointVersion, StartAtCreation, Unresolved
from adf.problems import inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from adf.entities import Entity, Kind

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
    return _activities(scopes(properties))


def _activities(found: Iterable[Scope]) -> Iterator[tuple[str, Activity]]:
    for scope in found:
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


def references(body: object) -> list[tuple[str, dict[str, Any]]]:
    """Every object that refers to an entity: `{"referenceName": …, "type": "…Reference"}`."""
    return _found(body)[0]


@dataclass(frozen=True)
class Walked:
    """An entity, and what checks look for in it, in order; all paths lead from its properties."""

    entity: Entity
    scopes: list[Scope]
    activities: list[tuple[str, Activity]]
    """Of a pipeline, however deep, outer ones first."""
    references: list[tuple[str, dict[str, Any]]]
    texts: list[tuple[str, str]]
    """Every string that Data Factory may evaluate: those with an `@`."""
    json: str
    """The properties, in ASCII; what Azure ML has not told yet is as long as it will be."""
    types: frozenset[str]
    """Of its activities."""
    orders: list[str]
    """Of each scope, which activity waits for which, as JSON: a thousand pipelines have a few."""

    @classmethod
    def through(cls, entity: Entity) -> Walked:
        properties = entity.properties
        found = list(scopes(properties)) if entity.kind == "pipeline" else []
        met = list(_activities(found))
        types = frozenset(str(activity.get("type")) for _, activity in met)
        orders = [_order(scope) for scope in found]
        return cls(entity, found, met, *_found(properties), _JSON.encode(properties), types, orders)

    def of_type(self, *types: str) -> list[tuple[str, Activity]]:
        """Its activities of these types, in order."""
        if self.types.isdisjoint(types):
            return []
        return [found for found in self.activities if found[1].get("type") in types]

    def outer(self) -> Iterator[tuple[str, Activity]]:
        """Its activities that others are inside of, in order."""
        if len(self.scopes) > 1:
            around = {id(scope.outer) for scope in self.scopes}
            yield from (found for found in self.activities if id(found[1]) in around)


def _order(scope: Scope) -> str:
    return json.dumps([[each.get("name"), each.get("dependsOn") or []] for each in scope.activities])


def _placeholder(value: object) -> str:
    if isinstance(value, EndpointId | EndpointVersion):
        return "0" * _ID_LENGTH
    if isinstance(value, StartAtCreation):
        return str(value)
    raise TypeError(f"{value!r} in a body is neither JSON nor a placeholder")


_ID_LENGTH: Final = 36
_JSON: Final = json.JSONEncoder(default=_placeholder, check_circular=False)


_CONTAINERS: Final = (dict, list)
_DESCRIBED: Final = frozenset({"activities", "typeProperties"})
"""What has one of these is an entity or an activity, …"""
_TOLD: Final = frozenset({"annotations", "dependsOn", "description", "folder", "name", "type"})
"""… and tells these to people: no expressions."""


def _found(body: object) -> tuple[list[tuple[str, dict[str, Any]]], list[tuple[str, str]]]:
    """References and texts, each before what it contains and in order.

    A loop, not a recursion, and nothing else is looked at twice: a plan of a thousand models comes here some
    four thousand times.
    """
    references: list[tuple[str, dict[str, Any]]] = []
    texts: list[tuple[str, str]] = []
    waiting: list[tuple[str, Any, bool]] = [("", body, False)]
    while waiting:
        path, value, told = waiting.pop()
        if isinstance(value, dict):
            if "referenceName" in value:
                references.append((path, value))
            dot = f"{path}." if path else ""
            describes = not _DESCRIBED.isdisjoint(value)
            for key in reversed(value):
                part = value[key]
                if isinstance(part, _CONTAINERS) or (isinstance(part, str) and "@" in part):
                    waiting.append((dot + key, part, told or (describes and key in _TOLD)))
        elif isinstance(value, list):
            for index in range(len(value) - 1, -1, -1):
                part = value[index]
                if isinstance(part, _CONTAINERS) or (isinstance(part, str) and "@" in part):
                    waiting.append((f"{path}[{index}]", part, told))
        elif not told and not isinstance(value, Unresolved):
            texts.append((path, value))
    return references, texts
