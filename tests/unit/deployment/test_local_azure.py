"""Finding the local Azure, and pointing Microsoft's SDKs at it and at nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from config.schema import Sandbox
from deployment.errors import LocalAzureError
from deployment.local_azure import FOREIGN_IDENTITY, REPOSITORY, LocalAzure, ensure, find, point_at
from tests.ports import three_free_ports
from tests.unit.deployment.fakes import Told

if TYPE_CHECKING:
    from pathlib import Path

AZURE = LocalAzure("https://127.0.0.1:1", "http://127.0.0.1:3/identity/token", "secret", "/ca.pem")


@pytest.mark.parametrize("content", [None, "", "{", "null", "{}", json.dumps(AZURE.__dict__)])
def test_a_folder_without_a_running_local_azure_has_none(tmp_path, content):
    """No file, half a file, or one that a killed process left behind."""
    if content is not None:
        (tmp_path / "endpoints.json").write_text(content)

    assert find(tmp_path) is None


def test_of_commands_that_start_it_at_once_one_does(tmp_path):
    """All use the same; what they started outlives them."""
    sandbox = Sandbox(state=tmp_path / "state", port=three_free_ports())
    try:
        with ThreadPoolExecutor(3) as pool:
            found = list(pool.map(lambda _: ensure(sandbox, Told()), range(3)))

        assert len({each.identity_header for each in found}) == 1
        assert find(sandbox.state) == found[0]
    finally:
        stop(sandbox.state)


def test_a_folder_that_was_copied_while_it_ran_has_none(tmp_path):
    """Its endpoints.json leads to the one it was copied from."""
    sandbox = Sandbox(state=tmp_path / "state", port=three_free_ports())
    try:
        ensure(sandbox, Told())
        shutil.copytree(sandbox.state, tmp_path / "copy")

        assert find(sandbox.state) is not None
        assert find(tmp_path / "copy") is None
        with pytest.raises(LocalAzureError) as raised:
            ensure(Sandbox(state=tmp_path / "copy", port=sandbox.port), Told())
    finally:
        stop(sandbox.state)

    assert f"is in use by the local Azure of {sandbox.state}" in str(raised.value)
    assert f"--set sandbox.port={sandbox.port + 1000}" in raised.value.hint


def stop(state: Path) -> None:
    line = [sys.executable, "-m", "sandbox", "stop", "--state", str(state)]
    subprocess.run(line, cwd=REPOSITORY, check=True, capture_output=True)


def test_the_sdks_are_pointed_at_the_local_azure_and_at_no_other_identity():
    """A service principal of the shell would win over the local identity; one authority is trusted."""
    variables = dict.fromkeys(FOREIGN_IDENTITY, "x") | {"NO_PROXY": "intranet", "HOME": "/root"}

    point_at(AZURE, variables)

    assert not set(FOREIGN_IDENTITY) & set(variables)
    assert variables["REQUESTS_CA_BUNDLE"] == variables["SSL_CERT_FILE"] == "/ca.pem"
    assert variables["IDENTITY_HEADER"] == "secret"
    assert variables["ARM_CLOUD_METADATA_URL"].startswith("https://127.0.0.1:1/metadata/endpoints?")
    assert variables["NO_PROXY"] == "intranet,127.0.0.1"
    assert variables["HOME"] == "/root"


@pytest.mark.parametrize("state", ["file", "file/state"])
def test_a_state_folder_that_cannot_be_one_is_named(tmp_path, state):
    """With the key that names another."""
    (tmp_path / "file").touch()

    with pytest.raises(LocalAzureError, match=r"Not a directory: .*file") as raised:
        ensure(Sandbox(state=tmp_path / state), Told())

    assert "sandbox.state" in raised.value.hint
