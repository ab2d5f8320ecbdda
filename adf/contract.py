"""What the factory passes to Azure ML, held against what the ML pipelines declare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adf.entities import EndpointId, Entity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True)
class Mismatch:
    """An activity that passes what its ML pipeline does not declare, or does not pass what it declares."""

    pipeline: str
    activity: str
    ml_pipeline: str
    undeclared: tuple[str, ...]
    missing: tuple[str, ...]


def mismatches(entities: Iterable[Entity], contracts: Mapping[str, Mapping[str, str]]) -> Iterator[Mismatch]:
    """Every AzureMLExecutePipeline of ours whose parameters differ from the ML pipeline's declared ones."""
    for entity in entities:
        if entity.kind != "pipeline":
            continue
        for activity in activities_in(entity.properties):
            endpoint = activity.get("typeProperties", {}).get("mlPipelineEndpointId")
            if isinstance(endpoint, EndpointId):
                passed = activity["typeProperties"].get("mlPipelineParameters", {})
                declared = contracts.get(endpoint.ml_pipeline, {})
                undeclared = tuple(sorted(set(passed) - set(declared)))
                missing = tuple(sorted(set(declared) - set(passed)))
                if undeclared or missing:
                    name = activity["name"]
                    yield Mismatch(entity.name, name, endpoint.ml_pipeline, undeclared, missing)


def activities_in(properties: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All activities of a pipeline, outer ones first, with those inside of If, Switch, ForEach and Until."""
    pending = list(properties.get("activities", []))
    while pending:
        activity = pending.pop(0)
        yield activity
        inner = activity.get("typeProperties", {})
        for key in ("ifTrueActivities", "ifFalseActivities", "activities", "defaultActivities"):
            pending.extend(inner.get(key) or [])
        for case in inner.get("cases") or []:
            pending.extend(case.get("activities") or [])
