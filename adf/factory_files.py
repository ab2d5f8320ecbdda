"""Files of a factory → entities, whoever wrote them: `git_layout` and `arm_template` read back. Pure.

    Git layout         KIND/NAME.json, `{"name", "properties"}`; the folder says the kind
    ARM template       resources of Microsoft.DataFactory/factories/…, parameters as their defaults say
    loose documents    `{"name", "properties"}` anywhere; alone, in lists, below keys; the body says the kind

An expression of a template whose value is not in it becomes `Unresolved`. Kinds of which nothing is checked
(data flows, integration runtimes, credentials …) are known and left alone.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeGuard

from adf.arm_template import RESOURCE_TYPES
from adf.entities import Entity, Kind, Unresolved
from adf.git_layout import FOLDERS
from adf.language import MAX_NESTING
from adf.problems import inside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Form = Literal["git", "template", "loose"]

_KIND_OF_FOLDER: Final = {folder: kind for kind, folder in FOLDERS.items()}
_KIND_OF_RESOURCE: Final = {name.casefold(): kind for kind, name in RESOURCE_TYPES.items()}
_NOT_CHECKED: Final = frozenset(
    {"dataflow", "integrationruntime", "credential", "managedvirtualnetwork", "managedprivateendpoint"}
)
"""Folders, and (with an s) resource types, of entities that no rule speaks of."""
_OTHER_TYPES: Final = frozenset({"MappingDataFlow", "Flowlet", "WranglingDataFlow", "Managed", "SelfHosted"})
_SUPPORT: Final = frozenset(
    {"publish_config.json", "arm-template-parameters-definition.json", "rendered.json", "package.json"}
)
"""What lies beside entities and is none."""
_PREFIX: Final = "microsoft.datafactory/factories/"
_PARAMETER: Final = re.compile(r"\[parameters\('((?:[^']|'')+)'\)\]")
_NAME: Final = re.compile(
    r"\[(?:concat\(parameters\('\w+'\), ?'/|format\('\{0\}/\{1\}', ?parameters\('\w+'\), ?')"
    r"((?:[^']|'')+)'\)\]"
)
_DEPLOYMENT: Final = "microsoft.resources/deployments"
_DEEPEST: Final = 3
"""Levels of keys and lists around a loose document."""


@dataclass(frozen=True)
class Found:
    """An entity, and the path in its file that leads to its properties."""

    entity: Entity
    path: str


@dataclass
class Contents:
    """What a file holds."""

    form: Form
    entities: list[Found] = field(default_factory=list)
    global_parameters: frozenset[str] | None = None
    recognised: bool = True
    """False: it is JSON, and nothing of a factory."""
    repeated: list[str] = field(default_factory=list)
    """Keys that stand twice in one object."""


class UnfitFile(ValueError):
    """A file that nobody should read, whatever it holds."""


def read(path: str, text: str) -> Contents:
    """`path` as seen from the factory's folder, with `/`. Raises json.JSONDecodeError and UnfitFile."""
    repeated: list[str] = []
    try:
        body = json.loads(text, object_pairs_hook=lambda pairs: _noting(pairs, repeated))
        too_deep = _is_deeper(body, MAX_NESTING)
    except RecursionError:
        too_deep = True
    except json.JSONDecodeError:
        raise
    except ValueError as error:  # a number of thousands of digits
        raise UnfitFile("holds a number that is too long to be one") from error
    if too_deep:
        raise UnfitFile(f"is nested deeper than {MAX_NESTING} levels")
    contents = _contents(path, body)
    contents.repeated = repeated
    return contents


def _is_deeper(body: object, levels: int) -> bool:
    inner = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inner)


