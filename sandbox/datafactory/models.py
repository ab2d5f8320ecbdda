"""The values that the parts of the local Data Factory hand to each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

Json = dict[str, Any]
"""An object of a body."""

JsonValue = Any
"""Anything that a body may hold."""

PipelineStatus = Literal["Queued", "InProgress", "Succeeded", "Failed", "Canceling", "Cancelled"]
ActivityStatus = Literal["Queued", "InProgress", "Succeeded", "Failed", "Cancelled", "Skipped"]

TERMINAL = frozenset({"Succeeded", "Failed", "Cancelled", "Skipped"})

EntityKind = Literal["pipelines", "datasets", "linkedservices", "triggers"]
KINDS: tuple[EntityKind, ...] = ("pipelines", "datasets", "linkedservices", "triggers")


@dataclass(frozen=True)
class FactoryId:
    """A factory's address, in the letters it was first written with."""

    subscription: str
    resource_group: str
    name: str

    @cached_property
    def resource_id(self) -> str:
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.DataFactory/factories/{self.name}"
        )

    @cached_property
    def scope(self) -> str:
        """The Store's scope of everything inside this factory."""
        return self.resource_id.lower()


@dataclass(frozen=True)
class InvokedBy:
    """Who started a pipeline run, as `invokedBy` says it."""

    name: str = "Manual"
    id: str = ""
    type: str = "Manual"
    pipeline_name: str | None = None
    pipeline_run_id: str | None = None

    def body(self) -> Json:
        body: Json = {"name": self.name, "id": self.id, "invokedByType": self.type}
        if self.pipeline_run_id is not None:
            body |= {"pipelineName": self.pipeline_name, "pipelineRunId": self.pipeline_run_id}
        return body


def wire_instant(instant: datetime) -> str:
    """An instant as Data Factory writes it: UTC, seven digits of a second, `Z`."""
    return f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}0Z"


def parse_instant(text: str) -> datetime:
    """An ISO 8601 instant; one without an offset is UTC. Raises ValueError. Digits beyond microseconds are
    cut.
    """
    instant = datetime.fromisoformat(text.strip())
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def milliseconds(start: datetime, end: datetime) -> int:
    return max(0, round((end - start).total_seconds() * 1000))
