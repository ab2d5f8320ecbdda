"""What exists now: four lists of the factory and the ML pipelines by name, read at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from deployment.resources import ENTITY_KINDS, NOTHING_WRITTEN, Desired, Observed, Written

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from deployment.gateways import (
        ActivePipeline,
        FactoryReader,
        LiveEntity,
        MachineLearningReader,
        MlSchedule,
        Published,
    )


def observe(
    factory: FactoryReader,
    machine_learning: MachineLearningReader,
    ml_pipelines: Iterable[str],
    written: Written = NOTHING_WRITTEN,
    models: Iterable[str] = (),
    keep_versions: int = Desired.keep_versions,
) -> Observed:
    """Everything a plan needs to know. `written` is what deployments wrote before."""
    with ThreadPoolExecutor(2, thread_name_prefix="observe") as pool:
        published = pool.submit(_ml_pipelines, machine_learning, list(ml_pipelines), keep_versions)
        exists = factory.factory() is not None
        entities = tuple(_entities(factory)) if exists else ()
        endpoints, active, schedules = published.result()
        registered = {name: machine_learning.models(name) for name in models}
        return Observed(exists, entities, endpoints, written, registered, active, tuple(schedules))


def _ml_pipelines(
    machine_learning: MachineLearningReader, names: list[str], keep_versions: int
) -> tuple[Mapping[str, Published], Mapping[str, ActivePipeline], Sequence[MlSchedule]]:
    """What is published; what is enabled, where some of it may be old; Azure ML's own schedules."""
    found = machine_learning.published(names)
    some_may_be_old = any(len(each.versions) >= keep_versions for each in found.values())
    active = machine_learning.active_pipelines() if some_may_be_old else {}
    return found, active, machine_learning.schedules() if found else ()


def _entities(factory: FactoryReader) -> Iterable[LiveEntity]:
    with ThreadPoolExecutor(len(ENTITY_KINDS), thread_name_prefix="observe") as pool:
        for entities in pool.map(factory.list, ENTITY_KINDS):
            yield from entities
