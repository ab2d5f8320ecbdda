"""A release as what should exist: `deploy --release N` plans and applies it like any configuration. Pure.

The ML pipelines are versions of endpoints that are there already, so nothing is published. Bodies pin those
versions themselves. A model that was scored with its newest approved version is pinned to the version that
the release had, where a newer one is approved by now: going back to a release is going back to its model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adf.entities import Entity
from adf.pipelines import score_name
from deployment.errors import OtherWorkspaceError
from deployment.resources import Desired, Owner, Pinned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.schema import Settings
    from deployment.releases import Release

MOVING = ("approved", "latest")
WORKSPACE = "AzureMLService"


def build(settings: Settings, release: Release, newest: Mapping[str, str]) -> Desired:
    """What existed after the release. `newest` says which version each model would score with now.

    Raises OtherWorkspaceError.
    """
    _refuse_other_workspace(settings, release)
    pins = {
        score_name(each["model"]): each["version"]
        for each in release.models
        if newest.get(each["model"]) != each["version"]
    }
    return Desired(
        Owner(settings.project, settings.environment),
        settings.data_factory.name,
        settings.azure.location,
        tuple(Pinned(**each) for each in release.ml_pipelines),
        tuple(_entity(each, pins) for each in release.entities),
        keep_versions=settings.machine_learning.keep_versions,
    )


def _refuse_other_workspace(settings: Settings, release: Release) -> None:
    """Versions of endpoints are of their workspace: under the same numbers another one has other content."""
    configured = settings.machine_learning.workspace
    for each in release.entities:
        if each["kind"] == "linked_service" and each["properties"].get("type") == WORKSPACE:
            then = each["properties"]["typeProperties"]["mlWorkspaceName"]
            if then.casefold() != configured.casefold():
                raise OtherWorkspaceError(release.number, then, configured)


def _entity(recorded: Mapping[str, Any], pins: Mapping[str, str]) -> Entity:
    kind, name, properties = recorded["kind"], recorded["name"], recorded["properties"]
    if kind == "pipeline" and name in pins:
        properties = _pinned(properties, pins[name])
    return Entity(kind, name, properties, started=recorded.get("started"))


def _pinned(properties: dict[str, Any], version: str) -> dict[str, Any]:
    parameters = properties.get("parameters") or {}
    declared = parameters.get("model_version") or {}
    if declared.get("defaultValue") not in MOVING:
        return properties
    return properties | {"parameters": parameters | {"model_version": declared | {"defaultValue": version}}}
