from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from adf.entities import Unresolved
from adf.expressions import is_expression
from adf.problems import Problem, inside
from adf.walk import properties_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
        for path, value in _never(body):
            if is_expression(value) and not isinstance(value, Unresolved):
                message = "is an expression, and none is evaluated here"
                yield Problem("ADF407", str(entity), path, message)
        if entity.kind == "pipeline":
            yield from _bare(body)
        if entity.kind == "trigger" and entity.properties.get("type") != "TumblingWindowTrigger":
            yield from _windows(body)


def _never(body: Walked) -> Iterator[tuple[str, object]]:
    """Path and value of everything that is taken as it stands, but for names in references."""
    entity = body.entity
    if entity.kind == "trigger":
        yield from _strings(entity.properties.get("typeProperties"), "typeProperties")
    if entity.kind == "pipeline":
        yield "concurrency", entity.properties.get("concurrency")
        for path, activity in body.activities:
            yield inside(path, "name"), activity.get("name")
            policy, said = activity.get("policy") or {}, properties_of(activity)
            yield from ((f"{path}.policy.{key}", policy.get(key)) for key in _OF_POLICIES)
            keys = _OF_ACTIVITIES.get(str(activity.get("type")), ())
            yield from ((f"{path}.typeProperties.{key}", said.get(key)) for key in keys)


def _strings(body: object, path: str) -> Iterator[tuple[str, object]]:
    match body:
        case {"referenceName": _}:
            return  # as any reference
        case dict():
            for key, value in body.items():
                yield from _strings(value, inside(path, key))
        case list():
            for index, value in enumerate(body):
                yield from _strings(value, inside(path, index))
        case _:
            yield path, body


def _bare(pipeline: Walked) -> Iterator[Problem]:
    for path, activity in pipeline.activities:
        key = _OBJECTS.get(str(activity.get("type")))
        value: Any = properties_of(activity).get(key) if key else None
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
