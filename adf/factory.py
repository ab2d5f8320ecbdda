"""Settings in, the factory's entities out: pure, and the same bytes for the same settings."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from adf import datasets, linked_services, pipelines, schedules, triggers
from adf.checks.machine_learning import mismatches
from adf.entities import EndpointId, EndpointVersion, Entity, Kind, placeholders, resolve
from adf.errors import ContractMismatch
from adf.windows import upstream_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from config.schema import Model, Settings

__all__ = ["EndpointId", "EndpointVersion", "Entity", "Kind", "build", "placeholders", "resolve"]


def build(settings: Settings, contracts: Mapping[str, Mapping[str, str]]) -> list[Entity]:
    """Everything that `settings` asks of the factory, what is referred to before what refers to it.

    `contracts` says what each ML pipeline takes (ML pipeline → parameter → default); passing anything else
    is a ContractMismatch. Raises the other GenerationErrors where the settings contradict themselves.
    """
    for wrong in schedules.judge(settings):
        raise wrong
    models = [settings.models[name] for name in sorted(settings.models)]
    entities = [
        *sorted(_linked_services(settings), key=lambda entity: entity.name),
        *_datasets(settings),
        *(pipeline for model in models for pipeline in _pipelines(settings, model)),
        *_upstream_first([trigger for model in models for trigger in _triggers(settings, model)]),
    ]
    for mismatch in mismatches(entities, contracts):
        raise ContractMismatch(mismatch.ml_pipeline, undeclared=mismatch.undeclared, missing=mismatch.missing)
    return entities


def _linked_services(settings: Settings) -> Iterator[Entity]:
    yield linked_services.lake(settings)
    yield linked_services.machine_learning(settings)
    used = any(model.output.warehouse is not None for model in settings.models.values())
    if settings.warehouse is not None and used:
        yield linked_services.warehouse(settings, settings.warehouse)


def _datasets(settings: Settings) -> Iterator[Entity]:
    yield datasets.receipt(settings)
    copied = {each.output.format for each in settings.models.values() if each.output.warehouse is not None}
    for file_format in sorted(copied):
        yield datasets.landed(settings, file_format)
    if copied:
        yield datasets.table(settings)


def _pipelines(settings: Settings, model: Model) -> list[Entity]:
    score = pipelines.score(settings, model)
    if model.training is None:
        return [score]
    return [score, pipelines.train(settings, model, model.training)]


def _triggers(settings: Settings, model: Model) -> list[Entity]:
    return [*triggers.score(settings, model), *triggers.train(settings, model)]


def _upstream_first(made: list[Entity]) -> list[Entity]:
    """Each trigger after those that it waits for; in a circle, which validation finds, as they are."""
    by_name = {trigger.name: trigger for trigger in made}
    graph = {name: upstream_of(trigger.properties) for name, trigger in by_name.items()}
    try:
        return [by_name[name] for name in TopologicalSorter(graph).static_order() if name in by_name]
    except CycleError:
        return made
