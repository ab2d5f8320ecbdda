"""The control process itself: who gets in, how it refuses, and what an infrastructure team makes first."""

from __future__ import annotations

import asyncio
import socket
import ssl
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import requests

from sandbox import life
from sandbox.identity import Identity
from sandbox.lake_process import LakeProcess

if TYPE_CHECKING:
    from pathlib import Path

GROUP = "/subscriptions/sub-core/resourceGroups/rg core"
ACCOUNTS = f"{GROUP}/providers/Microsoft.Storage/storageAccounts"


@pytest.fixture(scope="module", autouse=True)
def group(sandbox: Any) -> None:
    sandbox.arm("PUT", GROUP, {"location": "here"})


def get(sandbox: Any, path: str, **options: Any) -> requests.Response:
    return requests.get(f"{sandbox.control}{path}", verify=sandbox.bundle, timeout=30, **options)


def error_of(answer: requests.Response) -> tuple[int, str]:
    """Status and code; the body has the shape that the Azure ML SDK can print."""
    error = answer.json()["error"]
    assert error["details"] == []
    assert answer.headers["x-ms-error-code"] == error["code"]
    return answer.status_code, error["code"]


def test_both_clouds_are_listed(sandbox: Any) -> None:
    """A part of the Azure ML SDK asks for "AzureCloud" whatever it was told."""
    clouds = get(sandbox, "/metadata/endpoints").json()

    assert [cloud["name"] for cloud in clouds] == ["LocalSandbox", "AzureCloud"]
    assert {cloud["resourceManager"] for cloud in clouds} == {f"{sandbox.control}/"}


def test_nobody_gets_in_without_a_token(sandbox: Any) -> None:
    assert error_of(get(sandbox, "/subscriptions?api-version=1")) == (401, "InvalidAuthenticationToken")
    storage = {"Authorization": f"Bearer {sandbox.token('https://storage.azure.com')}"}
    assert error_of(get(sandbox, "/subscriptions?api-version=1", headers=storage))[0] == 401
    assert get(sandbox, "/_sandbox/health").json() == {"status": "ready"}


def test_an_expired_token_is_refused_every_time(sandbox: Any) -> None:
    """Also where it was good a moment ago."""
    identity = Identity(sandbox.state / "identity.secret")
    token = identity.issue("https://management.azure.com/", lifetime_seconds=1)
    headers = {"Authorization": f"Bearer {token}"}
    seen = set()
    while 401 not in seen:
        seen.add(get(sandbox, "/subscriptions?api-version=1", headers=headers).status_code)

    assert seen <= {200, 401}
    answer = get(sandbox, "/subscriptions?api-version=1", headers=headers)
    assert error_of(answer) == (401, "InvalidAuthenticationToken")
    assert "expired" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:10443", "127.0.0.1.evil.example", "[::2]:1", ""]
)
def test_another_hosts_requests_are_refused(sandbox: Any, host: str) -> None:
    """Whatever token they bring, in both processes: a page's own host may have been given this address."""
    for address, audience in ((sandbox.control, "management.azure"), (sandbox.lake, "storage.azure")):
        headers = {"Authorization": f"Bearer {sandbox.token(f'https://{audience}.com')}", "Host": host}
        url = f"{address}/subscriptions?api-version=1&comp=list"
        answer = requests.get(url, headers=headers, verify=sandbox.bundle, timeout=30)

        assert answer.status_code == 421, answer.text
    own = {"Authorization": f"Bearer {sandbox.token('https://management.azure.com')}", "Host": "LocalHost"}
    assert get(sandbox, "/subscriptions?api-version=1", headers=own).ok


@pytest.mark.parametrize("header", ["", "wrong"])
def test_a_token_is_given_for_the_header_only(sandbox: Any, header: str) -> None:
    address = sandbox.endpoints["identity"]
    query = {"api-version": "2019-08-01", "resource": "https://management.azure.com"}

    answer = requests.get(address, params=query, headers={"X-IDENTITY-HEADER": header}, timeout=30)

    assert answer.status_code == 401
    assert "access_token" not in answer.text


