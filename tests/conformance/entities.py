"""The entities of a real factory's file, whatever its shape, and stand-ins for what they refer to.

A file is one entity as Git has it (`name`, `properties`), an ARM template, or a document that holds several.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.datafactory.known_types import DATASET_TYPES, LINKED_SERVICE_TYPES, TRIGGER_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.datafactory.models import EntityKind

_PARAMETER = re.compile(r"\[parameters\('(\w+)'\)\]")
_ORDER: tuple[EntityKind, ...] = ("linkedservices", "datasets", "pipelines", "triggers")
_LOCATION = {"type": "AzureBlobFSLocation", "fileSystem": "data", "folderPath": "in"}
LAKE = {"type": "AzureBlobFS", "typeProperties": {"url": "https://127.0.0.1:2/lake"}}
ML = {
    "type": "AzureMLService",
    "typeProperties": {"subscriptionId": "s", "resourceGroupName": "r", "mlWorkspaceName": "w"},
}
SQL = {"type": "AzureSqlDatabase", "typeProperties": {"server": "sql", "database": "d"}}
VAULT = {"type": "AzureKeyVault", "typeProperties": {"baseUrl": "https://v.vault.azure.net"}}

_SERVICES = {"AzureMLExecutePipeline": ML, "AzureKeyVaultSecret": VAULT}


@dataclass(frozen=True)
class Entity:
    kind: EntityKind
    name: str
    properties: dict[str, Any]


def entities(document: Any) -> list[Entity]:
    """In an order in which what is referred to comes first."""
    return sorted(_entities(document), key=lambda one: _ORDER.index(one.kind))


def _entities(document: Any) -> Iterator[Entity]:
    if isinstance(document, list):
        for one in document:
            yield from _entities(one)
    elif isinstance(document, dict):
        kind = _kind(document)
        if kind is not None:
            name = str(document["name"]).removesuffix("')]").rpartition("/")[2]
            yield Entity(kind, name, _filled(document["properties"], ()))
        else:
            for one in document.values():
                yield from _entities(one)


def _kind(document: dict[str, Any]) -> EntityKind | None:
    properties = document.get("properties")
    if not isinstance(properties, dict) or "name" not in document:
        return None
    if "activities" in properties:
        return "pipelines"
    known: tuple[tuple[EntityKind, frozenset[str]], ...] = (
        ("triggers", TRIGGER_TYPES),
        ("datasets", DATASET_TYPES),
        ("linkedservices", LINKED_SERVICE_TYPES),
    )
    return next((kind for kind, types in known if properties.get("type") in types), None)


def _filled(value: Any, path: tuple[str, ...]) -> Any:
    """With a template's parameters as a deployment over the lake would give them."""
    if isinstance(value, dict):
        return {key: _filled(one, (*path, key)) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, path) for one in value]
    match = _PARAMETER.fullmatch(value) if isinstance(value, str) else None
    return value if match is None else _argument(match[1], path)


def _argument(parameter: str, path: tuple[str, ...]) -> Any:
    if path[-2:] == ("storeSettings", "type"):
        return "AzureBlobFSWriteSettings" if "sink" in path else "AzureBlobFSReadSettings"
    return {"location": _LOCATION, "parameters": {}}.get(path[-1], parameter)


def stand_ins(found: list[Entity]) -> list[Entity]:
    """What the entities refer to and do not bring: of the kind that fits where it is named."""
    names = {(one.kind, one.name.lower()) for one in found}
    made: dict[tuple[str, str], Entity] = {}
    for entity in found:
        for one in _referred(entity.properties, LAKE, {"type": "Binary"}):
            if (one.kind, one.name.lower()) not in names:
                made.setdefault((one.kind, one.name.lower()), one)
    everything = sorted(made.values(), key=lambda one: _ORDER.index(one.kind))
    return [
        Entity("linkedservices", "stand_in_lake", LAKE),
        Entity("linkedservices", "stand_in_sql", SQL),
        *everything,
    ]


def _referred(value: Any, service: dict[str, Any], dataset: dict[str, Any]) -> Iterator[Entity]:
    """`service` and `dataset` are what a reference found here is likely to mean."""
    if isinstance(value, list):
        for one in value:
            yield from _referred(one, service, dataset)
    elif isinstance(value, dict):
        if "referenceName" in value:
            yield from _stand_in(value, service, dataset)
        service = _SERVICES.get(str(value.get("type")), service)
        if "AzureSqlSource" in str(value.get("source")):
            dataset = {"type": "AzureSqlTable"}
        for one in value.values():
            yield from _referred(one, service, dataset)


def _stand_in(reference: Any, service: dict[str, Any], dataset: dict[str, Any]) -> Iterator[Entity]:
    given = reference.get("parameters") or {}
    declared = {"parameters": {key: {"type": "Object"} for key in given}}
    bodies: dict[str, tuple[EntityKind, dict[str, Any]]] = {
        "LinkedServiceReference": ("linkedservices", service),
        "DatasetReference": ("datasets", _over(dataset)),
        "PipelineReference": ("pipelines", {"activities": []}),
    }
    if reference.get("type") in bodies:
        kind, body = bodies[reference["type"]]
        yield Entity(kind, str(reference["referenceName"]), body | declared)


def _over(dataset: dict[str, Any]) -> dict[str, Any]:
    is_table = dataset["type"] == "AzureSqlTable"
    name = "stand_in_sql" if is_table else "stand_in_lake"
    place = {"schema": "dbo", "table": "t"} if is_table else {"location": _LOCATION}
    service = {"referenceName": name, "type": "LinkedServiceReference"}
    return dataset | {"linkedServiceName": service, "typeProperties": place}
