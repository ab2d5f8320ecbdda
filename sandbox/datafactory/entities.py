"""Pipelines, datasets, linked services and triggers as documents: written after their checks, with etags."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from sandbox.datafactory.checks import check
from sandbox.datafactory.errors import BadRequest, NotFound, Referenced, TriggerEnabledCannotUpdate
from sandbox.datafactory.models import KINDS, EntityKind, FactoryId, Json
from sandbox.datafactory.references import references
from sandbox.datafactory.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.datafactory.conditions import Conditions
    from sandbox.store import Store

_SINGULAR: dict[EntityKind, str] = {
    "pipelines": "pipeline",
    "datasets": "dataset",
    "linkedservices": "linked service",
    "triggers": "trigger",
}


class Entities:
    """The contents of all factories. Bodies are kept as sent, but for `runtimeState` and secrets."""

    def __init__(self, store: Store, lake_url: str) -> None:
        self._store = store
        self._lake_url = lake_url

    def view(self, factory: FactoryId) -> View:
        return View(self._store, factory, self._lake_url)

    def list(self, factory: FactoryId, kind: EntityKind) -> list[Json]:
        return [_rendered(factory, kind, one) for one in self._store.list(factory.scope, kind)]

    def get(self, factory: FactoryId, kind: EntityKind, name: str) -> Json:
        """The entity as the API shows it; raises `NotFound`."""
        return _rendered(factory, kind, self._document(factory, kind, name))

    def put(
        self, factory: FactoryId, kind: EntityKind, name: str, body: Json, conditions: Conditions
    ) -> Json:
        with self._store.transaction():
            existing = self._store.get(factory.scope, kind, name)
            conditions.check(name, None if existing is None else existing["etag"])
            if existing is not None and kind == "triggers" and _started(existing):
                raise TriggerEnabledCannotUpdate
            properties = body.get("properties")
            if not isinstance(properties, dict):
                raise BadRequest("The request content must have 'properties'.", target=name)
            properties = check(kind, name, properties, self.view(factory), existing)
            document: Json = {
                "name": name if existing is None else existing["name"],
                "properties": properties,
                "etag": str(uuid.uuid4()),
            }
            self._forget_references(factory, kind, existing)
            self._store.put(factory.scope, kind, name, document)
            for one in references(properties):
                if one.kind is not None:
                    referrer = {"kind": kind, "name": document["name"]}
                    self._store.put(*_referrer(factory, one.kind, one.name, kind, name), referrer)
        return _rendered(factory, kind, document)

    def delete(self, factory: FactoryId, kind: EntityKind, name: str) -> bool:
        """False when there was none; raises `Referenced`, naming one referrer."""
        with self._store.transaction():
            existing = self._store.get(factory.scope, kind, name)
            if existing is None:
                return False
            if kind == "triggers" and _started(existing):
                raise TriggerEnabledCannotUpdate
            for referrer in self._referrers(factory, kind, name):
                raise Referenced(factory, kind, existing["name"], referrer)
            self._forget_references(factory, kind, existing)
            return self._store.delete(factory.scope, kind, name)

    def delete_all(self, factory: FactoryId) -> None:
        """With the factory: no order, no conditions."""
        for kind in KINDS:
            for document in self._store.list(factory.scope, kind):
                self._forget_references(factory, kind, document)
                self._store.delete(factory.scope, kind, document["name"])

    def set_runtime_state(self, factory: FactoryId, trigger: str, state: str) -> Json:
        """Start or stop; the etag changes as with any write."""
        document = self._document(factory, "triggers", trigger)
        document["properties"]["runtimeState"] = state
        document["etag"] = str(uuid.uuid4())
        self._store.put(factory.scope, "triggers", trigger, document)
        return document

    def _document(self, factory: FactoryId, kind: EntityKind, name: str) -> Json:
        found = self._store.get(factory.scope, kind, name)
        if found is None:
            raise NotFound(
                f"The document could not be retrieved: there is no {_SINGULAR[kind]} '{name}' in factory "
                f"'{factory.name}'.",
                target=name,
            )
        return found

    def _referrers(self, factory: FactoryId, kind: EntityKind, name: str) -> Iterator[str]:
        """Who refers to it, itself aside (a tumbling window trigger may depend on itself)."""
        scope, document_kind, _ = _referrer(factory, kind, name, kind, name)
        for one in self._store.list(scope, document_kind):
            if (one["kind"], one["name"].lower()) != (kind, name.lower()):
                yield str(one["name"])

    def _forget_references(self, factory: FactoryId, kind: EntityKind, existing: Json | None) -> None:
        if existing is None:
            return
        for one in references(existing["properties"]):
            if one.kind is not None:
                self._store.delete(*_referrer(factory, one.kind, one.name, kind, existing["name"]))


def _referrer(
    factory: FactoryId, to_kind: EntityKind, to: str, from_kind: EntityKind, referrer: str
) -> tuple[str, str, str]:
    """Where it is kept that one entity refers to another: found from the one referred to."""
    return f"{factory.scope}/{to_kind}/{to}", "referrers", f"{from_kind}/{referrer}"


def _started(trigger: dict[str, Any]) -> bool:
    return bool(trigger["properties"].get("runtimeState") == "Started")


def _rendered(factory: FactoryId, kind: EntityKind, document: Json) -> Json:
    return {
        "id": f"{factory.resource_id}/{kind}/{document['name']}",
        "name": document["name"],
        "type": f"Microsoft.DataFactory/factories/{kind}",
        "properties": document["properties"],
        "etag": document["etag"],
    }
