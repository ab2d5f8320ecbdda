"""Registered models: a name has versions 1, 2, 3 ...; a version's files never change, its tags may."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from sandbox.machinelearning.errors import BadRequest, ModelNotFound, NotFound
from sandbox.machinelearning.history import as_utc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.clock import Clock
    from sandbox.machinelearning.models import Document, Workspace
    from sandbox.store import Store

_MODEL_CHANGES = {"kvTags", "properties", "description", "framework", "frameworkVersion"}


class Registry:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def create_asset(self, workspace: Workspace, body: Document) -> Document:
        asset = {**body, "id": uuid.uuid4().hex, "createdTime": as_utc(self._clock.now())}
        self._store.put(workspace.scope, "assets", asset["id"], asset)
        return asset

    def asset(self, workspace: Workspace, identity: str) -> Document:
        found = self._store.get(workspace.scope, "assets", identity)
        if found is None:
            raise NotFound("Asset", identity)
        return found

    def assets(self, workspace: Workspace, *, name: str | None, run_id: str | None) -> list[Document]:
        return [
            asset
            for asset in self._store.list(workspace.scope, "assets")
            if name in {None, asset.get("name")} and run_id in {None, asset.get("runid")}
        ]

    def register(self, workspace: Workspace, body: Document) -> Document:
        """The next version of the name. A number is never used again, also after its version was deleted."""
        if not body.get("name") or not body.get("url"):
            raise BadRequest("A model needs a name and the url of its asset.")
        now = as_utc(self._clock.now())
        with self._store.transaction():
            last = self._store.get(workspace.scope, "model-versions", body["name"]) or {"last": 0}
            version = last["last"] + 1
            self._store.put(workspace.scope, "model-versions", body["name"], {"last": version})
            given = {name: value for name, value in body.items() if value is not None}
            model = {
                "kvTags": {},
                "properties": {},
                **given,
                "id": f"{body['name']}:{version}",
                "version": version,
                "createdTime": now,
                "modifiedTime": now,
            }
            self._store.put(workspace.scope, "models", model["id"], model)
        return model

    def model(self, workspace: Workspace, identity: str) -> Document:
        found = self._store.get(workspace.scope, "models", identity)
        if found is None:
            raise ModelNotFound(identity)
        return found

    def models(self, workspace: Workspace, query: Mapping[str, str]) -> list[Document]:
        """Newest first; `count=1` is how the SDK asks for the newest version."""
        found = [
            model for model in reversed(self._store.list(workspace.scope, "models")) if _matches(model, query)
        ]
        if query.get("latestversiononly", "").lower() == "true":
            newest: dict[str, Document] = {}
            for model in found:
                newest.setdefault(model["name"].lower(), model)
            found = list(newest.values())
        count = query.get("count")
        if count and not count.isdecimal():
            raise BadRequest(f"count must be a number of models; it is {count!r}.", target="count")
        return found[: int(count)] if count else found

    def patch_model(self, workspace: Workspace, identity: str, patch: list[Document]) -> Document:
        with self._store.transaction():
            model = self.model(workspace, identity)
            for change in patch:
                _apply(model, change)
            model["modifiedTime"] = as_utc(self._clock.now())
            self._store.put(workspace.scope, "models", identity, model)
        return model

    def delete_model(self, workspace: Workspace, identity: str) -> bool:
        return self._store.delete(workspace.scope, "models", identity)


def _matches(model: Document, query: Mapping[str, str]) -> bool:
    """`tags=a=1,b`: the tag a with the value 1, and the tag b with any."""
    name, run_id, framework = query.get("name"), query.get("runid"), query.get("framework")
    return (
        (name is None or model["name"].lower() == name.lower())
        and (run_id is None or model.get("runId") == run_id)
        and (framework is None or model.get("framework") == framework)
        and _holds(model["kvTags"], query.get("tags") or query.get("tag"))
        and _holds(model["properties"], query.get("properties"))
    )


def _holds(values: Mapping[str, Any], wanted: str | None) -> bool:
    for pair in (wanted or "").split(","):
        name, equals, value = pair.partition("=")
        if name and (name not in values or (equals and str(values[name]) != value)):
            return False
    return True


def _apply(model: Document, change: Document) -> None:
    """One operation of a JSON patch: on a whole field, or on one entry of tags or properties."""
    operation = str(change.get("op", "")).lower()
    field, _, entry = str(change.get("path", "")).lstrip("/").partition("/")
    if field not in _MODEL_CHANGES or operation not in {"add", "replace", "remove"}:
        raise BadRequest(f"A model's '{field}' cannot be changed by '{operation}'.")
    target, key = (model[field], entry) if entry else (model, field)
    if operation == "remove":
        target.pop(key, None)
    else:
        target[key] = change.get("value")
