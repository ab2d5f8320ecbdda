from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adf.entities import EndpointId
from adf.problems import Problem
from adf.walk import activities

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from adf.entities import Entity
    from adf.walk import Activity


@dataclass(frozen=True)
class Mismatch:
    """An activity that passes what its ML pipeline does not declare, or does not pass what it declares."""

    pipeline: str
    path: str
    ml_pipeline: str
    undeclared: tuple[str, ...]
    missing: tuple[str, ...]


def check(entities: Sequence[Entity], contracts: Mapping[str, Mapping[str, str]] | None) -> Iterator[Problem]:
    """Azure ML takes strings, none of them empty, under the names that its pipeline declares."""
    for pipeline, path, activity in _executions(entities):
        if "linkedServiceName" not in activity:
            yield Problem(pipeline, path, "has no linkedServiceName")
        for name, value in _passed(activity).items():
            if not isinstance(value, str) or not value:
                place = f"{path}.typeProperties.mlPipelineParameters.{name}"
                yield Problem(pipeline, place, f"is {value!r}, expected a string that is not empty")
    for mismatch in mismatches(entities, contracts or {}) if contracts is not None else ():
        for names, fact in (
            (mismatch.undeclared, "is passed and not declared"),
            (mismatch.missing, "is declared and not passed"),
        ):
            for name in names:
                message = f"{name!r} {fact} by ML pipeline {mismatch.ml_pipeline}"
                yield Problem(mismatch.pipeline, mismatch.path, message)


def mismatches(entities: Iterable[Entity], contracts: Mapping[str, Mapping[str, str]]) -> Iterator[Mismatch]:
    """Every activity whose parameters differ from those that its ML pipeline declares."""
    for pipeline, path, activity in _executions(entities):
        endpoint = activity["typeProperties"].get("mlPipelineEndpointId")
        if not isinstance(endpoint, EndpointId):
            continue
        passed, declared = set(_passed(activity)), set(contracts.get(endpoint.ml_pipeline, {}))
        if passed != declared:
            undeclared, missing = tuple(sorted(passed - declared)), tuple(sorted(declared - passed))
            yield Mismatch(pipeline, path, endpoint.ml_pipeline, undeclared, missing)


def _executions(entities: Iterable[Entity]) -> Iterator[tuple[str, str, Activity]]:
    for entity in entities:
        if entity.kind == "pipeline":
            for path, activity in activities(entity.properties):
                if activity.get("type") == "AzureMLExecutePipeline":
                    yield str(entity), path, activity


def _passed(activity: Activity) -> Mapping[str, object]:
    passed = activity["typeProperties"].get("mlPipelineParameters")
    return passed if isinstance(passed, dict) else {}
