"""Role assignments are kept and listed as Azure lists them; nobody here asks for one."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

SUBSCRIPTION = "/subscriptions/sub-roles"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-roles"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/roleslake"
READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
SOMEBODY = "7f0c0c0e-2f4b-4f0e-9a43-5d1c8a4de001"
WRITER = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"


def assignments(scope: str) -> str:
    return f"{scope}/providers/Microsoft.Authorization/roleAssignments"


def give(sandbox: Any, scope: str, principal: str, role: str = READER, name: str | None = None) -> Any:
    definition = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    body = {"properties": {"roleDefinitionId": definition, "principalId": principal}}
    return sandbox.arm("PUT", f"{assignments(scope)}/{name or uuid.uuid4()}", body)


def scopes(sandbox: Any, scope: str, said: str) -> list[str]:
    answer = sandbox.arm("GET", f"{assignments(scope)}?$filter={said}")
    assert answer.status_code == 200, answer.text
    return [each["properties"]["scope"] for each in answer.json()["value"]]


def test_lists_hold_what_the_filter_says(sandbox: Any) -> None:
    """At the scope and above it with atScope(), below it too without; of one identity, or of all."""
    one, other = str(uuid.uuid4()), str(uuid.uuid4())
    for scope in (SUBSCRIPTION, GROUP, ACCOUNT):
        assert give(sandbox, scope, one).status_code == 201
    assert give(sandbox, GROUP, other).status_code == 201

    assert scopes(sandbox, GROUP, f"atScope() and assignedTo('{one}')") == [SUBSCRIPTION, GROUP]
    assert scopes(sandbox, ACCOUNT.upper(), f"assignedTo('{one}')") == [SUBSCRIPTION, GROUP, ACCOUNT]
    assert scopes(sandbox, GROUP, f"principalId eq '{one}'") == [SUBSCRIPTION, GROUP, ACCOUNT]
    assert scopes(sandbox, f"{GROUP}2", f"principalId eq '{other}'") == []
    assert scopes(sandbox, GROUP, "atScope()").count(GROUP) == 2


def test_an_assignment_is_made_once_and_deleted(sandbox: Any) -> None:
    """Not changed: another role of the same name is refused, the same role by another name too."""
    principal, name = str(uuid.uuid4()), str(uuid.uuid4())
    made = give(sandbox, ACCOUNT, principal, name=name)

    assert give(sandbox, ACCOUNT, principal, name=name).json() == made.json()
    changed, twice = give(sandbox, ACCOUNT, principal, WRITER, name), give(sandbox, ACCOUNT, principal)
    assert (changed.status_code, changed.json()["error"]["code"]) == (400, "RoleAssignmentUpdateNotPermitted")
    assert (twice.status_code, twice.json()["error"]["code"]) == (409, "RoleAssignmentExists")
    assert sandbox.arm("GET", made.json()["id"]).json() == made.json()
    assert [sandbox.arm("DELETE", made.json()["id"]).status_code for _ in range(2)] == [200, 204]
    assert sandbox.arm("GET", made.json()["id"]).status_code == 404


@pytest.mark.parametrize(
    ("name", "principal", "role", "code"),
    [
        ("daily", SOMEBODY, READER, "InvalidRoleAssignmentId"),
        (None, "me", READER, "InvalidPrincipalId"),
        (None, SOMEBODY, SOMEBODY, "RoleDefinitionDoesNotExist"),
        (None, 7, READER, "InvalidRoleAssignment"),
        (None, "", READER, "InvalidRoleAssignment"),
    ],
)
def test_what_azure_would_refuse_is_refused(sandbox: Any, name, principal, role, code) -> None:
    assert give(sandbox, ACCOUNT, principal, role, name).json()["error"]["code"] == code


@pytest.mark.parametrize("kind", ["roleAssignments", "roleDefinitions"])
def test_properties_are_an_object(sandbox: Any, kind: str) -> None:
    place = f"{GROUP}/providers/Microsoft.Authorization/{kind}/{uuid.uuid4()}"

    assert sandbox.arm("PUT", place, {"properties": ["x"]}).status_code == 400


def test_a_role_of_ones_own_is_told_from_azures(sandbox: Any) -> None:
    """By `type`; what an unknown filter would list is not guessed."""
    role = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
    own = f"{role}/{uuid.uuid4()}"
    sandbox.arm("PUT", own, {"properties": {"roleName": "Runs pipelines"}}).raise_for_status()

    told = [sandbox.arm("GET", each).json()["properties"] for each in (own, f"{role}/{READER}")]
    assert [each["type"] for each in told] == ["CustomRole", "BuiltInRole"]
    assert [each["roleName"] for each in told] == ["Runs pipelines", "Storage Blob Data Reader"]
    assert sandbox.arm("PUT", f"{role}/{READER.upper()}", {"properties": {}}).status_code == 400
    assert sandbox.arm("GET", f"{assignments(GROUP)}?$filter=createdOn gt 1").status_code == 501
