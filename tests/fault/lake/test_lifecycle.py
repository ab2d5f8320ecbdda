"""One sandbox a folder; it starts where another was killed, and its child never outlives it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # see conftest.py
PROJECT = Path(__file__).parents[3]


def command(state: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox", "--state", str(state), *options],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def ended(pid: int, seconds: float = 5) -> bool:
    """Whether the process is gone (or a zombie that only its reaper has not seen yet)."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def lake_pid(state: Path) -> int:
    return int((state / "lake.lock").read_text())


def test_a_second_sandbox_on_the_folder_is_refused(start_sandbox: Callable[..., Any], tmp_path: Path) -> None:
    """With exit code 75 and the owner's pid; the first goes on."""
    first = start_sandbox(tmp_path)

    second = command(tmp_path, "--port", "1")

    assert second.returncode == 75
    assert f"another local Azure (pid {first.process.pid}) uses this folder" in second.stderr
    assert requests.get(f"{first.control}/_sandbox/health", verify=first.bundle, timeout=30).ok


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """In one line, with the option that chooses another."""
    (tmp_path / "file").touch()

    refused = command(tmp_path / "file" / "state")

    assert refused.returncode == 1
    said = f"the folder {tmp_path}/file/state cannot be used: Not a directory; choose another with --state "
    assert refused.stderr == f"{said}(sandbox.state in the environment's configuration)\n"


@pytest.mark.parametrize("position", [0, 1, 2], ids=["control", "lake", "identity"])
def test_a_port_in_use_is_an_error_that_names_the_option(sandbox: Any, tmp_path: Path, position: int) -> None:
    """And nothing is left running."""
    taken = sandbox.ports[0]
    options = ("--port", "--lake-port", "--identity-port")
    option = options[position]
    ports = {name: str(free_port()) for name in options} | {option: str(taken)}

    refused = command(tmp_path, *[word for pair in ports.items() for word in pair])

    assert refused.returncode == 1
    assert f"port {taken} on 127.0.0.1 is in use" in refused.stderr
    assert option in refused.stderr
    assert not (tmp_path / "endpoints.json").exists()


def test_a_step_python_that_is_none_is_refused(tmp_path: Path) -> None:
    """At the start, and not by the first step that fails."""
    refused = command(tmp_path / "state", "--step-python", str(tmp_path / "python"))

    assert refused.returncode == 1
    assert f"{tmp_path}/python is no program" in refused.stderr


def test_a_clean_stop_takes_the_endpoints_and_the_lake_along(
    start_sandbox: Callable[..., Any], tmp_path: Path
) -> None:
    running = start_sandbox(tmp_path)
    lake = lake_pid(tmp_path)
    assert (tmp_path / "endpoints.json").stat().st_mode & 0o777 == 0o600

    assert running.stop() == 0

    assert not (tmp_path / "endpoints.json").exists()
    assert ended(lake)


def test_ctrl_c_is_a_clean_stop(start_sandbox: Callable[..., Any], tmp_path: Path) -> None:
    running = start_sandbox(tmp_path)
    running.process.send_signal(signal.SIGINT)

    assert running.stop() == 0


def test_the_lake_ends_with_a_killed_parent_and_the_folder_is_free_again(
    start_sandbox: Callable[..., Any], tmp_path: Path
) -> None:
    """On the same ports, at once; what was written is there, and tokens of before are still good."""
    first = start_sandbox(tmp_path)
    with first.lake_client("kept") as client:
        client.create_file_system("data").create_file("a", metadata={"k": "v"})
    token = first.token("https://storage.azure.com")
    lake = lake_pid(tmp_path)
    first.kill()

    second = start_sandbox(tmp_path, ports=first.ports)

    assert ended(lake)
    answer = requests.head(
        f"{second.lake}/kept/data/a",
        headers={"Authorization": f"Bearer {token}"},
        verify=second.bundle,
        timeout=30,
    )
    assert (answer.status_code, answer.headers["x-ms-meta-k"]) == (200, "v")


def test_nobody_else_may_read_the_folder(sandbox: Any) -> None:
    """Keys, tokens' secret and databases: mode 0600 in folders of mode 0700."""
    assert sandbox.state.stat().st_mode & 0o777 == 0o700
    for name in (
        "identity.secret",
        "endpoints.json",
        "state.db",
        "lake.db",
        "tls/ca.key",
        "tls/certificate.key",
    ):
        assert (sandbox.state / name).stat().st_mode & 0o077 == 0, name


def test_an_idle_sandbox_stops(start_sandbox: Callable[..., Any], tmp_path: Path) -> None:
    """Neither process had a request for that long; the exit code is that of a clean stop."""
    running = start_sandbox(tmp_path, "--idle-minutes", "0.01")

    assert running.process.wait(timeout=30) == 0
    assert not (tmp_path / "endpoints.json").exists()


def test_requests_to_the_lake_keep_it_from_stopping(
    start_sandbox: Callable[..., Any], tmp_path: Path
) -> None:
    running = start_sandbox(tmp_path, "--idle-minutes", "0.1")
    with running.lake_client("busy") as client:
        for _ in range(20):
            list(client.list_file_systems())
            time.sleep(0.4)

    assert running.process.poll() is None


def test_logs_hold_no_secret(sandbox: Any) -> None:
    """Neither tokens nor signatures, of requests that were answered or refused."""
    token = sandbox.token("https://management.azure.com")
    bearer = {"Authorization": f"Bearer {token}"}
    for path in ("/subscriptions?api-version=1&sig=s3cr3t%2Fvalue", "/azureml/x?sv=1&sig=s3cr3t%2Fvalue"):
        requests.get(f"{sandbox.control}{path}", headers=bearer, verify=sandbox.bundle, timeout=30)
    requests.get(f"{sandbox.lake}/account/fs/x?sig=s3cr3t%2Fvalue", verify=sandbox.bundle, timeout=30)

    written = "".join(file.read_text() for file in (sandbox.state / "logs").iterdir() if file.is_file())
    header = json.loads((sandbox.state / "endpoints.json").read_text())["identity_header"]
    for secret in ("s3cr3t", token, header, (sandbox.state / "identity.secret").read_text()):
        assert secret not in written


def test_only_loopback_is_listened_on(sandbox: Any) -> None:
    """Each of the three ports, in the kernel's own table."""
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    addresses = {line[1] for line in listening if line[3] == "0A"}
    for port in sandbox.ports:
        assert f"0100007F:{port:04X}" in addresses
        assert f"00000000:{port:04X}" not in addresses


def test_the_lake_is_started_again_when_it_dies(start_sandbox: Callable[..., Any], tmp_path: Path) -> None:
    running = start_sandbox(tmp_path)
    with running.lake_client("again", retry_total=8, initial_backoff=0.1, increment_base=0.3) as client:
        client.create_file_system("data")
        before = lake_pid(tmp_path)
        os.kill(before, signal.SIGKILL)

        assert [found.name for found in client.list_file_systems()] == ["data"]
    assert lake_pid(tmp_path) != before
