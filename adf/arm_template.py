"""The factory as an Azure Resource Manager template, as Studio exports one. Pure.

    entities ──► template      ARMTemplateForFactory.json
             └─► values_file   ARMTemplateParametersForFactory.json: what this environment gives it

A value that differs from environment to environment is a parameter with this environment's as its default;
what only Azure ML can tell (an endpoint's id, the pinned version), or only the live trigger (a start that is
left open), is a parameter without one. There is no secret, so there is no `secureString`.

Names are exactly `[concat(parameters('factoryName'), '/NAME')]`: Microsoft's pre- and post-deployment script
cuts them out by position, and deletes from the factory what it cannot find. The factory is not in the
template: its Git link, identity, tags and global parameters are not ours.

Known drawback: one template, so Resource Manager's limits hold (256 parameters, 800 resources, 4 MB); more
is an error. Linked templates need a storage account to be deployed from, and the first limit holds there too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from adf.entities import EndpointId, EndpointVersion, Entity, Kind, Placeholder, StartAtCreation, replaced
from adf.monitor.alerts import told
from adf.monitor.kinds import TYPES, azure_name, encoded
from adf.walk import REFERENCE_KINDS, references

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from adf.entities import ResourceKind

    Known = Callable[[Entity, Placeholder], str | None]
    """What a placeholder of an entity stands for; None where nobody knows yet."""

SCHEMAS: Final = "https://schema.management.azure.com/schemas/2019-04-01"
RESOURCE_TYPES: Final[dict[Kind, str]] = {
    "linked_service": "linkedServices",
    "dataset": "datasets",
    "pipeline": "pipelines",
    "trigger": "triggers",
}
"""Below `Microsoft.DataFactory/factories/`, in the template's spelling."""
DIFFERS: Final[dict[Kind, tuple[str, ...]]] = {
    "linked_service": ("url", "subscriptionId", "resourceGroupName", "mlWorkspaceName", "server", "database"),
    "trigger": ("scope",),
}
"""The type properties that say where an environment lives."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of the template; in a body, it stands where its value belongs."""

    name: str
    description: str
    default: str | None = None
    """None: it must be given."""
    value: str | None = None
    """What this environment gives it; None where nobody knows yet."""

    @property
    def definition(self) -> dict[str, Any]:
        default = {} if self.default is None else {"defaultValue": _literal(self.default)}
        return {"type": "string", **default, "metadata": {"description": self.description}}


def parameters(entities: Sequence[Entity], known: Known, *, factory: str) -> list[Parameter]:
    """Every parameter once, the factory's name first, then in the order of the entities."""
    name = Parameter("factoryName", "The data factory that is deployed to.", factory, factory)
    found = [name, *(each for entity in entities for each in _parameters_in(_parameterised(entity, known)))]
    return list({each.name: each for each in found}.values())


def template(
    entities: Sequence[Entity], known: Known, *, factory: str, metadata: Mapping[str, str]
) -> dict[str, Any]:
    """The template. `metadata` is for whoever reads it: it is deployed nowhere."""
    definitions = {each.name: each.definition for each in parameters(entities, known, factory=factory)}
    together = {(each.kind, each.name.casefold()): each for each in entities}
    return {
        "$schema": f"{SCHEMAS}/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "metadata": _written(dict(metadata)),
        "parameters": definitions,
        "variables": {"factoryId": "[concat('Microsoft.DataFactory/factories/', parameters('factoryName'))]"},
        "resources": [_resource(each, known, together) for each in entities],
    }


def values_file(entities: Sequence[Entity], known: Known, *, factory: str) -> dict[str, Any]:
    """The values that are known. Resource Manager asks for what is left out and has no default."""
    given = {each.name: each.value for each in parameters(entities, known, factory=factory)}
    return {
        "$schema": f"{SCHEMAS}/deploymentParameters.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {name: {"value": value} for name, value in given.items() if value is not None},
    }


def _resource(entity: Entity, known: Known, together: Mapping[tuple[Kind, str], Entity]) -> dict[str, Any]:
    properties = _written(_parameterised(entity, known))
    return {
        "name": f"[concat(parameters('factoryName'), '/{_quoted(entity.name)}')]",
        "type": f"Microsoft.DataFactory/factories/{RESOURCE_TYPES[entity.kind]}",
        "apiVersion": "2018-06-01",
        "properties": properties | entity.runtime_state,
        "dependsOn": [_id(each) for each in _needed(entity, together)],
    }


