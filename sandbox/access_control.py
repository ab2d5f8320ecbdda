"""Azure role-based access control, as much of it as a reader needs: role assignments at any scope, kept and
listed as the service lists them. Nobody here asks for one: a valid token may do everything.

The built-in roles are known by id and name, without what they permit; a role of one's own is what was sent.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.context import Context
from sandbox.errors import AzureError, NotEmulated
from sandbox.routing import arm, json_body

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.store import Store

BUILT_IN = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
    "673868aa-7521-48a0-acc6-0f60742d39f5": "Data Factory Contributor",
    "f6c7c914-8db3-469d-8ca1-694a8f32e121": "AzureML Data Scientist",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "00482a5a-887f-4fb3-b363-3b7fe8e74483": "Key Vault Administrator",
    "92aaf0da-9dab-42b6-94a3-d43ce8d16293": "Log Analytics Contributor",
    "428e0ff0-5e57-4d9c-a221-2c70d0e0a443": "EventGrid EventSubscription Contributor",
    "1e241071-0855-49ea-94dc-649edcd759de": "EventGrid Contributor",
    "749f88d5-cbae-40b8-bcfc-e573ddc772fa": "Monitoring Contributor",
}
_PROVIDER = "{scope:/subscriptions/.+?|}/providers/Microsoft.Authorization"
_ASSIGNMENTS = _PROVIDER + "/roleAssignments"
_DEFINITION = _PROVIDER + "/roleDefinitions/{name}"
_ASSIGNED = "roleAssignments"
_FILTER = re.compile(
    r"(?P<at>atScope\(\))?(?: and )?"
    r"(?:assignedTo\('(?P<assigned>[^']+)'\)|principalId eq '(?P<principal>[^']+)')?"
)
_CONTEXT: web.AppKey[Context] = web.AppKey("access-control-context", Context)


def add_routes(app: web.Application, context: Context) -> None:
    """Before those of other providers: an assignment's address begins with the resource that it is about."""
    app[_CONTEXT] = context
    app.add_routes(
        [
            arm("GET", _ASSIGNMENTS, list_assignments),
            arm("PUT", _ASSIGNMENTS + "/{name}", put_assignment),
            arm("GET", _ASSIGNMENTS + "/{name}", get_assignment),
            arm("DELETE", _ASSIGNMENTS + "/{name}", delete_assignment),
            arm("GET", _DEFINITION, get_definition),
            arm("PUT", _DEFINITION, put_definition),
        ]
    )


async def list_assignments(request: web.Request) -> web.Response:
    """Those of the scope, of what is above it and, without atScope(), of what is below."""
    said = request.query.get("$filter", "")
    found = _FILTER.fullmatch(said)
    if found is None:
        raise NotEmulated(f"The filter {said} of role assignments")
    who = found["assigned"] or found["principal"]
    value = [
        assignment
        for assignment in _store(request).list("/", _ASSIGNED)
        if _holds(assignment, _scope(request), at=bool(found["at"]))
        and (who is None or assignment["properties"]["principalId"] == who)
    ]
    return web.json_response({"value": value, "nextLink": None})


async def put_assignment(request: web.Request) -> web.Response:
    """201, and 201 for the same once more: an assignment is made or deleted, never changed."""
    name, scope, store = request.match_info["name"], _scope(request), _store(request)
    sent = await _properties(request)
    if not _is_uuid(name):
        raise AzureError(
            400,
            "InvalidRoleAssignmentId",
            f"The role assignment ID '{name}' is not valid. It must be a GUID.",
        )
    assignment = _assignment(scope, name, sent, store)
    with store.transaction():
        known = store.get("/", _ASSIGNED, assignment["id"])
        if known is not None and known != assignment:
            raise AzureError(
                400,
                "RoleAssignmentUpdateNotPermitted",
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
            )
        if known is None and any(_same(assignment, each) for each in store.list("/", _ASSIGNED)):
            raise AzureError(409, "RoleAssignmentExists", "The role assignment already exists.")
        store.put("/", _ASSIGNED, assignment["id"], assignment)
    return web.json_response(assignment, status=201)


