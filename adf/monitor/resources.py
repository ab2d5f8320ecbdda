"""Settings and the factory's entities in, the resources that watch it out: pure, the same for the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adf.entities import Entity
from adf.monitor import alerts, dashboard, workbook
from adf.monitor.expected import expected
from adf.monitor.kinds import TYPES, azure_name
from adf.monitor.queries import Place
from adf.ownership import diagnostic_setting_name, tags
from adf.resource_ids import factory_id, resource_group_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adf.entities import ResourceKind
    from config.monitoring_schema import Monitoring
    from config.schema import Settings

LOGS: Final = ("ActivityRuns", "PipelineRuns", "TriggerRuns")
"""Categories of Data Factory's logs, in order; the sandbox ones are of debug runs."""


def build(settings: Settings, entities: Sequence[Entity]) -> list[Entity]:
    """What is referred to before what refers to it; nothing where the settings have no `monitoring`."""
    return [] if settings.monitoring is None else [*_resources(settings, settings.monitoring, entities)]


def resource_id(settings: Settings, kind: ResourceKind, name: str) -> str:
    """Where the resource is: a diagnostic setting below the factory, the others in its resource group."""
    scope = factory_id(settings) if kind == "diagnostic_setting" else resource_group_id(settings)
    return f"{scope}/providers/{TYPES[kind].name}/{azure_name(kind, name)}"


def _resources(settings: Settings, monitoring: Monitoring, entities: Sequence[Entity]) -> Iterator[Entity]:
    factory = factory_id(settings)
    place = Place(factory, settings.project, settings.environment, tuple(expected(settings, entities)))
    installation = f"{settings.project}-{settings.environment}"
    name = diagnostic_setting_name(settings.project, settings.environment)
    yield Entity("diagnostic_setting", name, {"properties": _logs(monitoring)})
    if monitoring.alerts == "on":
        yield from _alerts(settings, monitoring, entities, place)
    yield _tracked(
        settings, "workbook", installation, workbook.properties(place, monitoring.workspace_id), kind="shared"
    )
    tiles = dashboard.properties(factory, _names(entities))
    title = {"hidden-title": f"Batch scoring: {settings.project} in {settings.environment}"}
    yield _tracked(settings, "dashboard", installation, tiles, more_tags=title)


def _logs(monitoring: Monitoring) -> dict[str, Any]:
    """Each log to a table of its own."""
    return {
        "workspaceId": monitoring.workspace_id,
        "logAnalyticsDestinationType": "Dedicated",
        "logs": [{"category": category, "enabled": True} for category in LOGS],
    }


def _alerts(
    settings: Settings, monitoring: Monitoring, entities: Sequence[Entity], place: Place
) -> Iterator[Entity]:
    installation = f"{settings.project}-{settings.environment}"
    group = resource_id(settings, "action_group", installation)
    receivers = alerts.action_group(monitoring.receivers, settings.project)
    yield _tracked(settings, "action_group", installation, receivers, location="global")
    rules = alerts.on_metrics(monitoring, _names(entities), factory=place.factory, group=group)
    for key, rule in rules:
        yield _tracked(settings, "metric_alert", f"{installation}-{_dashed(key)}", rule, location="global")
    told = Place(place.factory, place.project, place.environment, alerts.told_of(place.expected))
    if told.expected:
        rule = alerts.did_not_run(monitoring, told, group)
        name = f"{installation}-{_dashed('did_not_run')}"
        yield _tracked(settings, "log_alert", name, rule, kind="LogAlert")


def _names(entities: Sequence[Entity]) -> dict[str, list[str]]:
    """What metrics are of → the names of ours."""
    pipelines = [each for each in entities if each.kind == "pipeline"]
    timed = [each.name for each in pipelines if "elapsedTimeMetric" in each.properties.get("policy", {})]
    return {
        "pipeline": sorted(each.name for each in pipelines),
        "trigger": sorted(each.name for each in entities if each.kind == "trigger"),
        "timed_pipeline": sorted(timed),
    }


def _dashed(key: str) -> str:
    return key.replace("_", "-")


def _tracked(
    settings: Settings,
    kind_of: ResourceKind,
    name: str,
    properties: dict[str, Any],
    *,
    location: str | None = None,
    kind: str | None = None,
    more_tags: dict[str, str] | None = None,
) -> Entity:
    """A resource with a place and with our tags."""
    body = {
        "location": location or normal_location(settings.azure.location),
        "tags": tags(settings.project, settings.environment) | (more_tags or {}),
        **({} if kind is None else {"kind": kind}),
        "properties": properties,
    }
    return Entity(kind_of, name, body)


def normal_location(text: str) -> str:
    """`West Europe` as Resource Manager answers it: `westeurope`."""
    return text.replace(" ", "").lower()
