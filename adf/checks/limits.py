from __future__ import annotations

import json
from typing import TYPE_CHECKING

from adf.entities import EndpointId, EndpointVersion, StartAtCreation
from adf.problems import Problem
from adf.walk import activities
from adf.windows import WindowError, parse_timespan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adf.entities import Entity
    from adf.walk import Activity

ENTITIES = 5000
ACTIVITIES = 80
PARAMETERS = 50
USER_PROPERTIES = 5
KILOBYTES = {"linked_service": 100, "dataset": 100, "pipeline": 200, "trigger": 200}
ID_LENGTH = 36


def check(entities: Sequence[Entity]) -> Iterator[Problem]:
    """The service's documented limits, as of 2024: a deployment that exceeds one fails in the middle."""
    if len(entities) > ENTITIES:
        yield Problem("factory", "", f"{len(entities)} entities, more than a factory's {ENTITIES}")
    for entity in entities:
        size = len(json.dumps(entity.properties, default=_placeholder).encode()) / 1024
        if size > KILOBYTES[entity.kind]:
            limit = KILOBYTES[entity.kind]
            yield Problem(str(entity), "", f"has {size:.0f} KB, more than a {entity.kind}'s {limit}")
        if entity.kind == "pipeline":
            yield from _pipeline(entity)


def _placeholder(value: object) -> str:
    if isinstance(value, EndpointId | EndpointVersion):
        return "0" * ID_LENGTH
    if isinstance(value, StartAtCreation):
        return str(value)
    raise TypeError(f"{value!r} in a body is neither JSON nor a placeholder")


def _pipeline(pipeline: Entity) -> Iterator[Problem]:
    found = list(activities(pipeline.properties))
    if len(found) > ACTIVITIES:
        yield Problem(str(pipeline), "activities", f"{len(found)} activities, more than {ACTIVITIES}")
    if not found:
        yield Problem(str(pipeline), "activities", "a pipeline without activities")
    count = len(pipeline.properties.get("parameters") or {})
    if count > PARAMETERS:
        yield Problem(str(pipeline), "parameters", f"{count} parameters, more than {PARAMETERS}")
    for path, activity in found:
        yield from _activity(pipeline, path, activity)


def _activity(pipeline: Entity, path: str, activity: Activity) -> Iterator[Problem]:
    count = len(activity.get("userProperties") or [])
    if count > USER_PROPERTIES:
        message = f"{count} user properties, more than {USER_PROPERTIES}"
        yield Problem(str(pipeline), f"{path}.userProperties", message)
    policy = activity.get("policy") or {}
    if "timeout" in policy and not _is_possible(policy["timeout"]):
        message = f"a timeout of {policy['timeout']!r}, expected 10 minutes to 7 days as d.hh:mm:ss"
        yield Problem(str(pipeline), f"{path}.policy.timeout", message)
    interval = policy.get("retryIntervalInSeconds", 30)
    if not 30 <= interval <= 86400:
        message = f"{interval} seconds, expected 30 to 86400"
        yield Problem(str(pipeline), f"{path}.policy.retryIntervalInSeconds", message)


def _is_possible(timeout: object) -> bool:
    try:
        seconds = parse_timespan(str(timeout)).total_seconds()
    except WindowError:
        return False
    return 600 <= seconds <= 7 * 86400
