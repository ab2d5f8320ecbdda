from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from adf.entities import Unresolved
from adf.expressions import is_expression
from adf.problems import Problem, inside
from adf.walk import properties_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from adf.walk import Walked

_WINDOW = re.compile(r"\btrigger\s*\(\s*\)[^@]*?\bwindow(?:Start|End)Time\b", re.IGNORECASE)
_OF_ACTIVITIES: Final = {
    "ForEach": ("isSequential", "batchCount"),
    "ExecutePipeline": ("waitOnCompletion",),
    "SetVariable": ("variableName",),
    "AppendVariable": ("variableName",),
    "WebActivity": ("method",),
}
_OF_POLICIES: Final = ("retryIntervalInSeconds", "secureInput", "secureOutput")
_OBJECTS: Final = {"IfCondition": "expression", "Until": "expression", "ForEach": "items"}


def check(bodies: Sequence[Walked]) -> Iterator[Problem]:
    """Expressions stand where Data Factory evaluates them, in the form that it asks for there."""
    for body in bodies:
        entity = body.entity
        for path, key, value in _never(body):
            if is_expression(value) and not isinstance(value, Unresolved):
                message = "is an expression, and none is evaluated here"
                yield Problem("ADF407", str(entity), inside(path, key), message)
        if entity.kind == "pipeline":
            yield from _bare(body)
        if entity.kind == "trigger" and entity.properties.get("type") != "TumblingWindowTrigger":
            yield from _windows(body)


def _never(body: Walked) -> Iterator[tuple[str, str | int, object]]:
    """All that is taken as it stands, but for names in references: path, key below it, and value."""
    entity = body.entity
    if entity.kind == "trigger" and "@" in repr(entity.properties.get("typeProperties")):
        yield from _strings("", "typeProperties", entity.properties["typeProperties"])
    if entity.kind == "pipeline":
        yield "", "concurrency", entity.properties.get("concurrency")
        for path, activity in body.activities:
            yield path, "name", activity.get("name")
            yield from _said(f"{path}.policy", activity.get("policy") or {}, _OF_POLICIES)
        for path, activity in body.of_type(*_OF_ACTIVITIES):
            keys = _OF_ACTIVITIES[activity["type"]]
            yield from _said(f"{path}.typeProperties", properties_of(activity), keys)


def _said(path: str, said: Mapping[str, object], keys: Sequence[str]) -> Iterator[tuple[str, str, object]]:
    """Hardly ever more than true, false and a number."""
    return ((path, key, said[key]) for key in keys if isinstance(said.get(key), str | dict))


def _strings(path: str, key: str | int, body: object) -> Iterator[tuple[str, str | int, object]]:
    match body:
        case {"referenceName": _}:
            return  # as any reference
        case dict():
            for name, value in body.items():
                yield from _strings(inside(path, key), name, value)
        case list():
            for index, value in enumerate(body):
                yield from _strings(inside(path, key), index, value)
        case _:
            yield path, key, body


def _bare(pipeline: Walked) -> Iterator[Problem]:
    for path, activity in pipeline.of_type(*_OBJECTS):
        key = _OBJECTS[activity["type"]]
        value: Any = properties_of(activity).get(key)
        if isinstance(value, str) and not isinstance(value, Unresolved):
            place = f"{path}.typeProperties.{key}"
            yield Problem(
                "ADF408", str(pipeline.entity), place, "is a bare string, expected an Expression object"
            )


def _windows(trigger: Walked) -> Iterator[Problem]:
    kind = trigger.entity.properties.get("type")
    for path, text in trigger.texts:
        if _WINDOW.search(text):
            message = f"a {kind} has no windows: the run fails, or gets an empty value"
            yield Problem("ADF410", str(trigger.entity), path, message)
