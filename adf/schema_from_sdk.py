"""Write adf/schema.json from the wire types of the Data Factory SDK: `python -m adf.schema_from_sdk`.

The SDK's model classes cannot author a factory, but it brings an independent description of what goes over
the wire: `azure.mgmt.datafactory.types`, one TypedDict a shape, with the discriminators that the classes get
wrong. This turns it into a JSON schema, restricted to the kinds of entities that we generate. Everything else
(a secret, an activity that nobody here writes) is not in the schema, and so is refused. A test keeps the file
equal to what this module writes.
"""

from __future__ import annotations

import enum
import json
import typing
from pathlib import Path
from types import UnionType
from typing import Any, Literal

SCHEMA = Path(__file__).with_name("schema.json")

ROOTS = {
    "linked_service": "LinkedService",
    "dataset": "Dataset",
    "pipeline": "Pipeline",
    "trigger": "Trigger",
}
KINDS = {
    *("AzureMLService", "AzureBlobFS", "AzureSqlDatabase"),
    *("Json", "Parquet", "DelimitedText", "AzureBlobFSLocation", "AzureSqlTable"),
    *("AzureMLExecutePipeline", "Lookup", "IfCondition", "Fail", "Copy", "Script", "WebActivity"),
    *(
        "ParquetSource",
        "ParquetReadSettings",
        "DelimitedTextSource",
        "DelimitedTextReadSettings",
        "AzureSqlSink",
    ),
    *("JsonSource", "AzureBlobFSReadSettings", "JsonReadSettings"),
    *("ScheduleTrigger", "TumblingWindowTrigger", "BlobEventsTrigger"),
    *("TumblingWindowTriggerDependencyReference", "SelfDependencyTumblingWindowTriggerReference"),
}
"""The values of `type` that our entities have, where a shape has several kinds."""

SCALARS = {str: "string", bool: "boolean", int: "integer", float: "number"}

Schema = dict[str, Any] | bool


def main() -> None:
    SCHEMA.write_text(rendered())


def rendered() -> str:
    """The file's text."""
    return json.dumps(build(), indent=1, sort_keys=True) + "\n"


def build() -> dict[str, Any]:
    """The schema: a definition for each kind of entity, and for each shape that one is made of."""
    shapes = _Shapes(_sdk_names())
    for kind, name in ROOTS.items():
        shapes.definitions[kind] = shapes.schema_of(shapes.names[name])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": shapes.definitions}


def _sdk_names() -> dict[str, Any]:
    """What the types' forward references may name: shapes, unions of shapes, enumerations."""
    from azure.mgmt.datafactory import models
    from azure.mgmt.datafactory import types as wire

    enumerations = {name: value for name, value in vars(models).items() if _is_enumeration(value)}
    return {**vars(wire), **enumerations}


def _is_enumeration(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, enum.Enum)


def _is_shape(value: object) -> bool:
    return isinstance(value, type) and hasattr(value, "__required_keys__")


class _Shapes:
    """The schema of types, collecting on the way the definitions of the shapes they refer to."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names
        self.definitions: dict[str, Schema] = {}

    def schema_of(self, wanted: Any) -> Schema:  # noqa: ANN401 - any type annotation
        origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
        if wanted is Any:
            return True
        if origin is Literal:
            return {"enum": [getattr(value, "value", value) for value in arguments]}
        if origin in (typing.Union, UnionType):
            return self._union(arguments)
        if origin in (list, dict):
            kind, items = ("array", "items") if origin is list else ("object", "additionalProperties")
            return {"type": kind, items: self.schema_of(arguments[-1])}
        return {"type": SCALARS[wanted]} if wanted in SCALARS else self._reference(wanted)

    def _union(self, members: tuple[Any, ...]) -> Schema:
        """An open enumeration is closed here; of kinds only ours are kept, and none at all is refused."""
        if enumerations := [member for member in members if _is_enumeration(member)]:
            return {"enum": [value.value for each in enumerations for value in each]}
        if not all(_is_shape(member) for member in members):
            return {"anyOf": [self.schema_of(member) for member in members]}
        kept = [self._reference(member) for member in members if KINDS & _types_of(member, self.names)]
        return {"anyOf": kept} if len(kept) > 1 else kept[0] if kept else False

    def _reference(self, shape: type) -> Schema:
        if shape.__name__ not in self.definitions:
            self.definitions[shape.__name__] = False  # a shape may contain itself
            self.definitions[shape.__name__] = self._object(shape)
        return {"$ref": f"#/$defs/{shape.__name__}"}

    def _object(self, shape: type) -> Schema:
        hints = typing.get_type_hints(shape, localns=self.names)
        return {
            "type": "object",
            "properties": {key: self.schema_of(hint) for key, hint in hints.items()},
            "required": sorted(_required(shape, self.names)),
            "additionalProperties": False,
        }


def _required(shape: type, names: dict[str, Any]) -> list[str]:
    """What is marked as such. `__required_keys__` has more where a shape was not declared `total=False`."""
    hints = typing.get_type_hints(shape, localns=names, include_extras=True)
    return [key for key, hint in hints.items() if typing.get_origin(hint) is typing.Required]


def _types_of(shape: type, names: dict[str, Any]) -> set[str]:
    """The values that a shape's `type` may have."""
    wanted = typing.get_type_hints(shape, localns=names).get("type")
    return {str(getattr(value, "value", value)) for value in typing.get_args(wanted)}


if __name__ == "__main__":
    main()