def _noting(pairs: list[tuple[str, Any]], repeated: list[str]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        keys = [key for key, _ in pairs]
        repeated += sorted({key for key in keys if keys.count(key) > 1})
    return made


def _contents(path: str, body: object) -> Contents:
    *_, folder, name = ["", "", *path.split("/")]
    schema = str(body.get("$schema", "")) if isinstance(body, dict) else ""
    if name in _SUPPORT or "deploymentParameters.json" in schema or folder.casefold() in _NOT_CHECKED:
        return Contents("git" if folder.casefold() in _NOT_CHECKED else "loose")
    if isinstance(body, dict) and "deploymentTemplate.json" in schema:
        return _template(body)
    if folder in _KIND_OF_FOLDER and _is_document(body):
        return Contents("git", [_found(_KIND_OF_FOLDER[folder], body, "")])
    if folder == "factory" and _is_document(body):
        return Contents("git", global_parameters=_global_parameters(body["properties"]))
    found = list(_loose(body, "", _DEEPEST))
    return Contents("loose", [each for each in found if each is not None], recognised=bool(found))


def _is_document(body: object) -> TypeGuard[dict[str, Any]]:
    """A list of names alone is none: every entity has properties."""
    return (
        isinstance(body, dict)
        and isinstance(body.get("name"), str)
        and isinstance(body.get("properties"), dict)
    )


def _global_parameters(properties: Mapping[str, Any]) -> frozenset[str] | None:
    """None where the file does not speak of them: they may be deployed in another way."""
    said = properties.get("globalParameters")
    return frozenset(said) if isinstance(said, dict) else None


def _found(kind: Kind, document: Any, path: str) -> Found:  # noqa: ANN401 - JSON
    properties = dict(document["properties"])
    state = properties.get("runtimeState")
    started = state == "Started" if kind == "trigger" and isinstance(state, str) else None
    return Found(Entity(kind, document["name"], properties, started), inside(path, "properties"))


# ------------------------------------------------------------------------------------------- documents


def _loose(body: object, path: str, levels: int) -> Iterator[Found | None]:
    """Entities in a document; None for one of a kind that is known and not checked."""
    if _is_document(body):
        kind = _kind_of(body)
        if kind is not None:
            yield _found(kind, body, path) if kind != "other" else None
    elif levels and isinstance(body, dict):
        for key, value in body.items():
            yield from _loose(value, inside(path, key), levels - 1)
    elif levels and isinstance(body, list):
        for index, value in enumerate(body):
            yield from _loose(value, inside(path, index), levels - 1)


def _kind_of(document: Any) -> Kind | Literal["other"] | None:  # noqa: ANN401 - JSON
    """By its resource type where it says one, else by what only this kind has."""
    resource = str(document.get("type", "")).casefold()
    if resource.startswith(_PREFIX):
        return _KIND_OF_RESOURCE.get(resource.removeprefix(_PREFIX), "other")
    return _kind_of_properties(document["properties"])


def _kind_of_properties(properties: dict[str, Any]) -> Kind | Literal["other"] | None:
    type_ = str(properties.get("type", ""))
    if isinstance(properties.get("activities"), list):
        return "pipeline"
    if type_.endswith("Trigger"):
        return "trigger"
    if "linkedServiceName" in properties:
        return "dataset"
    if "globalParameters" in properties or type_ in _OTHER_TYPES:
        return "other"
    return "linked_service" if type_ and "typeProperties" in properties else None


# ------------------------------------------------------------------------------------------- ARM templates


def _template(body: dict[str, Any]) -> Contents:
    return Contents("template", list(_entities(body, "", {})))


def _entities(template: Mapping[str, Any], path: str, given: Mapping[str, Any]) -> Iterator[Found]:
    """Those of a template, and of the templates that stand in it; `given` are parameters from around it."""
    values = {**_said(template.get("parameters"), "defaultValue"), **given}
    for here, type_, resource in _resources(template, path):
        properties = resource.get("properties")
        kind = _KIND_OF_RESOURCE.get(type_.removeprefix(_PREFIX)) if type_.startswith(_PREFIX) else None
        if not isinstance(properties, dict):
            continue
        if kind is not None:
            name, filled_in = _resource_name(resource.get("name")), _filled_in(properties, values)
            yield _found(kind, {"name": name, "properties": filled_in}, here)
        elif type_ == _DEPLOYMENT and isinstance(inner := properties.get("template"), dict):
            within = inside(inside(here, "properties"), "template")
            yield from _entities(inner, within, _said(properties.get("parameters"), "value"))


def _said(parameters: object, key: str) -> dict[str, Any]:
    said = parameters.items() if isinstance(parameters, dict) else ()
    return {name: each[key] for name, each in said if isinstance(each, dict) and each.get(key) is not None}


def _resources(
    holder: Mapping[str, Any], path: str, around: str = ""
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Path, whole type and resource: in a list, or below symbolic names as Bicep writes them. A child may
    stand in its parent, and then says the rest of its type only.
    """
    held = holder.get("resources")
    listed = held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ()
    for key, resource in listed:
        if isinstance(resource, dict):
            here, type_ = inside(inside(path, "resources"), key), f"{around}{resource.get('type')}".casefold()
            yield here, type_, resource
            yield from _resources(resource, here, f"{type_}/")


def _resource_name(name: object) -> str:
    """`[concat(parameters('factoryName'), '/NAME')]`, Bicep's `[format('{0}/{1}', …)]`, or `FACTORY/NAME`."""
    text = str(name)
    if match := _NAME.fullmatch(text):
        return match[1].replace("''", "'")
    return Unresolved(text) if text.startswith("[") else text.rpartition("/")[2]


def _filled_in(body: Any, defaults: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """What `arm_template` writes, the other way round."""
    if isinstance(body, dict):
        return {_unescaped(key): _filled_in(value, defaults) for key, value in body.items()}
    if isinstance(body, list):
        return [_filled_in(value, defaults) for value in body]
    if not isinstance(body, str) or not (body.startswith("[") and body.endswith("]")):
        return body
    if body.startswith("[["):
        return _unescaped(body)
    match = _PARAMETER.fullmatch(body)
    name = match[1].replace("''", "'") if match else ""
    return _filled_in(defaults[name], {}) if name in defaults else Unresolved(body)


def _unescaped(text: str) -> str:
    return text[1:] if text.startswith("[[") and text.endswith("]") else text
