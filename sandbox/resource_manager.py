"""Azure Resource Manager, as much of it as an installation needs before the services: clouds, subscriptions,
resource groups and storage accounts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.context import Context
from sandbox.errors import AzureError
from sandbox.identity import MANAGEMENT_AUDIENCES, TENANT
from sandbox.routing import arm, json_body, public

if TYPE_CHECKING:
    from pathlib import Path

GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"
ACCOUNTS = GROUP + "/providers/Microsoft.Storage/storageAccounts"
ACCOUNT = ACCOUNTS + "/{account}"
_SEGMENT = re.compile(r"[^/\\?#%\x00-\x1f\x7f]{1,90}")
_ACCOUNT_NAME = re.compile(r"[a-z0-9]{3,24}")
_CONTEXT: web.AppKey[Context] = web.AppKey("context", Context)


def add_routes(app: web.Application, context: Context) -> None:
    app[_CONTEXT] = context
    app.add_routes(
        [
            arm("GET", "/metadata/endpoints", clouds),
            arm("GET", "/subscriptions", subscriptions),
            arm("GET", "/subscriptions/{subscription}", subscription),
            arm("GET", "/subscriptions/{subscription}/resourceGroups", groups),
            arm("PUT", GROUP, put_group),
            arm("GET", GROUP, get_group),
            arm("HEAD", GROUP, has_group),
            arm("GET", ACCOUNTS, accounts),
            arm("PUT", ACCOUNT, put_account),
            arm("GET", ACCOUNT, get_account),
            arm("POST", ACCOUNT + "/listKeys", list_keys),
        ]
    )


def require_group(context: Context, subscription: str, group: str) -> dict[str, Any]:
    """The resource group's document; 404 as Resource Manager words it when there is none."""
    found = context.store.get(f"/subscriptions/{subscription}", "resourceGroups", group)
    if found is None:
        raise AzureError(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
    return found


@public
async def clouds(request: web.Request) -> web.Response:
    """Both names: parts of the Azure ML SDK ask for "AzureCloud" whatever they were configured with, and
    would otherwise go out to management.azure.com.
    """
    control = request.app[_CONTEXT].endpoints.control
    return web.json_response([_cloud("LocalSandbox", control), _cloud("AzureCloud", control)])


async def subscriptions(request: web.Request) -> web.Response:
    """Every subscription that something was ever created in."""
    found = request.app[_CONTEXT].store.list("/", "subscriptions")
    return web.json_response({"value": found, "count": {"type": "Total", "value": len(found)}})


async def subscription(request: web.Request) -> web.Response:
    name = request.match_info["subscription"]
    found = request.app[_CONTEXT].store.get("/", "subscriptions", name)
    if found is None:
        raise AzureError(404, "SubscriptionNotFound", f"The subscription '{name}' could not be found.")
    return web.json_response(found)


async def groups(request: web.Request) -> web.Response:
    scope = f"/subscriptions/{request.match_info['subscription']}"
    return web.json_response({"value": request.app[_CONTEXT].store.list(scope, "resourceGroups")})


async def put_group(request: web.Request) -> web.Response:
    """201 when new, 200 when it was there; a subscription begins to exist with its first resource group."""
    context, subscription_id, name = _names(request)
    for one in (subscription_id, name):
        if not _SEGMENT.fullmatch(one):
            raise AzureError(400, "InvalidResourceGroupName", f"{one!r} cannot stand in a resource's id.")
    asked = await json_body(request)
    if not asked.get("location"):
        raise AzureError(400, "LocationRequired", "The location property is required for this definition.")
    scope = f"/subscriptions/{subscription_id}"
    group = {
        "id": f"{scope}/resourceGroups/{name}",
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": asked["location"],
        "tags": asked.get("tags", {}),
        "properties": {"provisioningState": "Succeeded"},
    }
    with context.store.transaction():
        status = 201 if context.store.get(scope, "resourceGroups", name) is None else 200
        context.store.put("/", "subscriptions", subscription_id, _subscription(subscription_id))
        context.store.put(scope, "resourceGroups", name, group)
    return web.json_response(group, status=status)


async def get_group(request: web.Request) -> web.Response:
    context, subscription_id, name = _names(request)
    return web.json_response(require_group(context, subscription_id, name))


async def has_group(request: web.Request) -> web.Response:
    context, subscription_id, name = _names(request)
    found = context.store.get(f"/subscriptions/{subscription_id}", "resourceGroups", name)
    return web.Response(status=404 if found is None else 204)


async def accounts(request: web.Request) -> web.Response:
    context, subscription_id, group = _names(request)
    require_group(context, subscription_id, group)
    found = context.store.list(_group_scope(subscription_id, group), "storageAccounts")
    return web.json_response({"value": [_at_its_address(context, account) for account in found]})


async def put_account(request: web.Request) -> web.Response:
    """Makes the account's folder in the lake. Names are unique in all of Azure: a second owner is refused."""
    context, subscription_id, group = _names(request)
    require_group(context, subscription_id, group)
    asked = await json_body(request)
    name = request.match_info["account"]
    if not _ACCOUNT_NAME.fullmatch(name):
        raise AzureError(
            400,
            "AccountNameInvalid",
            f"{name} is not a valid storage account name. Storage account name must be between 3 and 24 "
            "characters in length and use numbers and lower-case letters only.",
        )
    scope = _group_scope(subscription_id, group)
    account = _account(f"{scope}/providers/Microsoft.Storage/storageAccounts/{name}", name, asked)
    with context.store.transaction():
        owner = context.store.get("/", "storageAccountNames", name)
        if owner is not None and owner["id"].lower() != account["id"].lower():
            raise AzureError(
                409, "StorageAccountAlreadyTaken", f"The storage account named {name} is already taken."
            )
        context.store.put("/", "storageAccountNames", name, {"id": account["id"]})
        context.store.put(scope, "storageAccounts", name, account)
        (_lake(context) / name).mkdir(parents=True, exist_ok=True)
    return web.json_response(_at_its_address(context, account))


async def get_account(request: web.Request) -> web.Response:
    return web.json_response(_at_its_address(request.app[_CONTEXT], _require_account(request)))


async def list_keys(request: web.Request) -> web.Response:
    account = _require_account(request)
    value = request.app[_CONTEXT].identity.storage_key(account["name"])
    return web.json_response({"keys": [{"keyName": "key1", "value": value, "permissions": "FULL"}]})


def _require_account(request: web.Request) -> dict[str, Any]:
    context, subscription_id, group = _names(request)
    require_group(context, subscription_id, group)
    name = request.match_info["account"]
    found = context.store.get(_group_scope(subscription_id, group), "storageAccounts", name)
    if found is None:
        raise AzureError(
            404,
            "ResourceNotFound",
            f"The Resource 'Microsoft.Storage/storageAccounts/{name}' under resource group '{group}' "
            "was not found.",
        )
    return found


def _names(request: web.Request) -> tuple[Context, str, str]:
    return request.app[_CONTEXT], request.match_info["subscription"], request.match_info["group"]


def _group_scope(subscription_id: str, group: str) -> str:
    return f"/subscriptions/{subscription_id}/resourceGroups/{group}"


def _lake(context: Context) -> Path:
    return context.state / "lake"


def _subscription(subscription_id: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription_id}",
        "subscriptionId": subscription_id,
        "tenantId": TENANT,
        "displayName": "Local Azure",
        "state": "Enabled",
        "authorizationSource": "RoleBased",
    }


