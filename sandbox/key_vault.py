"""Azure Key Vault, as much of it as a pipeline needs: secrets, set and read with a token for the vault.

A vault's address is `<control>/keyvault/<vault>`; a vault is there as soon as it is named. Secrets lie in the
state folder, which is its owner's alone, as they are.
"""

from __future__ import annotations

import re
import time
import uuid
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.context import Context
from sandbox.errors import AzureError, Unauthorized
from sandbox.routing import arm, json_body, public

if TYPE_CHECKING:
    from sandbox.routing import Handler

AUDIENCES = ("https://vault.azure.net",)
_ADDRESS = "/keyvault/{vault}/secrets/{name}"
_VAULT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]")
_SECRET_NAME = re.compile(r"[A-Za-z0-9-]{1,127}")
_LONGEST = 25 * 1024
_CONTEXT: web.AppKey[Context] = web.AppKey("key_vault", Context)


class SecretNotFound(AzureError):
    def __init__(self, name: str) -> None:
        super().__init__(
            404, "SecretNotFound", f"A secret with (name/id) {name} was not found in this key vault."
        )


class BadParameter(AzureError):
    def __init__(self, message: str) -> None:
        super().__init__(400, "BadParameter", message)


def add_routes(app: web.Application, context: Context) -> None:
    app[_CONTEXT] = context
    app.add_routes(
        [
            arm("GET", _ADDRESS, _for_the_vault(get_secret)),
            arm("GET", _ADDRESS + "/{version}", _for_the_vault(get_secret)),
            arm("PUT", _ADDRESS, _for_the_vault(set_secret)),
        ]
    )


def _for_the_vault(handler: Handler) -> Handler:
    """With a token for Key Vault: Resource Manager's opens no vault, here as there."""

    @public
    async def checked(request: web.Request) -> web.StreamResponse:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthorized("AKV10000: Request is missing a Bearer or PoP token.")
        request.app[_CONTEXT].identity.verify(token, AUDIENCES)
        if not request.query.get("api-version"):
            raise BadParameter("api-version must be specified")
        return await handler(request)

    return checked


async def get_secret(request: web.Request) -> web.Response:
    """The newest version, or the one that is named."""
    vault, name = _names(request)
    found = request.app[_CONTEXT].store.get(_scope(vault), "secrets", name)
    if found is None:
        raise SecretNotFound(name)
    asked = request.match_info.get("version") or found["versions"][-1]["version"]
    for one in found["versions"]:
        if one["version"] == asked:
            return web.json_response(_bundle(request, name, one))
    raise SecretNotFound(f"{name}/{asked}")


async def set_secret(request: web.Request) -> web.Response:
    """A new version; earlier ones stay."""
    vault, name = _names(request)
    body = await json_body(request)
    value = body.get("value")
    if not isinstance(value, str) or len(value.encode()) > _LONGEST:
        raise BadParameter(f"The secret's value must be text of at most {_LONGEST // 1024} KB.")
    made = {"version": uuid.uuid4().hex, "value": value, "created": int(time.time())}
    store = request.app[_CONTEXT].store
    with store.transaction():
        found = store.get(_scope(vault), "secrets", name) or {"versions": []}
        store.put(_scope(vault), "secrets", name, {"versions": [*found["versions"], made]})
    return web.json_response(_bundle(request, name, made))


def _names(request: web.Request) -> tuple[str, str]:
    vault, name = request.match_info["vault"], request.match_info["name"]
    if not _VAULT_NAME.fullmatch(vault):
        raise BadParameter(f"'{vault}' is no name of a vault: 3 to 24 letters, digits and dashes.")
    if not _SECRET_NAME.fullmatch(name):
        raise BadParameter(f"'{name}' is no name of a secret: 1 to 127 letters, digits and dashes.")
    return vault, name


def _scope(vault: str) -> str:
    return f"/keyvault/{vault}"


def _bundle(request: web.Request, name: str, one: dict[str, Any]) -> dict[str, Any]:
    control, vault = request.app[_CONTEXT].endpoints.control, request.match_info["vault"]
    return {
        "value": one["value"],
        "id": f"{control}/keyvault/{vault}/secrets/{name}/{one['version']}",
        "attributes": {"enabled": True, "created": one["created"], "updated": one["created"]},
    }
