"""What a check may look at: the other entities of the same factory, and where the lake is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.datafactory.errors import InvalidReference, NotRun
from sandbox.datafactory.references import AUTO_RESOLVE, FOREIGN_REFERENCES, references

if TYPE_CHECKING:
    from sandbox.datafactory.models import EntityKind, FactoryId, Json
    from sandbox.store import Store


@dataclass(frozen=True)
class View:
    store: Store
    factory: FactoryId
    lake_url: str

    def properties(self, kind: EntityKind, name: str) -> Json | None:
        """An entity's properties, or None."""
        found = self.store.get(self.factory.scope, kind, name)
        return None if found is None else dict(found["properties"])

    def referenced(self, kind: EntityKind, reference: object, target: str) -> Json:
        """The properties that a reference object points to; raises `InvalidReference`."""
        name = reference.get("referenceName") if isinstance(reference, dict) else None
        found = self.properties(kind, name) if isinstance(name, str) else None
        if found is None:
            raise InvalidReference(name if isinstance(name, str) else "", target=target)
        return found

    def check_references(self, properties: Json, target: str, *, itself: tuple[EntityKind, str]) -> None:
        """Every reference points to what exists; one's own name counts (a trigger may depend on itself)."""
        for one in references(properties):
            if one.kind is None:
                _check_foreign(one.type, one.name)
            elif (one.kind, one.name.lower()) != (itself[0], itself[1].lower()) and (
                not one.name or self.properties(one.kind, one.name) is None
            ):
                raise InvalidReference(one.name, target=target)


def _check_foreign(kind: str, name: str) -> None:
    if kind == "IntegrationRuntimeReference" and name.lower() == AUTO_RESOLVE:
        return
    if kind in FOREIGN_REFERENCES:
        raise NotRun(f"The {kind} '{name}'")
