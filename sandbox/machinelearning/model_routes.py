"""The model management service: assets (which artifacts make a model) and models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.machinelearning import responses
from sandbox.machinelearning.errors import BadRequest
from sandbox.machinelearning.operations import Call, Operations

if TYPE_CHECKING:
    from sandbox.machinelearning.models import Document
    from sandbox.machinelearning.registry import Registry
    from sandbox.machinelearning.workspaces import Workspaces


class ModelRoutes:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def add_routes(self, app: web.Application, workspaces: Workspaces) -> None:
        area = Operations(app, workspaces, "/modelmanagement/v1.0")
        area.add("POST", "/assets", self.create_asset)
        area.add("GET", "/assets", self.assets)
        area.add("GET", "/assets/{id}", self.asset)
        area.add("POST", "/models", self.register)
        area.add("GET", "/models", self.models)
        area.add("GET", "/models/{id}", self.model)
        area.add("PATCH", "/models/{id}", self.patch)
        area.add("DELETE", "/models/{id}", self.delete)
        for name in ("services", "images", "profiles"):
            for method in ("GET", "POST"):
                area.refuse(method, f"/{name}", f"Azure ML {name}")

    def create_asset(self, call: Call) -> Document:
        return self._registry.create_asset(call.workspace, call.document())

    def assets(self, call: Call) -> Document:
        found = self._registry.assets(
            call.workspace, name=call.query.get("name"), run_id=call.query.get("runid")
        )
        return {"value": found, "nextLink": None, "continuationToken": None}

    def asset(self, call: Call) -> Document:
        return self._registry.asset(call.workspace, call.path["id"])

    def register(self, call: Call) -> Document:
        return responses.model(self._registry.register(call.workspace, call.document()))

    def models(self, call: Call) -> Document:
        found = self._registry.models(call.workspace, call.query)
        return {"value": [responses.model(one) for one in found], "nextLink": None, "continuationToken": None}

    def model(self, call: Call) -> Document:
        return responses.model(self._registry.model(call.workspace, call.path["id"]))

    def patch(self, call: Call) -> Document:
        if not isinstance(call.body, list):
            raise BadRequest("A model is changed with a JSON patch: a list of operations.")
        return responses.model(self._registry.patch_model(call.workspace, call.path["id"], call.body))

    def delete(self, call: Call) -> web.Response:
        gone = self._registry.delete_model(call.workspace, call.path["id"])
        return web.Response(status=200 if gone else 204)
