"""Walking through a body: its activities, references and expressions, each with the path that leads to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

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
        below = inside(path, index) + ".typeProperties"
        for key, inner in _branches(activity.get("typeProperties", {})):
            yield from _scopes(f"{below}.{key}", inner, activity)


def _branches(type_properties: Mapping[str, Any]) -> Iterator[tuple[str, list[Activity]]]:
    for key in ("ifTrueActivities", "ifFalseActivities", "activities", "defaultActivities"):
        if type_properties.get(key):
            yield key, type_properties[key]
    for index, case in enumerate(type_properties.get("cases") or []):
        yield f"cases[{index}].activities", case.get("activities") or []


def activities(properties: Mapping[str, Any]) -> Iterator[tuple[str, Activity]]:
    """All activities of a pipeline, however deep, outer ones first."""
    for scope in scopes(properties):
        for index, activity in enumerate(scope.activities):
            yield inside(scope.path, index), activity


def references(body: object, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object that refers to an entity: `{"referenceName": …, "type": "…Reference"}`."""
    for below, value in _values(body, path):
        if isinstance(value, dict) and "referenceName" in value:
            yield below, value


def texts(body: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string that Data Factory may evaluate: those with an `@`."""
    for below, value in _values(body, path):
        if isinstance(value, str) and "@" in value:
            yield below, value


def _values(body: object, path: str) -> Iterator[tuple[str, object]]:
    """The body and all that is inside of it, each before its own parts and in order.

    A loop, not a recursion: half of the time that a plan of a thousand models takes would be generators that
    hand on what others found.
    """
    waiting = [(path, body)]
    while waiting:
        path, value = waiting.pop()
        yield path, value
        if isinstance(value, dict):
            dot = f"{path}." if path else ""
            waiting.extend((dot + key, value[key]) for key in reversed(value))
        elif isinstance(value, list):
            waiting.extend((f"{path}[{index}]", value[index]) for index in reversed(range(len(value))))
