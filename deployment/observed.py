"""What exists now: four lists of the factory and the ML pipelines by name, read at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from deployment.resources import ENTITY_KINDS, NOTHING_WRITTEN, Observed, Written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deployment.gateways import FactoryReader, LiveEntity, MachineLearningReader


def observe(
    factory: FactoryReader,
    machine_learning: MachineLearningReader,
    ml_pipelines: Iterable[str],
    written: Written = NOTHING_WRITTEN,
    models: Iterable[str] = (),
) -> Observed:
    """Everything a plan needs to know. `written` is what deployments wrote before."""
    with ThreadPoolExecutor(2, thread_name_prefix="observe") as pool:
        published = pool.submit(machine_learning.published, list(ml_pipelines))
        exists = factory.factory() is not None
        entities = tuple(_entities(factory)) if exists else ()
        there = published.result()
        registered = {name: machine_learning.models(name) for name in models}
        return Observed(exists, entities, there, written, registered)


def _entities(factory: FactoryReader) -> Iterable[LiveEntity]:
    with ThreadPoolExecutor(len(ENTITY_KINDS), thread_name_prefix="observe") as pool:
        for entities in pool.map(factory.list, ENTITY_KINDS):
            yield from entities
