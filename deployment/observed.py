"""What exists now: four lists of the factory and the ML pipelines by name, read at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from deployment.resources import ENTITY_KINDS, Observed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from deployment.gateways import FactoryReader, LiveEntity, MachineLearningReader
    from deployment.resources import Kind


def observe(
    factory: FactoryReader,
    machine_learning: MachineLearningReader,
    ml_pipelines: Iterable[str],
    released: Mapping[tuple[Kind, str], object] | None = None,
) -> Observed:
    """Everything a plan needs to know. `released` is what the last release recorded."""
    with ThreadPoolExecutor(2, thread_name_prefix="observe") as pool:
        published = pool.submit(machine_learning.published, list(ml_pipelines))
        exists = factory.factory() is not None
        entities = tuple(_entities(factory)) if exists else ()
        return Observed(exists, entities, published.result(), released or {})


def _entities(factory: FactoryReader) -> Iterable[LiveEntity]:
    with ThreadPoolExecutor(len(ENTITY_KINDS), thread_name_prefix="observe") as pool:
        for entities in pool.map(factory.list, ENTITY_KINDS):
            yield from entities
