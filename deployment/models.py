"""Which registered version each model scores with."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol

from adf.pipelines import score_name
from ml_pipelines.steps.versions import choose

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from config.schema import Model, Settings


class Registered(Protocol):
    """A version of a model in a workspace."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    @property
    def tags(self) -> Mapping[str, str]: ...


class ModelReader(Protocol):
    def models(self, name: str) -> Sequence[Registered]: ...


NOTHING_SAID: Final[Mapping[str, str]] = MappingProxyType({})


def said_by(pipelines: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Of pipelines by name: the version that its runs are told to score with, of each that says one."""
    return {name: said for name, body in pipelines.items() if (said := _said(body))}


def _said(pipeline: Mapping[str, Any]) -> str:
    """`approved`, `7`, `dev:7`; or nothing."""
    parameters = pipeline.get("parameters") or {}
    return str((parameters.get("model_version") or {}).get("defaultValue") or "")


def in_force(
    settings: Settings, registry: ModelReader, said: Mapping[str, str] = NOTHING_SAID
) -> dict[str, Registered]:
    """Model → the version that its next run would score with; models without one are left out."""
    found = {name: version_of(model, registry, said) for name, model in sorted(settings.models.items())}
    return {name: version for name, version in found.items() if version is not None}


def version_of(
    model: Model, registry: ModelReader, said: Mapping[str, str] = NOTHING_SAID
) -> Registered | None:
    """By its number, its tags, or where it comes from: as its pipeline says, else the configuration."""
    wanted = said.get(score_name(model.name), model.model_version)
    return choose(wanted, registry.models(model.registered_name))
