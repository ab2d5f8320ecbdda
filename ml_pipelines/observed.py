"""What Azure ML says about itself, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class PublishedMlPipeline:
    """What an endpoint runs by default: `version` is the endpoint's, `fingerprint` that of its content."""

    name: str
    endpoint_id: str
    version: str
    fingerprint: str
    pipeline_id: str


@dataclass(frozen=True)
class RegisteredModel:
    """`sha256` is what its tag says, `""` where whoever registered it did not say; `created` an instant."""

    name: str
    version: int
    tags: Mapping[str, str]
    sha256: str
    created: str


@dataclass(frozen=True)
class MlStepRun:
    name: str
    id: str
    status: str
    error: str


@dataclass(frozen=True)
class MlRun:
    """A run of an ML pipeline; `error` is that of the first step that failed, `""` where none did.

    Statuses are Azure ML's own: NotStarted, Preparing, Running, Completed, Failed, Canceled, …
    """

    id: str
    status: str
    error: str
    steps: tuple[MlStepRun, ...]
    portal_url: str
