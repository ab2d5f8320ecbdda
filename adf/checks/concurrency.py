from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adf.problems import Problem
from adf.walk import inner_activities, properties_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adf.entities import Entity
    from adf.walk import Walked


def check(bodies: Sequence[Walked]) -> Iterator[Problem]:
    """What runs side by side does not overwrite each other, nor wait for each other unseen."""
    pipelines = {body.entity.name.casefold(): body for body in bodies if body.entity.kind == "pipeline"}
    for pipeline in pipelines.values():
        yield from _shared_variables(pipeline)
    for body in bodies:
        if body.entity.properties.get("type") == "TumblingWindowTrigger":
            yield from _windows(body.entity, pipelines)


def _shared_variables(pipeline: Walked) -> Iterator[Problem]:
    """A variable belongs to the pipeline's run, not to an iteration."""
    for path, activity in pipeline.of_type("ForEach"):
        said = properties_of(activity)
        if said.get("isSequential") is True or said.get("batchCount") == 1:
            continue
        for inner in inner_activities(activity):
            if inner.get("type") == "SetVariable" and not properties_of(inner).get("setSystemVariable"):
                name = properties_of(inner).get("variableName")
                message = f"its iterations run side by side, and {inner.get('name')!r} sets {name!r} in each"
                yield Problem("ADF805", str(pipeline.entity), path, message)


def _windows(trigger: Entity, pipelines: dict[str, Walked]) -> Iterator[Problem]:
    started: Any = trigger.properties.get("pipeline") or {}
    reference = started.get("pipelineReference") or {}
    found = pipelines.get(str(reference.get("referenceName")).casefold())
    pipeline = None if found is None else found.entity
    most = pipeline.properties.get("concurrency") if pipeline is not None else None
    windows = (trigger.properties.get("typeProperties") or {}).get("maxConcurrency", 1)
    if isinstance(most, int) and isinstance(windows, int) and windows > most:
        path = "typeProperties.maxConcurrency"
        message = f"runs {windows} windows at once, and {pipeline} runs {most} at a time"
        yield Problem("ADF609", str(trigger), path, message)
