"""What Azure ML says about itself, as values. `of` reads an object of the SDK, without importing the SDK."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

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
    versions: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Every version that the endpoint ever had → the id of the published pipeline behind it."""

    @classmethod
    def of(cls, endpoint: Any) -> Self:  # noqa: ANN401
        pipeline = endpoint.get_pipeline()
        version = str(endpoint.default_version)
        versions = {str(each.version): each.pipeline_id for each in endpoint.pipeline_version_list}
        return cls(endpoint.name, endpoint.id, version, pipeline.version or "", pipeline.id, versions)


@dataclass(frozen=True)
class ActivePipeline:
    """A published pipeline that can be run. `fingerprint` is what ours have for a version, `description` says
    whose it is.
    """

    name: str
    fingerprint: str
    description: str

    @classmethod
    def of(cls, pipeline: Any) -> Self:  # noqa: ANN401
        return cls(pipeline.name, pipeline.version or "", pipeline.description or "")


@dataclass(frozen=True)
class MlSchedule:
    """A schedule of Azure ML itself: it runs an endpoint, or one published pipeline."""

    id: str
    name: str
    endpoint_id: str | None
    pipeline_id: str | None
    recurrence: str
    """In words: `every 1 Day`, or what it watches."""

    @classmethod
    def of(cls, schedule: Any) -> Self:  # noqa: ANN401
        every = schedule.recurrence
        when = f"every {every.interval} {every.frequency}" if every else f"files of {schedule.datastore_name}"
        return cls(schedule.id, schedule.name, schedule.pipeline_endpoint_id, schedule.pipeline_id, when)


@dataclass(frozen=True)
class RegisteredModel:
    """`sha256` is what its tag says, `""` where whoever registered it did not say; `created` an instant."""

    name: str
    version: int
    tags: Mapping[str, str]
    sha256: str
    created: str

    @classmethod
    def of(cls, model: Any) -> Self:  # noqa: ANN401
        tags = dict(model.tags or {})
        created = model.created_time.isoformat() if model.created_time else ""
        return cls(model.name, int(model.version), tags, tags.get("sha256", ""), created)


@dataclass(frozen=True)
class MlStepRun:
    name: str
    id: str
    status: str
    error: str

    @classmethod
    def of(cls, run: Any) -> Self:  # noqa: ANN401
        return cls(str(run.name), run.id, status_of(run), error_of(run.get_details()))


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


def status_of(run: Any) -> str:  # noqa: ANN401
    """The pipeline service says Finished where the run history says Completed."""
    status = str(run.get_status())
    return "Completed" if status == "Finished" else status


def error_of(details: Mapping[str, Any]) -> str:
    """The message of a run's details; `""` where it has no error."""
    error = details.get("error") or {}
    return str((error.get("error") or error).get("message", ""))
