"""What exists now: four lists of the factory, and by name the ML pipelines and the resources that watch it;
read at the same time.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from deployment.resources import (
    ENTITY_KINDS,
    NOTHING_WRITTEN,
    RESOURCE_KINDS,
    Address,
    Desired,
    Observed,
    Written,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from deployment.gateways import (
        ActivePipeline,
        FactoryReader,
        LiveEntity,
        MachineLearningReader,
        MlSchedule,
        Published,
        ResourceReader,
    )


def observe(
    factory: FactoryReader,
    machine_learning: MachineLearningReader,
    ml_pipelines: Iterable[str],
    written: Written = NOTHING_WRITTEN,
    models: Iterable[str] = (),
    keep_versions: int = Desired.keep_versions,
    *,
    resources: ResourceReader | None = None,
    wanted: Iterable[Address] = (),
) -> Observed:
    """Everything a plan needs to know. `written` is what deployments wrote before; `wanted` are resources
    beside the factory, which are looked for as those that were written are. What is enabled is read where an
    ML pipeline has `keep_versions` or more: always with 0.
    """
    with ThreadPoolExecutor(3, thread_name_prefix="observe") as pool:
        published = pool.submit(_ml_pipelines, machine_learning, list(ml_pipelines), keep_versions)
        watching = None if resources is None else pool.submit(resources.read, _resources(wanted, written))
        with _reading(factory) as lists:
            exists = factory.factory() is not None
            # Of a factory that is not there the lists are refused, which says nothing more.
            entities = tuple(each for found in lists for each in found.result()) if exists else ()
        endpoints, active, schedules = published.result()
        registered = {name: machine_learning.models(name) for name in models}
        beside = () if watching is None else tuple(watching.result())
        return Observed(
            exists, (*entities, *beside), endpoints, written, registered, active, tuple(schedules)
        )


def _ml_pipelines(
    machine_learning: MachineLearningReader, names: list[str], keep_versions: int
) -> tuple[Mapping[str, Published], Mapping[str, ActivePipeline], Sequence[MlSchedule]]:
    """What is published; what is enabled, where some of it may be old; Azure ML's own schedules."""
    found = machine_learning.published(names)
    some_may_be_old = any(len(each.versions) >= keep_versions for each in found.values())
    active = machine_learning.active_pipelines() if some_may_be_old else {}
    return found, active, machine_learning.schedules() if found else ()


def _resources(wanted: Iterable[Address], written: Written) -> list[Address]:
    """Each once, as it is wanted now where it is."""
    known = [Address(*key) for key in (*written.released, *written.attempted) if key[0] in RESOURCE_KINDS]
    return list({each.key: each for each in (*known, *wanted)}.values())


@contextmanager
def _reading(factory: FactoryReader) -> Iterator[list[Future[Sequence[LiveEntity]]]]:
    """A list for each kind."""
    with ThreadPoolExecutor(len(ENTITY_KINDS), thread_name_prefix="observe") as pool:
        yield [pool.submit(factory.list, kind) for kind in ENTITY_KINDS]
