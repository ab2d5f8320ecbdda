"""The Data Factories that the contract is held against: the local one always, a real one if one is named.

CONTRACT_SUBSCRIPTION_ID, CONTRACT_RESOURCE_GROUP and CONTRACT_DATA_FACTORY name one that may be written to:
the tests use names of their own and delete what they make.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import requests

from adf.gateway import DataFactory
from tests.ports import three_free_ports

READY_WITHIN_SECONDS = 60
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
REAL = ("CONTRACT_SUBSCRIPTION_ID", "CONTRACT_RESOURCE_GROUP", "CONTRACT_DATA_FACTORY")


def real_factory() -> DataFactory:
    """By the identity that is signed in."""
    from azure.identity import DefaultAzureCredential

    subscription_id, resource_group, factory = (os.environ[name] for name in REAL)
    return DataFactory(
        subscription_id=subscription_id,
        resource_group=resource_group,
        factory=factory,
        credential=DefaultAzureCredential(),
    )


@contextmanager
def local_factory(state: Path) -> Iterator[DataFactory]:
    """An empty factory in a local Azure of its own, which is stopped in the end."""
    with local_azure(state) as azure:
        yield empty_factory(azure)


@contextmanager
def local_azure(state: Path) -> Iterator[dict[str, str]]:
    """A local Azure's addresses, as its endpoints.json has them."""
    command = [sys.executable, "-m", "sandbox", "--state", str(state), "--port", str(three_free_ports())]
    with (state.parent / "sandbox.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield endpoints(process, state)
        finally:
            process.terminate()
            process.wait(20)


def empty_factory(azure: dict[str, str], name: str = "adf-contract") -> DataFactory:
    """In a resource group made for it."""
    factory = DataFactory(
        subscription_id=SUBSCRIPTION,
        resource_group="rg-contract",
        factory=name,
        base_url=azure["control"],
        credential=LocalIdentity(azure["identity"], azure["identity_header"]),
        polling_interval=1,
        connection_verify=azure["bundle"],
    )
    put_resource(factory, "?api-version=2021-04-01")
    factory.create_factory("local")
    return factory


def endpoints(process: subprocess.Popen[bytes], state: Path) -> dict[str, str]:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if (state / "endpoints.json").exists():
            return json.loads((state / "endpoints.json").read_text())
        assert process.poll() is None, (state.parent / "sandbox.log").read_text()
        time.sleep(0.1)
    raise TimeoutError(f"the local Azure is not ready after {READY_WITHIN_SECONDS} s")


def put_resource(factory: DataFactory, path: str) -> None:
    """Make a resource below the resource group, as an infrastructure team would have done."""
    from azure.core.rest import HttpRequest

    url = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/rg-contract{path}"
    factory._client.send_request(HttpRequest("PUT", url, json={"location": "local"})).raise_for_status()


class AccessToken(NamedTuple):
    token: str
    expires_on: int


class LocalIdentity:
    """The local managed identity, asked for as App Service's is."""

    def __init__(self, endpoint: str, header: str) -> None:
        self.endpoint = endpoint
        self.header = header

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        resource = scopes[0].removesuffix("/.default")
        body = requests.get(
            self.endpoint,
            params={"api-version": "2019-08-01", "resource": resource},
            headers={"X-IDENTITY-HEADER": self.header},
            timeout=10,
        ).json()
        return AccessToken(body["access_token"], int(body["expires_on"]))
