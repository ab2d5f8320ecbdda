from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adf.entities import EndpointId
from adf.problems import Problem
from adf.walk import activities, properties_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from adf.entities import Entity
    from adf.walk import Activity, Walked

Execution = tuple[str, str, "Activity"]
"""Pipeline, path and activity."""

_EXECUTION = "AzureMLExecutePipeline"
_THRESHOLD = re.compile(r"error_?threshold", re.IGNORECASE)


@dataclass(frozen=True)
class Mismatch:
    """An activity that passes what its ML pipeline does not declare, or does not pass what it declares."""

    pipeline: str
    path: str
    ml_pipeline: str
    undeclared: tuple[str, ...]
    missing: tuple[str, ...]


def check(bodies: Sequence[Walked], contracts: Mapping[str, Mapping[str, str]] | None) -> Iterator[Problem]:
    """Azure ML takes strings, none of them empty, under the names that its pipeline declares, and once."""
    executions = [(str(body.entity), *found) for body in bodies for found in body.of_type(_EXECUTION)]
    for pipeline, path, activity in executions:
        if "linkedServiceName" not in activity:
            yield Problem("ADF701", pipeline, path, "has no linkedServiceName")
        if properties_of(activity).keys().isdisjoint({"mlPipelineId", "mlPipelineEndpointId"}):
            yield Problem("ADF705", pipeline, f"{path}.typeProperties", "names no ML pipeline")
        retry = (activity.get("policy") or {}).get("retry", 0)
        if retry not in (0, "0"):
            message = f"retry is {retry!r}: the first ML run may go on beside the second"
            yield Problem("ADF706", pipeline, f"{path}.policy.retry", message)
        for name, value in _passed(activity).items():
            place = f"{path}.typeProperties.mlPipelineParameters.{name}"
            yield from _value(pipeline, place, name, value)
    if contracts is not None:
        yield from _mismatched(executions, contracts)


def _value(pipeline: str, place: str, name: str, value: object) -> Iterator[Problem]:
    if isinstance(value, dict) and value.get("type") == "Expression":
        return
    if value == "":
        yield Problem("ADF703", pipeline, place, "is empty, expected a string that is not empty")
    elif not isinstance(value, str):
        yield Problem("ADF702", pipeline, place, f"is {value!r}, expected a string")
    if _THRESHOLD.search(name) and re.fullmatch(r"-\d+", str(value)):
        yield Problem("ADF707", pipeline, place, f"is {value}: no failed item is an error")


def _mismatched(
    executions: Iterable[Execution], contracts: Mapping[str, Mapping[str, str]]
) -> Iterator[Problem]:
    for mismatch in _mismatches(executions, contracts):
        for names, fact in (
            (mismatch.undeclared, "is passed and not declared"),
            (mismatch.missing, "is declared and not passed"),
        ):
            for name in names:
                message = f"{name!r} {fact} by ML pipeline {mismatch.ml_pipeline}"
                yield Problem("ADF704", mismatch.pipeline, mismatch.path, message)


def mismatches(entities: Iterable[Entity], contracts: Mapping[str, Mapping[str, str]]) -> Iterator[Mismatch]:
    """Every activity whose parameters differ from those that its ML pipeline declares."""
    found = (_executions(entity, activities(entity.properties)) for entity in entities)
    return _mismatches((each for executions in found for each in executions), contracts)


def _mismatches(
    executions: Iterable[Execution], contracts: Mapping[str, Mapping[str, str]]
) -> Iterator[Mismatch]:
    for pipeline, path, activity in executions:
        endpoint = properties_of(activity).get("mlPipelineEndpointId")
        if not isinstance(endpoint, EndpointId):
            continue
        passed, declared = set(_passed(activity)), set(contracts.get(endpoint.ml_pipeline, {}))
        if passed != declared:
            undeclared, missing = tuple(sorted(passed - declared)), tuple(sorted(declared - passed))
            yield Mismatch(pipeline, path, endpoint.ml_pipeline, undeclared, missing)


def _executions(entity: Entity, found: Iterable[tuple[str, Activity]]) -> Iterator[Execution]:
    if entity.kind == "pipeline":
        for path, activity in found:
            if activity.get("type") == _EXECUTION:
                yield str(entity), path, activity


def _passed(activity: Activity) -> Mapping[str, object]:
    """What is passed by name; nothing where one expression computes it all."""
    passed = properties_of(activity).get("mlPipelineParameters")
    return passed if isinstance(passed, dict) and passed.get("type") != "Expression" else {}
