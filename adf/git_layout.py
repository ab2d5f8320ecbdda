"""The factory as files in Data Factory's own Git layout: what Studio reads from a repository. Pure.

    linkedService/NAME.json  dataset/NAME.json  pipeline/NAME.json  trigger/NAME.json
    factory/FACTORY.json
    publish_config.json  arm-template-parameters-definition.json

An entity's file is named as the entity, and holds `{"name", "properties"}`; a trigger's `runtimeState` is the
state that it should have. The definition of parameters makes Studio's export ask for what our template asks
for; Studio names the parameters of an activity in its own way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adf.arm_template import DIFFERS, RESOURCE_TYPES
from adf.entities import EndpointId, EndpointVersion, StartAtCreation, replaced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adf.arm_template import Known
    from adf.entities import Entity, Kind, Placeholder

FOLDERS: Final[dict[Kind, str]] = {
    "linked_service": "linkedService",
    "dataset": "dataset",
    "pipeline": "pipeline",
    "trigger": "trigger",
}
PUBLISH_CONFIG: Final = {"publishBranch": "adf_publish", "includeFactoryTemplate": False}
"""The factory itself stays out of Studio's template as it stays out of ours: it belongs to who made it."""


def documents(
    entities: Sequence[Entity], known: Known, *, factory: str, location: str
) -> dict[str, dict[str, Any]]:
    """Path → document. What `known` does not know is a text in angle brackets, to be replaced by hand."""
    return {
        **{f"{FOLDERS[each.kind]}/{each.name}.json": _document(each, known) for each in entities},
        f"factory/{factory}.json": _factory(factory, location),
        "publish_config.json": PUBLISH_CONFIG,
        "arm-template-parameters-definition.json": _parameters_definition(),
    }


def _document(entity: Entity, known: Known) -> dict[str, Any]:
    def told(placeholder: Placeholder) -> str:
        return known(entity, placeholder) or to_fill_in(placeholder)

    return {"name": entity.name, "properties": replaced(entity.properties, told) | entity.runtime_state}


def to_fill_in(placeholder: Placeholder) -> str:
    """What stands where nobody knows better: Data Factory takes it for no id, no version and no time."""
    match placeholder:
        case EndpointId(ml_pipeline):
            return f"<endpoint id of {ml_pipeline}>"
        case EndpointVersion(ml_pipeline):
            return f"<endpoint version of {ml_pipeline}>"
        case StartAtCreation():
            return "<start of the first window>"


def _factory(name: str, location: str) -> dict[str, Any]:
    """As `deploy` makes it where there is none: with an identity of its own, and nothing in it."""
    return {"name": name, "location": location, "identity": {"type": "SystemAssigned"}, "properties": {}}


def _parameters_definition() -> dict[str, Any]:
    """In Studio's own syntax: `=` keeps the value as default, `-` asks for one."""
    endpoint = {"mlPipelineEndpointId": "-::string", "version": "-::string"}
    differs = {kind: {"typeProperties": dict.fromkeys(keys, "=")} for kind, keys in DIFFERS.items()}
    of_kinds: dict[Kind, dict[str, Any]] = {
        "pipeline": {"properties": {"activities": [{"typeProperties": endpoint}]}},
        "linked_service": {"*": {"properties": differs["linked_service"]}},
        "trigger": {"properties": differs["trigger"]},
    }
    return {
        f"Microsoft.DataFactory/factories/{RESOURCE_TYPES[kind]}": said for kind, said in of_kinds.items()
    }
