"""What the engine needs of Azure, as protocols: readers for plans, readers and writers for applying them.

`adf.gateway.DataFactory` and `ml_pipelines.gateway.MachineLearning` fit; so do the fakes of the tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from adf.entities import Kind as EntityKind
    from deployment.models import Registered
    from deployment.resources import Address


class LiveEntity(Protocol):
    """An entity as Data Factory returned it."""

    @property
    def kind(self) -> EntityKind: ...
    @property
    def name(self) -> str: ...
    @property
    def properties(self) -> Mapping[str, Any]: ...
    @property
    def etag(self) -> str | None: ...


class Definition(Protocol):
    """What is to be published: equal fingerprints mean equal pipelines."""

    @property
    def name(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...


class Published(Protocol):
    """A published ML pipeline: the endpoint Data Factory refers to, and the version it is pinned to."""

    @property
    def name(self) -> str: ...
    @property
    def endpoint_id(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def versions(self) -> Mapping[str, str]:
        """Every version that the endpoint ever had → the published pipeline behind it."""


class ActivePipeline(Protocol):
    """A published pipeline that can be run; ours say in their description whose they are."""

    @property
    def name(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def description(self) -> str: ...


class MlSchedule(Protocol):
    """A schedule of Azure ML itself, that runs an endpoint or a published pipeline."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def endpoint_id(self) -> str | None: ...
    @property
    def pipeline_id(self) -> str | None: ...
    @property
    def recurrence(self) -> str:
        """In words: `every 1 Day`."""


class FactoryReader(Protocol):
    def factory(self) -> Mapping[str, Any] | None: ...
    def list(self, kind: EntityKind) -> Sequence[LiveEntity]: ...
    def get(self, kind: EntityKind, name: str) -> LiveEntity | None: ...


class FactoryWriter(FactoryReader, Protocol):
    def create_factory(self, location: str) -> object: ...
    def put(
        self, kind: EntityKind, name: str, properties: dict[str, Any], etag: str | None = None
    ) -> object: ...
    def delete(self, kind: EntityKind, name: str) -> object: ...
    def start_trigger(self, name: str, trigger_type: str) -> object:
        """`trigger_type` is that of the body that the factory holds; so it is for a stop."""

    def stop_trigger(self, name: str, trigger_type: str) -> object: ...


class ResourceReader(Protocol):
    """What watches the factory, by name: those that exist."""

    def read(self, addresses: Iterable[Address]) -> Sequence[LiveEntity]: ...


class ResourceWriter(Protocol):
    def put(self, kind: EntityKind, name: str, properties: dict[str, Any]) -> object: ...
    def delete(self, kind: EntityKind, name: str) -> object: ...


class MachineLearningReader(Protocol):
    def published(self, names: Iterable[str]) -> Mapping[str, Published]: ...
    def models(self, name: str) -> Sequence[Registered]: ...
    def active_pipelines(self) -> Mapping[str, ActivePipeline]:
        """The enabled pipelines of the workspace by id, whoever published them."""

    def schedules(self) -> Sequence[MlSchedule]:
        """The enabled ones of the workspace, whoever made them."""


class MachineLearningWriter(MachineLearningReader, Protocol):
    def publish(self, definition: Any) -> Published: ...  # noqa: ANN401 - a Definition with its steps
    def take_back(self, name: str, version: str) -> Published:
        """Make an earlier version of the endpoint its default again."""

    def disable_version(self, name: str, version: str) -> object:
        """Not where it is the endpoint's default."""

    def retire(self, name: str) -> object: ...


class ModelWriter(Protocol):
    """Registered models of one workspace."""

    def models(self, name: str) -> Sequence[Registered]: ...
    def download_model(self, name: str, version: int, target: Path) -> Path:
        """Its one file or folder, below `target`."""

    def register_model(self, name: str, content: Path, tags: Mapping[str, str]) -> object: ...


class LakeFiles(Protocol):
    """Small files of the lake, by path inside the file system."""

    def read(self, path: str) -> bytes | None: ...
    def create(self, path: str, content: bytes) -> bool: ...
    def replace(self, path: str, content: bytes) -> None: ...
    def remove(self, path: str) -> None: ...
    def names(self, folder: str) -> Sequence[str]: ...
