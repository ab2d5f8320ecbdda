"""Settings → everything that should exist. The one place where `adf` and `ml_pipelines` meet; pure.

`adf` is handed the parameters that each ML pipeline declares; `ml_pipelines` is handed the file of windows
that the steps share with the factory, and the IANA name of the grid's time zone, which only `adf` can tell.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from adf import factory, validation, windows
from adf.monitor import resources as monitor
from adf.triggers import grid_of
from deployment.errors import InvalidFactoryError
from deployment.resources import Desired, Owner
from ml_pipelines import batch_scoring, training
from ml_pipelines.snapshot import Sources
from ml_pipelines.steps.parameters import NONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from config.schema import Settings
    from deployment.promotion import Promotion
    from ml_pipelines.definition import MlPipelineDefinition

    Contracts = Mapping[str, Mapping[str, str]]

SHIPPED = (Path(windows.__file__),)


def build(settings: Settings, git_commit: str = "", models: tuple[Promotion, ...] = ()) -> Desired:
    """Raises the errors of `adf` and `ml_pipelines` where the settings contradict themselves, and
    InvalidFactoryError with everything that Data Factory would refuse.

    `git_commit` is told to registered models and manifests; it makes no definition another one.
    """
    ml_pipelines = tuple(_ml_pipelines(settings, git_commit or NONE))
    contracts = contracts_of(ml_pipelines)
    entities = factory.build(settings, contracts)
    watching = monitor.build(settings, entities)
    if problems := validation.validate(entities, contracts):
        raise InvalidFactoryError(problems)
    return Desired(
        Owner(settings.project, settings.environment),
        settings.data_factory.name,
        settings.azure.location,
        ml_pipelines,
        (*entities, *watching),
        models,
        keep_versions=settings.machine_learning.keep_versions,
    )


def contracts_of(ml_pipelines: Iterable[MlPipelineDefinition]) -> Contracts:
    """ML pipeline → parameter → default: what the factory may pass."""
    return {definition.name: definition.parameters for definition in ml_pipelines}


def contracts(settings: Settings) -> Contracts:
    """Of all ML pipelines that the settings ask for."""
    return contracts_of(_ml_pipelines(settings, NONE))


def _ml_pipelines(settings: Settings, git_commit: str) -> Iterator[MlPipelineDefinition]:
    sources = Sources(SHIPPED)
    for _, model in sorted(settings.models.items()):
        if model.training is not None:
            yield training.build(settings, model, sources, git_commit=git_commit)
        zone = grid_of(model).zone
        yield batch_scoring.build(settings, model, sources, git_commit=git_commit, zone=zone)
