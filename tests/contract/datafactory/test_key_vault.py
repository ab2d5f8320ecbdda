"""A pipeline that reads a secret by the factory's identity, and hands it on without showing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.contract.datafactory.factories import activity, expression

if TYPE_CHECKING:
    from tests.conftest import LocalAzure
    from tests.contract.datafactory.factories import Factory

VAULT = "https://vault.azure.net"


def ask(
    azure: LocalAzure, method: str, path: str, body: Any = None, *, audience: str = VAULT
) -> requests.Response:
    return requests.request(
        method,
        f"{azure.control}/keyvault/{path}?api-version=7.4",
        json=body,
        headers={"Authorization": f"Bearer {azure.token(audience)}"},
        verify=azure.bundle,
        timeout=10,
    )


def test_a_secret_is_read_and_not_shown(factory: Factory) -> None:
    """Read with secureOutput, used with secureInput: the value is in neither activity's record."""
    azure = factory.azure
    ask(azure, "PUT", "kv-tests/secrets/hook", {"value": "hush-hush"}).raise_for_status()
    read = activity(
        "read",
        "WebActivity",
        method="GET",
        url=f"{azure.control}/keyvault/kv-tests/secrets/hook?api-version=7.4",
        authentication={"type": "MSI", "resource": VAULT},
        policy={"secureOutput": True},
    )
    use = activity(
        "use",
        "SetVariable",
        after={"read": ["Succeeded"]},
        variableName="length",
        value=expression("@string(length(activity('read').output.value))"),
        policy={"secureInput": True},
    )
    factory.pipeline("secret", read, use, variables={"length": {"type": "String"}})

    run = factory.finish(factory.start("secret"))
    records = factory.activities(run["runId"])

    assert run["status"] == "Succeeded"
    assert records["use"]["output"]["value"] == "9"
    assert "hush-hush" not in str([one.as_dict() for one in records.values()])


def test_versions_stay_and_the_newest_is_read(sandbox: LocalAzure) -> None:
    first, second = (ask(sandbox, "PUT", "kv-tests/secrets/twice", {"value": text}).json() for text in "ab")

    assert ask(sandbox, "GET", "kv-tests/secrets/twice").json() == second
    version = first["id"].rpartition("/")[2]
    assert ask(sandbox, "GET", f"kv-tests/secrets/twice/{version}").json()["value"] == "a"


@pytest.mark.parametrize(
    ("method", "path", "body", "audience", "status", "code"),
    [
        ("GET", "kv-tests/secrets/none", None, VAULT, 404, "SecretNotFound"),
        (
            "GET",
            "kv-tests/secrets/none",
            None,
            "https://management.azure.com",
            401,
            "InvalidAuthenticationToken",
        ),
        ("PUT", "kv-tests/secrets/no_such", {"value": "x"}, VAULT, 400, "BadParameter"),
        ("PUT", "k/secrets/name", {"value": "x"}, VAULT, 400, "BadParameter"),
        ("PUT", "kv-tests/secrets/name", {"value": 1}, VAULT, 400, "BadParameter"),
    ],
)
def test_what_a_vault_refuses(
    sandbox: LocalAzure, method: str, path: str, body: Any, audience: str, status: int, code: str
) -> None:
    answer = ask(sandbox, method, path, body, audience=audience)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
