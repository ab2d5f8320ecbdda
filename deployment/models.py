"""Which registered version each model scores with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from config.schema import Model, Settings


class Registered(Protocol):
    """A version of a model in the workspace."""

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
    """The version that the configuration names: that number, the newest, or the newest that is approved."""
    wanted = model.scoring.model_version
    known = registry.models(model.scoring.model_name or model.name)
    newest_first: Iterable[Registered] = sorted(known, key=lambda each: -int(each.version))
    return next((each for each in newest_first if _is_wanted(each, wanted)), None)


def _is_wanted(version: Registered, wanted: str) -> bool:
    match wanted:
        case "latest":
            return True
        case "approved":
            return str(version.tags.get("approved", "")).lower() == "true"
        case _:
            return str(version.version) == wanted
