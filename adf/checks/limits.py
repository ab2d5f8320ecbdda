from __future__ import annotations

from typing import TYPE_CHECKING

from adf.entities import Unresolved
from adf.problems import Problem
from adf.walk import inner_activities, properties_of
from adf.windows import WindowError, parse_timespan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adf.entities import Entity
    from adf.walk import Activity, Walked

ENTITIES = 5000
ACTIVITIES = 120
PARAMETERS = 50
USER_PROPERTIES = 5
KILOBYTES = {"linked_service": 100, "dataset": 100, "pipeline": 200, "trigger": 200}
LOOPS = ("ForEach", "Until")
CONTROL = {
    *("AppendVariable", "ExecutePipeline", "Fail", "Filter", "ForEach", "IfCondition", "SetVariable"),
    *("Switch", "Wait"),
}
"""Activities that have no timeout. Until and Validation have one of their own."""
OWN_TIMEOUT = ("Until", "Validation", "WebHook")


def check(bodies: Sequence[Walked]) -> Iterator[Problem]:
    """The service's documented limits, as of 2025: a deployment that exceeds one fails in the middle."""
    if len(bodies) > ENTITIES:
        message = f"{len(bodies)} entities, more than a factory's {ENTITIES}"
        yield Problem("ADF501", "factory", "", message)
    for body in bodies:
        entity, size = body.entity, len(body.json) / 1024
        if size > KILOBYTES[entity.kind]:
            limit = KILOBYTES[entity.kind]
            message = f"has {size:.0f} KB, more than a {entity.kind}'s {limit}"
            yield Problem("ADF502", str(entity), "", message)
        if entity.kind == "pipeline":
            yield from _pipeline(entity, body.activities)
            for path, activity in body.outer():
                yield from _nested(entity, path, activity)


def _pipeline(pipeline: Entity, found: Sequence[tuple[str, Activity]]) -> Iterator[Problem]:
    if len(found) > ACTIVITIES:
        message = f"{len(found)} activities, more than {ACTIVITIES}"
        yield Problem("ADF503", str(pipeline), "activities", message)
    if not found:
        yield Problem("ADF504", str(pipeline), "activities", "a pipeline without activities")
    count = len(pipeline.properties.get("parameters") or {})
    if count > PARAMETERS:
        message = f"{count} parameters, more than {PARAMETERS}"
        yield Problem("ADF505", str(pipeline), "parameters", message)
    for path, activity in found:
        yield from _activity(pipeline, path, activity)


def _activity(pipeline: Entity, path: str, activity: Activity) -> Iterator[Problem]:
    count = len(activity.get("userProperties") or [])
    if count > USER_PROPERTIES:
        message = f"{count} user properties, more than {USER_PROPERTIES}"
        yield Problem("ADF506", str(pipeline), f"{path}.userProperties", message)
    yield from _timeout(pipeline, path, activity)
    interval = (activity.get("policy") or {}).get("retryIntervalInSeconds", 30)
    if isinstance(interval, int) and not 30 <= interval <= 86400:
        message = f"{interval} seconds, expected 30 to 86400"
        yield Problem("ADF508", str(pipeline), f"{path}.policy.retryIntervalInSeconds", message)
    batch = properties_of(activity).get("batchCount", 1)
    if activity.get("type") == "ForEach" and isinstance(batch, int) and not 1 <= batch <= 50:
        place = f"{path}.typeProperties.batchCount"
        yield Problem("ADF509", str(pipeline), place, f"is {batch}, expected 1 to 50")


def _timeout(pipeline: Entity, path: str, activity: Activity) -> Iterator[Problem]:
    kind, policy = activity.get("type"), activity.get("policy") or {}
    if kind in OWN_TIMEOUT:
        if kind == "Until" and "timeout" not in properties_of(activity):
            message = "no timeout: it loops for up to 7 days"
            yield Problem("ADF804", str(pipeline), f"{path}.typeProperties", message)
    elif "timeout" in policy:
        yield from _span(pipeline, f"{path}.policy.timeout", policy["timeout"])
    elif kind not in CONTROL:
        yield Problem("ADF804", str(pipeline), path, f"{activity.get('name')!r} has no policy.timeout")


def _span(pipeline: Entity, path: str, timeout: object) -> Iterator[Problem]:
    """An expression may become anything."""
    if not isinstance(timeout, str) or isinstance(timeout, Unresolved) or "@" in timeout:
        return
    expected = "expected 10 minutes to 7 days as d.hh:mm:ss"
    try:
        seconds = parse_timespan(timeout).total_seconds()
    except WindowError:
        yield Problem("ADF507", str(pipeline), path, f"a timeout of {timeout!r}, {expected}")
        return
    if not 600 <= seconds <= 7 * 86400:
        yield Problem("ADF511", str(pipeline), path, f"a timeout of {timeout!r}, {expected}")


def _nested(pipeline: Entity, path: str, activity: Activity) -> Iterator[Problem]:
    """Documented: no loop in a loop, and a Validation stands in nothing at all."""
    for inner in inner_activities(activity):
        loops = activity.get("type") in LOOPS and inner.get("type") in LOOPS
        if loops or (inner.get("type") == "Validation"):
            message = f"{inner.get('type')} {inner.get('name')!r} inside of {activity.get('type')}"
            yield Problem("ADF510", str(pipeline), path, message)
