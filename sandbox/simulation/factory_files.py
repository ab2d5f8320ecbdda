"""A folder in Data Factory's Git layout, written into the local factory through the checks of any PUT."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sandbox.datafactory.conditions import Conditions
from sandbox.datafactory.errors import InvalidReference
from sandbox.errors import AzureError
from sandbox.simulation.errors import BadFactory

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.datafactory.models import EntityKind, FactoryId, Json, JsonValue
    from sandbox.datafactory.service import Service

_FOLDERS: dict[str, EntityKind] = {
    "linkedService": "linkedservices",
    "dataset": "datasets",
    "pipeline": "pipelines",
    "trigger": "triggers",
}
EVENTS = "BlobEventsTrigger"
_Written = tuple["Path", "EntityKind", "Json"]


def write(service: Service, factory: FactoryId, folder: Path) -> list[str]:
    """The names of its triggers, in order. Raises `BadFactory`.

    Entities come in whatever order their references allow.
    """
    open_files = list(_read(folder))
    if not any(kind == "triggers" for _, kind, _ in open_files):
        raise BadFactory(folder, "it has no trigger/*.json, so that nothing would ever fire")
    triggers = sorted(str(body["name"]) for _, kind, body in open_files if kind == "triggers")
    _put_factory(service, factory, folder / "factory")
    while open_files:
        refused = [(one, error) for one in open_files if (error := _put(service, factory, one)) is not None]
        if len(refused) == len(open_files):
            (file, _, _), error = refused[0]
            raise BadFactory(file, error.message)
        open_files = [one for one, _ in refused]
    return triggers


def _read(folder: Path) -> list[_Written]:
    return [
        (file, kind, _document(file))
        for name, kind in _FOLDERS.items()
        for file in sorted((folder / name).glob("*.json"))
    ]


def _document(file: Path) -> Json:
    body = _json(file)
    if not isinstance(body, dict) or not isinstance(body.get("properties"), dict) or not body.get("name"):
        raise BadFactory(file, "it needs a 'name' and 'properties', as Studio writes them")
    return body


def _json(file: Path) -> JsonValue:
    try:
        body: JsonValue = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise BadFactory(file, f"it is no JSON: {error}") from error
    return body


def _put(service: Service, factory: FactoryId, one: _Written) -> AzureError | None:
    """The refusal for want of another entity, which may come yet; any other is final."""
    file, kind, body = one
    try:
        service.entities.put(
            factory, kind, str(body["name"]), {"properties": body["properties"]}, Conditions()
        )
    except InvalidReference as missing:
        return missing
    except AzureError as refusal:
        raise BadFactory(file, refusal.message) from refusal
    return None


def _put_factory(service: Service, factory: FactoryId, folder: Path) -> None:
    """Global parameters are all that a rehearsal needs of the factory's own file."""
    body: Json = {"location": "rehearsal", "identity": {"type": "SystemAssigned"}, "properties": {}}
    place = folder
    for place in sorted(folder.glob("*.json")):
        match _json(place):
            case {"properties": {"globalParameters": parameters}}:
                body["properties"]["globalParameters"] = parameters
    try:
        service.factories.put(factory, body, Conditions())
    except AzureError as refusal:
        raise BadFactory(place, refusal.message) from refusal
