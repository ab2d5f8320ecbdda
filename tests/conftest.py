"""The local Azure for tests: one for the whole session (`sandbox`), or one's own to be killed
(`start_sandbox`).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.ports import three_free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROJECT = Path(__file__).parent.parent
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
GROUP = "rg-tests"
MANAGEMENT = "https://management.azure.com"
STORAGE = "https://storage.azure.com"
START_SECONDS = 60

for variable in ("GITHUB_ACTIONS", "TF_BUILD"):  # a CI system that runs the tests reads no command of theirs
    os.environ.pop(variable, None)
# Hundreds of processes are started, which would each compile all of their modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@dataclass
class Credential:
    """What azure-core wants of a credential, answered by the sandbox's token endpoint."""

    sandbox: LocalAzure

    def get_token(self, *scopes: str, **_: Any) -> Any:
        from azure.core.credentials import AccessToken

        audience = scopes[0].removesuffix("/.default")
        return AccessToken(self.sandbox.token(audience), int(time.time()) + 3000)


@dataclass
class LocalAzure:
    """A running `python -m sandbox`, and how to talk to it."""

    state: Path
    process: subprocess.Popen[str]
    ports: tuple[int, int, int]
    endpoints: dict[str, Any] = field(default_factory=dict)

    @property
    def control(self) -> str:
        return str(self.endpoints["control"])

    @property
    def lake(self) -> str:
        return str(self.endpoints["lake"])

    @property
    def bundle(self) -> str:
        """The authority of this one alone: a client reads all of it for each of its connections, and of
        certifi's, too, that is most of what a small request costs.
        """
        return str(Path(self.endpoints["bundle"]).with_name("ca.pem"))

    @property
    def credential(self) -> Credential:
        return Credential(self)

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment, and the variables by which Azure's clients find and trust the
        sandbox.
        """
        return {
            **os.environ,
            "IDENTITY_ENDPOINT": self.endpoints["identity"],
            "IDENTITY_HEADER": self.endpoints["identity_header"],
            "REQUESTS_CA_BUNDLE": self.bundle,
            "SSL_CERT_FILE": self.bundle,
            "ARM_CLOUD_METADATA_URL": f"{self.control}/metadata/endpoints?api-version=2019-05-01",
            "AZUREML_CURRENT_CLOUD": "LocalSandbox",
        }

    def token(self, audience: str) -> str:
        answer = requests.get(
            self.endpoints["identity"],
            params={"api-version": "2019-08-01", "resource": audience},
            headers={"X-IDENTITY-HEADER": self.endpoints["identity_header"]},
            timeout=10,
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def arm(
        self, method: str, path: str, body: Any = None, *, version: str = "2024-01-01", **options: Any
    ) -> requests.Response:
        """One request to the control process; `api-version` is added."""
        separator = "&" if "?" in path else "?"
        return requests.request(
            method,
            f"{self.control}{path}{separator}api-version={version}",
            json=body,
            headers={"Authorization": f"Bearer {self.token(MANAGEMENT)}"},
            verify=self.bundle,
            timeout=30,
            **options,
        )

    def order_fault(self, **fault: Any) -> None:
        """See sandbox/faults.py."""
        assert self.arm("POST", "/_sandbox/faults", fault).status_code == 200

    def clear_faults(self) -> None:
        assert self.arm("DELETE", "/_sandbox/faults").status_code == 200

    def account(self, name: str) -> str:
        """A storage account, made where absent; its address."""
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
        self.arm("PUT", group, {"location": "local"}).raise_for_status()
        path = f"{group}/providers/Microsoft.Storage/storageAccounts/{name}"
        self.arm("PUT", path, {"location": "local"}).raise_for_status()
        return f"{self.lake}/{name}"

    def account_key(self, name: str) -> str:
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
        answer = self.arm("POST", f"{group}/providers/Microsoft.Storage/storageAccounts/{name}/listKeys")
        answer.raise_for_status()
        return str(answer.json()["keys"][0]["value"])

    def lake_client(self, account: str = "testlake", **options: Any) -> Any:
        """Microsoft's own client of the account, which is made where absent; the caller closes it."""
        from azure.storage.filedatalake import DataLakeServiceClient

        options.setdefault("credential", self.credential)
        return DataLakeServiceClient(self.account(account), connection_verify=self.bundle, **options)

    def stop(self) -> int:
        """Clean: SIGTERM, and the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(timeout=START_SECONDS)
        self._close()
        return code

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=START_SECONDS)
        self._close()

    def _close(self) -> None:
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


def launch(state: Path, *options: str, ports: tuple[int, int, int] | None = None) -> LocalAzure:
    """Start one and wait until it is ready."""
    chosen = ports or free_ports()
    command = [sys.executable, "-m", "sandbox", "--state", str(state), "--port", str(chosen[0])]
    command += ["--lake-port", str(chosen[1]), "--identity-port", str(chosen[2]), *options]
    process = subprocess.Popen(
        command,
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_clean_environment(),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    if not process.stdout.readline().startswith("ready "):
        complaint = process.stderr.read()
        running = LocalAzure(state, process, chosen)
        running.stop()
        pytest.fail(f"the local Azure did not start: {complaint}")
    return LocalAzure(state, process, chosen, json.loads((state / "endpoints.json").read_text()))


def free_ports() -> tuple[int, int, int]:
    first = three_free_ports()
    return first, first + 1, first + 2


def _clean_environment() -> dict[str, str]:
    """Nothing of another Azure."""
    foreign = ("AZURE_", "AZUREML_", "IDENTITY_", "MSI_", "ARM_")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    """One local Azure for all tests of the session: use names of your own in it."""
    running = launch(tmp_path_factory.mktemp("azure") / "state")
    yield running
    assert running.stop() == 0


@pytest.fixture
def start_sandbox() -> Iterator[Callable[..., LocalAzure]]:
    """`start_sandbox(folder, *options, ports=None)`: one's own; what still runs at the end is stopped."""
    started: list[LocalAzure] = []

    def start(state: Path, *options: str, ports: tuple[int, int, int] | None = None) -> LocalAzure:
        started.append(launch(state, *options, ports=ports))
        return started[-1]

    yield start
    for running in started:
        running.stop()