def test_azure_identity_takes_its_token_here(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Microsoft's own ManagedIdentityCredential, by the two variables of App Service."""
    from azure.identity import ManagedIdentityCredential

    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        monkeypatch.setenv(name, sandbox.environment[name])
    with ManagedIdentityCredential() as credential:
        token = credential.get_token("https://management.azure.com/.default").token

    bearer = {"Authorization": f"Bearer {token}"}
    assert get(sandbox, "/subscriptions?api-version=1", headers=bearer).status_code == 200


def test_what_is_not_there_is_refused_by_name(sandbox: Any) -> None:
    answer = sandbox.arm("GET", "/subscriptions/sub-core/providers/Microsoft.Compute/virtualMachines")

    assert error_of(answer) == (501, "NotImplementedByLocalAzure")
    assert "Microsoft.Compute/virtualMachines" in answer.json()["error"]["message"]
    assert error_of(sandbox.arm("PATCH", GROUP)) == (501, "NotImplementedByLocalAzure")


def test_an_api_version_is_required(sandbox: Any) -> None:
    bearer = {"Authorization": f"Bearer {sandbox.token('https://management.azure.com')}"}

    assert error_of(get(sandbox, "/subscriptions", headers=bearer)) == (400, "MissingApiVersionParameter")


def test_a_body_that_is_no_json_object_is_refused(sandbox: Any) -> None:
    bearer = {"Authorization": f"Bearer {sandbox.token('https://management.azure.com')}"}
    url = f"{sandbox.control}{GROUP}?api-version=1"
    for body in (b"{", b"[]", b""):
        answer = requests.put(url, body, headers=bearer, verify=sandbox.bundle, timeout=30)
        assert error_of(answer) == (400, "InvalidRequestContent")


def test_paths_are_matched_without_regard_to_case(sandbox: Any) -> None:
    """And `%20` is a space."""
    answer = sandbox.arm("GET", "/SUBSCRIPTIONS/Sub-Core/resourcegroups/RG%20CORE")

    assert answer.json()["name"] == "rg core"


def test_a_group_is_new_once(sandbox: Any) -> None:
    path = "/subscriptions/sub-core/resourceGroups/new"

    assert [sandbox.arm("PUT", path, {"location": "x"}).status_code for _ in range(2)] == [201, 200]
    assert (sandbox.arm("HEAD", path).status_code, sandbox.arm("HEAD", path + "er").status_code) == (204, 404)
    assert error_of(sandbox.arm("GET", path + "er")) == (404, "ResourceGroupNotFound")
    listed = sandbox.arm("GET", "/subscriptions").json()["value"]
    assert "sub-core" in {subscription["subscriptionId"] for subscription in listed}


def test_a_storage_account_makes_a_lake(sandbox: Any) -> None:
    account = sandbox.arm("PUT", f"{ACCOUNTS}/corelake", {"location": "x", "tags": {"a": "b"}}).json()

    assert account["properties"]["primaryEndpoints"]["dfs"] == f"{sandbox.lake}/corelake/"
    assert (sandbox.state / "lake/corelake").is_dir()
    assert sandbox.arm("GET", f"{ACCOUNTS}/corelake").json() == account
    with sandbox.lake_client("corelake2") as client:
        assert list(client.list_file_systems()) == []


def test_a_storage_account_needs_a_good_name_that_is_free_everywhere(sandbox: Any) -> None:
    sandbox.arm("PUT", f"{ACCOUNTS}/takenlake", {"location": "x"})
    elsewhere = "/subscriptions/sub-core/resourceGroups/elsewhere"
    sandbox.arm("PUT", elsewhere, {"location": "x"})
    path = f"{elsewhere}/providers/Microsoft.Storage/storageAccounts"

    assert error_of(sandbox.arm("PUT", f"{path}/takenlake", {})) == (409, "StorageAccountAlreadyTaken")
    assert error_of(sandbox.arm("PUT", f"{path}/No-Good", {})) == (400, "AccountNameInvalid")
    assert error_of(sandbox.arm("GET", f"{path}/takenlake")) == (404, "ResourceNotFound")
    assert (
        error_of(sandbox.arm("PUT", f"{elsewhere}s/providers/Microsoft.Storage/storageAccounts/xyz", {}))[0]
        == 404
    )


def test_faults_can_be_ordered_and_forgotten(sandbox: Any) -> None:
    sandbox.order_fault(path="resourceGroups/flaky", action="refuse", status=429, code="TooManyRequests")
    path = "/subscriptions/sub-core/resourceGroups/flaky"
    refused = sandbox.arm("PUT", path, {"location": "x"})
    sandbox.clear_faults()

    assert error_of(refused) == (429, "TooManyRequests")
    assert sandbox.arm("PUT", path, {"location": "x"}).status_code == 201


def test_a_name_that_would_change_a_resources_path_is_refused(sandbox: Any) -> None:
    """An encoded slash would put one group's resources into another's."""
    for group in ("rg%2Fproviders", "rg%00", "rg%0A"):
        answer = sandbox.arm("PUT", f"/subscriptions/sub-core/resourceGroups/{group}", {"location": "x"})
        assert error_of(answer) == (400, "InvalidResourceGroupName")


def test_a_body_that_would_fill_the_memory_is_refused(sandbox: Any) -> None:
    """What is read whole has a limit."""
    bearer = {"Authorization": f"Bearer {sandbox.token('https://management.azure.com')}"}
    url = f"{sandbox.control}{GROUP}?api-version=1"

    answer = requests.put(url, bytes(65 << 20), headers=bearer, verify=sandbox.bundle, timeout=20)

    assert error_of(answer) == (413, "RequestEntityTooLarge")


def test_a_lake_that_is_just_started_again_is_not_idle(tmp_path: Path) -> None:
    """While it does not answer, the sandbox neither stops nor fails."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        context = ssl.create_default_context()
        lake = LakeProcess(tmp_path, listening, context, Identity(tmp_path / "secret"))
    assert asyncio.run(lake.idle_seconds()) == 0


def test_it_is_idle_when_neither_process_works_and_nothing_keeps_it() -> None:
    kept, lake_idle = [True, False, False, False], [0.0, 4.0, 9.0]

    class Lake:
        async def idle_seconds(self) -> float:
            return lake_idle.pop(0)

    class Still:
        async def sleep(self, _: float) -> None: ...

    context = SimpleNamespace(activity=SimpleNamespace(idle_seconds=lambda: 60), clock=Still())
    asyncio.run(life._until_idle(Lake(), context, 5, lambda: kept.pop(0)))  # type: ignore[arg-type]

    assert (kept, lake_idle) == ([], [])
