"""Which registered version each model scores with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

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


def in_force(settings: Settings, registry: ModelReader) -> dict[str, Registered]:
    """Model → the version that its next run would score with; models without one are left out."""
    found = {name: version_of(model, registry) for name, model in sorted(settings.models.items())}
    return {name: version for name, version in found.items() if version is not None}


def version_of(model: Model, registry: ModelReader) -> Registered | None:
    """The version that the configuration names: by its number, its tags, or where it was promoted from."""
    return choose(model.model_version, registry.models(model.registered_name))
