"""Which of the roles that are needed are there, as far as it can be read. Nothing is written.

Three answers, and the third is not the second: a role assignment that may not be read, of an identity that
may not be read, or that holds under a condition, is `unknown`, and why. What an identity has through a group,
or from a scope above, counts: Azure is asked for `atScope() and assignedTo(…)`.
https://learn.microsoft.com/azure/role-based-access-control/role-assignments-list-rest
"""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from adf.resource_ids import compute_id, factory_id
from deployment.access import Access, Principal
from deployment.errors import InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from config.schema import Settings
    from deployment.access import Holder, Need

ASSIGNMENTS: Final = "/providers/Microsoft.Authorization/roleAssignments"
WORKERS: Final = 8
NOT_ASKED: Final = "offline: Azure was not asked"
ONLY_THE_DATABASE_KNOWS: Final = "only the database knows: `render` writes what grants it, a file a table"


class ResourceReader(Protocol):
    """`deployment.resource_manager.ResourceManager` is one."""

    def get(self, resource_id: str) -> dict[str, Any] | None: ...
    def list(self, collection_id: str, **query: str) -> list[dict[str, Any]]: ...


@dataclass(frozen=True)
class Nobody:
    """An identity that is not known, and why."""

    reason: str


def unread(wanted: Sequence[Need]) -> list[Access]:
    """All that is needed, where Azure is not asked."""
    return [Access(need, "unknown", NOT_ASKED) for need in wanted]


def check(wanted: Sequence[Need], settings: Settings, resources: ResourceReader, token: str) -> list[Access]:
    """Each need, in their order. `token` is the deployer's own, for Resource Manager."""
    readers: Mapping[Holder, Callable[[], Principal | Nobody]] = {
        "deployer": lambda: deployer(token),
        "factory": lambda: _factory(resources, settings),
        "cluster": lambda: _cluster(resources, settings),
    }
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="access") as pool:
        asked = {holder: pool.submit(read) for holder, read in readers.items()}
        known = {holder: answer.result() for holder, answer in asked.items()}
        return list(pool.map(lambda need: _access(resources, need, known[need.holder]), wanted))


def deployer(token: str) -> Principal | Nobody:
    """Who an access token of Entra speaks for, by its claims `oid` and `idtyp`. It is not verified: whoever
    it is sent to does that.
    """
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        a_person = claims.get("idtyp") == "user" or "scp" in claims
        return Principal(claims["oid"], "User" if a_person else "ServicePrincipal")
    except (IndexError, KeyError, ValueError):
        return Nobody("the access token does not say whose it is")


def _factory(resources: ResourceReader, settings: Settings) -> Principal | Nobody:
    name = f"the factory {settings.data_factory.name}"
    absent = f"{name} does not exist yet: the first deploy makes it, and its identity"
    return _identity(resources, factory_id(settings), name, absent)


def _cluster(resources: ResourceReader, settings: Settings) -> Principal | Nobody:
    name = f"the compute {settings.machine_learning.compute}"
    return _identity(resources, compute_id(settings), name, f"{name} does not exist")


def _identity(resources: ResourceReader, resource_id: str, name: str, absent: str) -> Principal | Nobody:
    try:
        found = resources.get(resource_id)
    except InfrastructureError as error:
        return Nobody(f"{name} cannot be read: {error}")
    return Nobody(absent) if found is None else _principal(found.get("identity") or {}, name)


def _principal(identity: Mapping[str, Any], name: str) -> Principal | Nobody:
    """Of a resource with one identity: its own, or one that was assigned to it."""
    assigned = identity.get("userAssignedIdentities") or {}
    ids = [identity.get("principalId"), *(each.get("principalId") for each in assigned.values())]
    match [each for each in ids if each]:
        case [only]:
            return Principal(only)
        case []:
            return Nobody(f"{name} has no managed identity")
        case several:
            return Nobody(f"{name} has {len(several)} identities: which one is used is not known here")


def _access(resources: ResourceReader, need: Need, principal: Principal | Nobody) -> Access:
    if not need.scope.id:
        return Access(need, "unknown", ONLY_THE_DATABASE_KNOWS)
    if isinstance(principal, Nobody):
        return Access(need, "unknown", principal.reason)
    asked_for = {"$filter": f"atScope() and assignedTo('{principal.id}')"}
    try:
        assignments = resources.list(need.scope.id + ASSIGNMENTS, **asked_for)
        return _judged(resources, need, principal, [each["properties"] for each in assignments])
    except InfrastructureError as error:
        return Access(need, "unknown", f"role assignments cannot be read: {error}", principal)


def _judged(
    resources: ResourceReader, need: Need, principal: Principal, assignments: Sequence[Mapping[str, Any]]
) -> Access:
    """By the assignments that hold at the scope, or above it."""
    enough = [each for each in assignments if _role_of(each) in need.role.ids()]
    if plain := [each for each in enough if not each.get("condition")]:
        return Access(need, "granted", f"at {plain[0]['scope']}", principal)
    if enough:
        return Access(need, "unknown", "granted under a condition, which is not judged here", principal)
    own = [name for each in assignments if (name := _custom(resources, each["roleDefinitionId"]))]
    if own:
        reason = f"holds {', '.join(own)}, a role of this subscription's own, which is not judged here"
        return Access(need, "unknown", reason, principal)
    return Access(need, "missing", principal=principal)


def _role_of(assignment: Mapping[str, Any]) -> str:
    return str(assignment["roleDefinitionId"]).rsplit("/", 1)[-1].lower()


def _custom(resources: ResourceReader, role_definition_id: str) -> str | None:
    """The name of a role that is not one of Azure's own."""
    found = (resources.get(role_definition_id) or {}).get("properties") or {}
    return str(found.get("roleName")) if found.get("type") == "CustomRole" else None