def _needed(entity: Entity, together: Mapping[tuple[Kind, str], Entity]) -> list[Entity]:
    """The other entities of the template that this one refers to, each once; those of others are there."""
    referred = (_referred(reference) for _, reference in references(entity.properties))
    found = (together.get(key) for key in referred if key is not None)
    return list({str(each): each for each in found if each is not None and each is not entity}.values())


def _referred(reference: Mapping[str, Any]) -> tuple[Kind, str] | None:
    kind = REFERENCE_KINDS.get(reference.get("type", ""))
    return None if kind is None else (kind, str(reference["referenceName"]).casefold())


def _id(entity: Entity) -> str:
    return f"[concat(variables('factoryId'), '/{RESOURCE_TYPES[entity.kind]}/{_quoted(entity.name)}')]"


# ------------------------------------------------------------------------------------------- monitoring


def beside(resources: Sequence[Entity], *, factory: str, metadata: Mapping[str, str]) -> dict[str, Any]:
    """A template of its own for what watches the factory: it is deployed once that is there.

    It has no parameters: queries and screens name this environment in the middle of their texts.
    """
    return {
        "$schema": f"{SCHEMAS}/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "metadata": _written(dict(metadata)),
        "parameters": {},
        "resources": [_beside(each, factory) for each in resources],
    }


def _beside(resource: Entity, factory: str) -> dict[str, Any]:
    kind = cast("ResourceKind", resource.kind)
    scope = {"scope": f"Microsoft.DataFactory/factories/{factory}"} if kind == "diagnostic_setting" else {}
    group = TYPES["action_group"].name
    return {
        "name": azure_name(kind, resource.name),
        "type": TYPES[kind].name,
        "apiVersion": TYPES[kind].api_version,
        **scope,
        **_written(encoded(resource.properties)),
        "dependsOn": [f"[resourceId('{group}', '{_quoted(name)}')]" for name in told(resource)],
    }


# ------------------------------------------------------------------------------------------- parameters


def _parameterised(entity: Entity, known: Known) -> dict[str, Any]:
    """The entity's properties, with a Parameter wherever the template takes one."""
    body = replaced(entity.properties, lambda placeholder: _required(entity, placeholder, known))
    differs = DIFFERS.get(entity.kind, ())
    type_properties = {
        key: _overridable(entity, key, value) if key in differs and isinstance(value, str) else value
        for key, value in body.get("typeProperties", {}).items()
    }
    return body | ({"typeProperties": type_properties} if type_properties else {})


def _overridable(entity: Entity, key: str, value: str) -> Parameter:
    name = _parameter_name(entity.name, key)
    return Parameter(name, f"{key} of {entity.name}.", default=value, value=value)


def _required(entity: Entity, placeholder: Placeholder, known: Known) -> Parameter:
    match placeholder:
        case EndpointId(ml_pipeline):
            name = _parameter_name(ml_pipeline, "mlPipelineEndpointId")
            story = f"The id of the Azure ML pipeline endpoint {ml_pipeline}."
        case EndpointVersion(ml_pipeline):
            name = _parameter_name(ml_pipeline, "version")
            story = f"The version of the Azure ML pipeline endpoint {ml_pipeline} that runs."
        case StartAtCreation():
            name = _parameter_name(entity.name, "startTime")
            story = f"Where the first window of {entity.name} starts: it runs every window since, at once."
    return Parameter(name, story, value=known(entity, placeholder))


def _parameter_name(of: str, key: str) -> str:
    """Studio's way of naming them."""
    return f"{of}_properties_typeProperties_{key}"


def _parameters_in(body: object) -> Iterator[Parameter]:
    match body:
        case Parameter():
            yield body
        case dict():
            for value in body.values():
                yield from _parameters_in(value)
        case list():
            for value in body:
                yield from _parameters_in(value)


# ------------------------------------------------------------------------------------------- expressions


def _written(body: Any) -> Any:  # noqa: ANN401 - JSON
    """A body as a template says it: parameters as expressions, and no other string taken for one."""
    match body:
        case Parameter(name):
            return f"[parameters('{_quoted(name)}')]"
        case str():
            return _literal(body)
        case dict():
            return {_literal(key): _written(value) for key, value in body.items()}
        case list():
            return [_written(value) for value in body]
    return body


def _literal(text: str) -> str:
    """A string between [ and ] would be an expression; one that only begins with [ must stay as it is.

    See "Escape characters" in Azure's "Syntax and expressions in ARM templates".
    """
    return f"[{text}" if text.startswith("[") and text.endswith("]") else text


def _quoted(text: str) -> str:
    return text.replace("'", "''")
