"""Factories as Resource Manager resources: a location, tags, an identity, global parameters."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from sandbox.datafactory.checks.names import check_factory_name
from sandbox.datafactory.errors import BadRequest, FactoryNotFound, NotRun
from sandbox.datafactory.models import FactoryId, Json, JsonValue, wire_instant
from sandbox.datafactory.parameters import normal_type
from sandbox.datafactory.values import require_object
from sandbox.identity import TENANT, object_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.context import Context
    from sandbox.datafactory.conditions import Conditions

_KIND = "factories"


class Factories:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store

    def get(self, factory: FactoryId) -> Json:
        """The factory's document; raises `FactoryNotFound`."""
        found = self._store.get(*_place(factory))
        if found is None:
            raise FactoryNotFound(factory)
        return found

    def resolve(self, factory: FactoryId) -> FactoryId:
        """The same factory in the letters of its creation; raises `FactoryNotFound`."""
        return factory_id(self.get(factory))

    def list(self, subscription: str, resource_group: str | None = None) -> list[Json]:
        found = self._store.list(f"/subscriptions/{subscription}", _KIND)
        if resource_group is None:
            return found
        group = resource_group.lower()
        return [one for one in found if factory_id(one).resource_group.lower() == group]

    def everywhere(self) -> Iterator[FactoryId]:
        for subscription in self._store.list("/", "subscriptions"):
            yield from map(factory_id, self.list(subscription["subscriptionId"]))

    def put(self, factory: FactoryId, body: Json, conditions: Conditions) -> Json:
        check_factory_name(factory.name)
        existing = self._store.get(*_place(factory))
        conditions.check(factory.name, None if existing is None else existing["eTag"])
        if existing is not None:
            factory = factory_id(existing)
        created = (
            existing["properties"]["createTime"] if existing else wire_instant(self._context.clock.now())
        )
        document = self._document(factory, body, created)
        self._store.put(*_place(factory), document)
        return document

    def patch(self, factory: FactoryId, body: Json) -> Json:
        """Tags and identity only, as the API has it."""
        document = self.get(factory)
        if "tags" in body:
            document["tags"] = body["tags"]
        if "identity" in body:
            document["identity"] = _identity(factory_id(document), body["identity"])
        document["eTag"] = _etag()
        self._store.put(*_place(factory), document)
        return document

    def delete(self, factory: FactoryId) -> bool:
        """The resource alone; False when there was none."""
        return self._store.delete(*_place(factory))

    def token(self, factory: FactoryId, audience: str) -> str | None:
        """A token of the factory's managed identity; None where it has none, or is deleted."""
        found = self._store.get(*_place(factory)) or {}
        if "SystemAssigned" not in (found.get("identity") or {}).get("type", ""):
            return None
        return self._context.identity.issue(audience, subject=factory.scope)

    def _document(self, factory: FactoryId, body: Json, created: str) -> Json:
        location = body.get("location")
        if not isinstance(location, str) or not location.strip():
            raise BadRequest("The location property is required for this definition.", target="location")
        sent = body.get("properties") or {}
        if "repoConfiguration" in sent:
            raise NotRun("A factory's repoConfiguration (Git)")
        properties: Json = {
            "provisioningState": "Succeeded",
            "createTime": created,
            "version": "2018-06-01",
            "publicNetworkAccess": sent.get("publicNetworkAccess", "Enabled"),
        }
        if sent.get("globalParameters"):
            properties["globalParameters"] = _global_parameters(sent["globalParameters"])
        document: Json = {
            "name": factory.name,
            "id": factory.resource_id,
            "type": "Microsoft.DataFactory/factories",
            "location": location,
            "tags": body.get("tags") or {},
            "properties": properties,
            "eTag": _etag(),
        }
        if body.get("identity"):
            document["identity"] = _identity(factory, body["identity"])
        return document


def factory_id(document: Json) -> FactoryId:
    segments = document["id"].split("/")
    return FactoryId(segments[2], segments[4], segments[8])


def _place(factory: FactoryId) -> tuple[str, str, str]:
    return f"/subscriptions/{factory.subscription}", _KIND, f"{factory.resource_group}/{factory.name}"


def _etag() -> str:
    """Factories carry their quotes inside the string; their contents do not."""
    return f'"{uuid.uuid4()}"'


def _global_parameters(sent: JsonValue) -> Json:
    """The service answers `Int` where `int` was sent."""
    target = "globalParameters"
    declared = {
        name: require_object(one, f"Global parameter '{name}'", target)
        for name, one in require_object(sent, target, target).items()
    }
    return {name: {**one, "type": normal_type(one.get("type"), name)} for name, one in declared.items()}


def _identity(factory: FactoryId, sent: Json) -> Json:
    if sent.get("type") != "SystemAssigned":
        raise NotRun(f"A factory identity of type '{sent.get('type')}'")
    return {"type": "SystemAssigned", "principalId": object_id(factory.scope), "tenantId": TENANT}
