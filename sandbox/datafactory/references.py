"""Who refers to whom: any object with `referenceName` and a `type` that ends in `Reference`, at any depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.datafactory.models import EntityKind, JsonValue

REFERENCE_KINDS: dict[str, EntityKind] = {
    "LinkedServiceReference": "linkedservices",
    "DatasetReference": "datasets",
    "PipelineReference": "pipelines",
    "TriggerReference": "triggers",
}

# References to what the local Azure has none of.
FOREIGN_REFERENCES = frozenset(
    {
        "DataFlowReference",
        "IntegrationRuntimeReference",
        "CredentialReference",
        "ManagedVirtualNetworkReference",
    }
)

# Every factory has this integration runtime, and it is where everything here runs.
AUTO_RESOLVE = "autoresolveintegrationruntime"


@dataclass(frozen=True)
class Reference:
    name: str
    type: str

    @property
    def kind(self) -> EntityKind | None:
        """The kind of entity it points to; None where the local Azure has no such kind."""
        return REFERENCE_KINDS.get(self.type)


def references(value: JsonValue) -> Iterator[Reference]:
    """Every reference inside a JSON value, in document order. A name that is an expression counts as empty:

    the service takes references literally and reports the invalid reference ''.
    """
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        kind = value.get("type")
        if "referenceName" in value and isinstance(kind, str) and kind.endswith("Reference"):
            name = value["referenceName"]
            yield Reference(name if isinstance(name, str) and not name.startswith("@") else "", kind)
        for item in value.values():
            yield from references(item)
