"""Where the resources are: in a resource group, or below the factory whose logs they send somewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from sandbox.datafactory.factories import Factories
from sandbox.datafactory.models import FactoryId
from sandbox.errors import AzureError, NotEmulated
from sandbox.monitor import logs, screens
from sandbox.monitor.fields import Fields
from sandbox.monitor.known import Known, NotThere, group_scope
from sandbox.monitor.types import DIAGNOSTIC_SETTING, TYPES, ResourceType
from sandbox.resource_manager import GROUP, require_group
from sandbox.routing import arm, json_body

if TYPE_CHECKING:
    from sandbox.context import Context

_PROVIDERS: Final = r"Microsoft\.Insights|Microsoft\.Portal|Microsoft\.OperationalInsights"
_ALL: Final = f"{GROUP}/providers/{{provider:{_PROVIDERS}}}/{{type}}"
_SETTINGS: Final = (
    f"{GROUP}/providers/Microsoft.DataFactory/factories/{{factory}}"
    "/providers/Microsoft.Insights/diagnosticSettings"
)


def add_routes(app: web.Application, context: Context) -> None:
    """Before those of Data Factory, below whose factories some of these lie."""
    made = Resources(context)
    app.add_routes(
        [
            arm("GET", _SETTINGS, made.list_settings),
            arm("GET", f"{_SETTINGS}/{{name}}", made.get_setting),
            arm("PUT", f"{_SETTINGS}/{{name}}", made.put_setting),
            arm("DELETE", f"{_SETTINGS}/{{name}}", made.delete_setting),
            arm("GET", _ALL, made.list),
            arm("GET", f"{_ALL}/{{name}}", made.get),
            arm("PUT", f"{_ALL}/{{name}}", made.put),
            arm("DELETE", f"{_ALL}/{{name}}", made.delete),
        ]
    )


class Resources:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store
        self._factories = Factories(context)
        self._known = Known(context.store, self._factories.get)

    # --------------------------------------------------------------------------------- of a resource group

    async def list(self, request: web.Request) -> web.Response:
        kind, scope = self._kind(request)
        found = self._store.list(scope, kind.name)
        return web.json_response({"value": [_shown(kind, each, request) for each in found]})

    async def get(self, request: web.Request) -> web.Response:
        kind, scope = self._kind(request)
        found = self._store.get(scope, kind.name, request.match_info["name"])
        if found is None:
            raise NotThere(kind.name, request.match_info["name"], request.match_info["group"])
        return web.json_response(_shown(kind, found, request))

    async def put(self, request: web.Request) -> web.Response:
        """201 when new, 200 when it was there. A resource stays where it is."""
        kind, scope = self._kind(request)
        name = request.match_info["name"]
        if not re.fullmatch(kind.pattern, name):
            raise AzureError(400, "InvalidResourceName", f"'{name}' is no name of a {kind.name}.")
        body = await json_body(request)
        fields = Fields(body)
        fields.text("location")
        kind.check(fields, self._known)
        with self._store.transaction():
            before = self._store.get(scope, kind.name, name)
            _refuse_move(before, body)
            document = _document(kind, f"{scope}/providers/{kind.name}/{name}", body)
            self._store.put(scope, kind.name, name, document)
        return web.json_response(_shown(kind, document, request), status=200 if before else 201)

    async def delete(self, request: web.Request) -> web.Response:
        kind, scope = self._kind(request)
        there = self._store.delete(scope, kind.name, request.match_info["name"])
        return web.Response(status=200 if there else 204)

    def _kind(self, request: web.Request) -> tuple[ResourceType, str]:
        """What is asked for, and where; refuses by name what is not known here."""
        asked = f"{request.match_info['provider']}/{request.match_info['type']}"
        kind = TYPES.get(asked.lower())
        if kind is None:
            raise NotEmulated(f"{request.method} of {asked}")
        kind.require_version(request.query["api-version"])
        subscription, group = request.match_info["subscription"], request.match_info["group"]
        require_group(self._context, subscription, group)
        return kind, group_scope(subscription, group)

    # --------------------------------------------------------------------------------- of a factory

    async def list_settings(self, request: web.Request) -> web.Response:
        found = self._store.list(self._factory(request), DIAGNOSTIC_SETTING.name)
        return web.json_response({"value": [{**each, **logs.answered(each)} for each in found]})

    async def get_setting(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        found = self._store.get(self._factory(request), DIAGNOSTIC_SETTING.name, name)
        if found is None:
            raise AzureError(404, "ResourceNotFound", f"Diagnostic setting '{name}' was not found.")
        return web.json_response({**found, **logs.answered(found)})

    async def put_setting(self, request: web.Request) -> web.Response:
        scope, name = self._factory(request), request.match_info["name"]
        body = await json_body(request)
        DIAGNOSTIC_SETTING.check(Fields(body), self._known)
        place = f"{scope}/providers/{DIAGNOSTIC_SETTING.name}/{name}"
        document = {
            "id": place,
            "name": name,
            "type": DIAGNOSTIC_SETTING.name,
            "properties": body["properties"],
        }
        with self._store.transaction():
            logs.refuse_conflict(name, body, self._store.list(scope, DIAGNOSTIC_SETTING.name))
            self._store.put(scope, DIAGNOSTIC_SETTING.name, name, document)
        return web.json_response({**document, **logs.answered(document)})

    async def delete_setting(self, request: web.Request) -> web.Response:
        there = self._store.delete(
            self._factory(request), DIAGNOSTIC_SETTING.name, request.match_info["name"]
        )
        return web.Response(status=200 if there else 204)

    def _factory(self, request: web.Request) -> str:
        DIAGNOSTIC_SETTING.require_version(request.query["api-version"])
        subscription, group, name = (request.match_info[key] for key in ("subscription", "group", "factory"))
        return self._factories.resolve(FactoryId(subscription, group, name)).resource_id


def _document(kind: ResourceType, place: str, body: dict[str, Any]) -> dict[str, Any]:
    given = {key: body[key] for key in ("location", "tags", "kind") if key in body}
    properties = {**dict(kind.adds), **body.get("properties", {})}
    return {
        "id": place,
        "name": place.rpartition("/")[2],
        "type": kind.name,
        **given,
        "properties": properties,
    }


def _refuse_move(before: dict[str, Any] | None, body: dict[str, Any]) -> None:
    if before is None:
        return
    there, asked = (str(each["location"]).replace(" ", "").lower() for each in (before, body))
    if there != asked:
        raise AzureError(
            409,
            "InvalidResourceLocation",
            f"The resource '{before['name']}' already exists in location '{there}'. A resource with the same "
            f"name cannot be created in location '{asked}'. Please select a new resource name.",
        )


def _shown(kind: ResourceType, document: dict[str, Any], request: web.Request) -> dict[str, Any]:
    is_workbook = kind.name == "Microsoft.Insights/workbooks"
    if is_workbook and request.query.get("canFetchContent", "").lower() != "true":
        return screens.without_content(document)
    return document
