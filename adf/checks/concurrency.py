from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adf.problems import Problem
from adf.walk import activities, inner_activities, properties_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adf.entities import Entity


def check(entities: Sequence[Entity]) -> Iterator[Problem]:
    """What runs side by side does not overwrite each other, nor wait for each other unseen."""
    pipelines = {entity.name.casefold(): entity for entity in entities if entity.kind == "pipeline"}
    for pipeline in pipelines.values():
        yield from _shared_variables(pipeline)
    for trigger in entities:
        if trigger.properties.get("type") == "TumblingWindowTrigger":
            yield from _windows(trigger, pipelines)


def _shared_variables(pipeline: Entity) -> Iterator[Problem]:
    """A variable belongs to the pipeline's run, not to an iteration."""
    for path, activity in activities(pipeline.properties):
        said = properties_of(activity)
        if (
            activity.get("type") != "ForEach"
            or said.get("isSequential") is True
            or said.get("batchCount") == 1
        ):
            continue
        for inner in inner_activities(activity):
            if inner.get("type") == "SetVariable" and not properties_of(inner).get("setSystemVariable"):
                name = properties_of(inner).get("variableName")
                message = f"its iterations run side by side, and {inner.get('name')!r} sets {name!r} in each"
                yield Problem("ADF805", str(pipeline), path, message)


def _windows(trigger: Entity, pipelines: dict[str, Entity]) -> Iterator[Problem]:
    started: Any = trigger.properties.get("pipeline") or {}
    reference = started.get("pipelineReference") or {}
    pipeline = pipelines.get(str(reference.get("referenceName")).casefold())
    most = pipeline.properties.get("concurrency") if pipeline is not None else None
    windows = (trigger.properties.get("typeProperties") or {}).get("maxConcurrency", 1)
    if isinstance(most, int) and isinstance(windows, int) and windows > most:
        path = "typeProperties.maxConcurrency"
        message = f"runs {windows} windows at once, and {pipeline} runs {most} at a time"
        yield Problem("ADF609", str(trigger), path, message)
