"""Linked services: kept for reference; what an activity cannot use is refused where the activity is
written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.datafactory.checks.types import require_type
from sandbox.datafactory.connection_strings import has_login
from sandbox.datafactory.errors import BadRequest, NotRun
from sandbox.datafactory.known_types import LINKED_SERVICE_TYPES
from sandbox.datafactory.parameters import HIDDEN, check_parameters
from sandbox.datafactory.values import require_object

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json, JsonValue

_REQUIRED = {
    "AzureMLService": ("subscriptionId", "resourceGroupName", "mlWorkspaceName"),
    "AzureBlobFS": ("url",),
    "AzureKeyVault": ("baseUrl",),
}
_OTHER_IDENTITIES = {
    "AzureMLService": ("servicePrincipalId", "servicePrincipalKey", "credential"),
    "AzureBlobFS": (
        "accountKey",
        "servicePrincipalId",
        "servicePrincipalKey",
        "sasUri",
        "sasToken",
        "credential",
    ),
    "AzureKeyVault": ("credential",),
    "AzureSqlDatabase": (
        "userName",
        "password",
        "servicePrincipalId",
        "servicePrincipalKey",
        "servicePrincipalCredential",
        "alwaysEncryptedSettings",
        "encryptedCredential",
        "credential",
    ),
}


def check_linked_service(name: str, properties: Json) -> Json:
    kind = require_type(properties, LINKED_SERVICE_TYPES, f"The linked service '{name}'", name)
    check_parameters(properties.get("parameters"), name)
    written = require_object(properties.get("typeProperties") or {}, "typeProperties", name)
    for one in _REQUIRED.get(kind, ()):
        if written.get(one) in (None, ""):
            raise BadRequest(f"The linked service '{name}' ({kind}) needs '{one}'.", target=name)
    if kind == "AzureMLService" and written.get("authentication", "MSI") != "MSI":
        raise BadRequest(
            f"The linked service '{name}': authentication must be 'MSI'; "
            f"found {written['authentication']!r}.",
            target=name,
        )
    for one in _OTHER_IDENTITIES.get(kind, ()):
        if written.get(one) is not None:
            raise NotRun(f"The linked service '{name}' ({kind}) with {one}", "the factory's own identity is")
    if kind == "AzureSqlDatabase":
        _check_database(name, written)
    hidden: Json = _without_secrets(properties)
    return hidden


def _check_database(name: str, written: Json) -> None:
    """`server` and `database`, or a connection string; the factory's identity logs in."""
    connection = written.get("connectionString")
    if connection is None and not (written.get("server") and written.get("database")):
        raise BadRequest(
            f"The linked service '{name}' (AzureSqlDatabase) needs 'server' and 'database', or a "
            "'connectionString'.",
            target=name,
        )
    if connection is not None and not isinstance(connection, str):
        raise NotRun(f"The linked service '{name}' with a connectionString that is kept as a secret")
    if isinstance(connection, str) and has_login(connection):
        raise NotRun(
            f"The linked service '{name}' with a user or password in its connectionString",
            "the factory's own identity is",
        )
    login = written.get("authenticationType", "SystemAssignedManagedIdentity")
    if login != "SystemAssignedManagedIdentity":
        raise NotRun(f"The linked service '{name}' with authenticationType {login!r}")


def _without_secrets(value: JsonValue) -> JsonValue:
    """The service never gives a secret back; this one does not even keep it."""
    if isinstance(value, dict):
        if value.get("type") == "SecureString" and "value" in value:
            return {**value, "value": HIDDEN}
        return {name: _without_secrets(one) for name, one in value.items()}
    return [_without_secrets(one) for one in value] if isinstance(value, list) else value