def _account(account_id: str, name: str, asked: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": account_id,
        "name": name,
        "type": "Microsoft.Storage/storageAccounts",
        "location": asked.get("location", "local"),
        "kind": asked.get("kind", "StorageV2"),
        "sku": asked.get("sku", {"name": "Standard_LRS"}),
        "tags": asked.get("tags", {}),
        "properties": {
            **asked.get("properties", {}),
            "isHnsEnabled": True,
            "provisioningState": "Succeeded",
        },
    }


def _at_its_address(context: Context, account: dict[str, Any]) -> dict[str, Any]:
    """The port may have been another when the account was made."""
    address = f"{context.endpoints.lake}/{account['name']}/"
    addresses = {"primaryEndpoints": {"dfs": address, "blob": address}}
    return {**account, "properties": {**account["properties"], **addresses}}


def _cloud(name: str, control: str) -> dict[str, Any]:
    """Addresses of what is not here keep the shape that the Azure ML SDK parses, and lead nowhere."""
    nowhere = f"{control}/not-emulated"
    return {
        "name": name,
        "portal": f"{control}/portal",
        "resourceManager": f"{control}/",
        "gallery": nowhere,
        "graph": nowhere,
        "graphAudience": nowhere,
        "batch": nowhere,
        "media": nowhere,
        "sqlManagement": nowhere,
        "vmImageAliasDoc": nowhere,
        "activeDirectoryDataLake": nowhere,
        "authentication": {
            "loginEndpoint": f"{control}/login",
            "audiences": list(reversed(MANAGEMENT_AUDIENCES)),
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {
            "storage": "core.local.invalid",
            "keyVaultDns": "vault.local.invalid",
            "sqlServerHostname": "database.local.invalid",
            "azureDataLakeStoreFileSystem": "azuredatalakestore.local.invalid",
            "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.local.invalid",
            "acrLoginServer": "azurecr.local.invalid",
            "azureFrontDoorEndpointSuffix": "azurefd.local.invalid",
        },
    }
