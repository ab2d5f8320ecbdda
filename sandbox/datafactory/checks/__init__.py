"""What a PUT must satisfy: names, types, references, parameters, the graph of activities, schedules.

Each check raises on the first thing wrong, in the service's words where they are known. Nothing is stored
before all of them passed. What is legal in Azure and not run here raises `NotRun`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sandbox.datafactory.checks.datasets import check_dataset
from sandbox.datafactory.checks.linked_services import check_linked_service
from sandbox.datafactory.checks.names import check_entity_name
from sandbox.datafactory.checks.pipelines import check_pipeline
from sandbox.datafactory.checks.shapes import check_shape
from sandbox.datafactory.checks.triggers import check_trigger
from sandbox.datafactory.errors import BadRequest

if TYPE_CHECKING:
    from sandbox.datafactory.models import EntityKind, Json
    from sandbox.datafactory.view import View

_LARGEST: dict[EntityKind, int] = {
    "pipelines": 200 * 1024,
    "datasets": 100 * 1024,
    "linkedservices": 100 * 1024,
    "triggers": 200 * 1024,
}


def check(kind: EntityKind, name: str, properties: Json, view: View, existing: Json | None) -> Json:
    """The properties to store, normalised as the service does; raises `AzureError`."""
    if existing is None:
        check_entity_name(kind, name)
    if len(json.dumps(properties).encode()) > _LARGEST[kind]:
        raise BadRequest(
            f"'{name}' is larger than the {_LARGEST[kind] // 1024} KB that {kind} may have.", target=name
        )
    check_shape(kind, properties, name)
    view.check_references(properties, name, itself=(kind, name))
    match kind:
        case "pipelines":
            check_pipeline(name, properties, view)
        case "datasets":
            check_dataset(name, properties)
        case "linkedservices":
            return check_linked_service(name, properties)
        case "triggers":
            return check_trigger(name, properties, existing, view)
    return properties