async def get_assignment(request: web.Request) -> web.Response:
    found = _store(request).get("/", _ASSIGNED, _id(_scope(request), request.match_info["name"]))
    if found is None:
        name = request.match_info["name"]
        raise AzureError(404, "RoleAssignmentNotFound", f"The role assignment '{name}' is not found.")
    return web.json_response(found)


async def delete_assignment(request: web.Request) -> web.Response:
    """200 with what was deleted; 204 where there was nothing."""
    store, assignment_id = _store(request), _id(_scope(request), request.match_info["name"])
    with store.transaction():
        found = store.get("/", _ASSIGNED, assignment_id)
        store.delete("/", _ASSIGNED, assignment_id)
    return web.Response(status=204) if found is None else web.json_response(found)


async def get_definition(request: web.Request) -> web.Response:
    return web.json_response(_definition(_store(request), request.match_info["name"]))


async def put_definition(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name.lower() in BUILT_IN or not _is_uuid(name):
        raise AzureError(400, "InvalidRoleDefinitionId", f"'{name}' is not the GUID of a custom role.")
    sent = await _properties(request)
    made = _document(name, {**sent, "type": "CustomRole"})
    _store(request).put("/", "roleDefinitions", name, made)
    return web.json_response(made, status=201)


async def _properties(request: web.Request) -> dict[str, Any]:
    sent = (await json_body(request)).get("properties") or {}
    if not isinstance(sent, dict):
        raise AzureError(400, "InvalidRequestContent", "'properties' must be an object.")
    return sent


def _assignment(scope: str, name: str, sent: dict[str, Any], store: Store) -> dict[str, Any]:
    for key in ("roleDefinitionId", "principalId"):
        if not isinstance(sent.get(key), str) or not sent[key]:
            raise AzureError(400, "InvalidRoleAssignment", f"The property {key} is missing, or no text.")
    if not _is_uuid(sent["principalId"]):
        raise AzureError(
            400, "InvalidPrincipalId", f"A valid principal ID must be provided: '{sent['principalId']}'."
        )
    _definition(store, sent["roleDefinitionId"].rsplit("/", 1)[-1])
    return {
        "id": _id(scope, name),
        "name": name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {"principalType": "ServicePrincipal", "condition": None, **sent, "scope": scope or "/"},
    }


def _definition(store: Store, name: str) -> dict[str, Any]:
    if (role := BUILT_IN.get(name.lower())) is not None:
        return _document(name, {"roleName": role, "type": "BuiltInRole"})
    found = store.get("/", "roleDefinitions", name)
    if found is None:
        raise AzureError(
            404,
            "RoleDefinitionDoesNotExist",
            f"The specified role definition with ID '{name}' does not exist.",
        )
    return found


def _document(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    provider = "Microsoft.Authorization/roleDefinitions"
    return {"id": f"/providers/{provider}/{name}", "name": name, "type": provider, "properties": properties}


def _holds(assignment: dict[str, Any], scope: str, *, at: bool) -> bool:
    given, asked = (f"{each.lower().rstrip('/')}/" for each in (assignment["properties"]["scope"], scope))
    return asked.startswith(given) or (not at and given.startswith(asked))


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Of two names, the same role for the same identity at the same scope."""
    return [*_what(one)] == [*_what(other)]


def _what(assignment: dict[str, Any]) -> Iterator[str]:
    properties = assignment["properties"]
    yield properties["principalId"]
    yield properties["roleDefinitionId"].rsplit("/", 1)[-1].lower()
    yield properties["scope"].lower()


def _store(request: web.Request) -> Store:
    return request.app[_CONTEXT].store


def _scope(request: web.Request) -> str:
    return request.match_info["scope"].rstrip("/")


def _id(scope: str, name: str) -> str:
    return f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
