"""An entity of the factory as a value, and what in it only Azure ML knows.

An Azure ML pipeline endpoint has no id before it is published, so a body holds a typed placeholder in its
place: `EndpointId("score_diabetes")`. The executor resolves placeholders from what it published; a plan
compares bodies with them resolved from what is live.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from adf.errors import MlPipelineNotPublished

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Kind = Literal["linked_service", "dataset", "pipeline", "trigger"]


@dataclass(frozen=True)
class EndpointId:
    """The id of an Azure ML pipeline endpoint: it stays the same when the pipeline is published again."""

    ml_pipeline: str


@dataclass(frozen=True)
class EndpointVersion:
    """The version of an Azure ML pipeline endpoint that the factory is pinned to, as text."""

    ml_pipeline: str


Placeholder = EndpointId | EndpointVersion


@dataclass(frozen=True)
class Entity:
    """One entity: its body is `{"properties": properties}`, plain JSON but for placeholders.

    `started` is a trigger's desired runtime state; it is no part of a body, as a PUT never starts a trigger.
    """

    kind: Kind
    name: str
    properties: dict[str, Any]
    started: bool | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def resolve(properties: dict[str, Any], published: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """The body with each placeholder replaced from `published`: ML pipeline name → (endpoint id, version).

    Raises MlPipelineNotPublished for a placeholder that `published` does not know.
    """
    return cast("dict[str, Any]", _resolved(properties, published))


def placeholders(body: object) -> Iterator[Placeholder]:
    """Every placeholder in a body, in order."""
    match body:
        case EndpointId() | EndpointVersion():
            yield body
        case dict():
            for value in body.values():
                yield from placeholders(value)
        case list():
            for value in body:
                yield from placeholders(value)


def _resolved(body: object, published: Mapping[str, tuple[str, str]]) -> object:
    match body:
        case EndpointId(ml_pipeline) | EndpointVersion(ml_pipeline):
            if ml_pipeline not in published:
                raise MlPipelineNotPublished(ml_pipeline, sorted(published))
            endpoint_id, version = published[ml_pipeline]
            return endpoint_id if isinstance(body, EndpointId) else str(version)
        case dict():
            return {key: _resolved(value, published) for key, value in body.items()}
        case list():
            return [_resolved(value, published) for value in body]
    return body
