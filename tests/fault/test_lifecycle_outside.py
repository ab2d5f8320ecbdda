"""Started as a process of its own, looked at, and stopped, by commands that end."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.conftest import free_ports
from tests.fault.machine import FACTORY, FOREVER, GROUP, STOPPED, eventually
from tests.fault.test_machinelearning_killed import STEP, WORKSPACE, Machine, dead, pids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import LocalAzure

PROJECT = Path(__file__).parents[2]


class Home:
    """A state folder, ports, and the commands on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = free_ports()

    def command(self, verb: str, *words: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "sandbox", verb, "--state", str(self.folder), *words]
        return subprocess.run(line, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)

    def detach(self, *words: str, port: int | None = None) -> subprocess.CompletedProcess[str]:
        return self.command("start", "--detach", "--port", str(port or self.ports[0]), *words)

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.command("status", "-o", "json").stdout)
        return found

    def processes(self) -> list[str]:
        """Command lines and working folders, of every process that has to do with the folder."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_text(errors="replace").replace("\0", " ")
                place = str((process / "cwd").readlink())
            except OSError:
                continue
            if str(self.folder) in words or place.startswith(str(self.folder)):
                found.append(f"{words} in {place}")
        return found


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path / "a sandbox's Ordner ü")
    yield made
    made.command("stop", "--now")


def test_a_detached_start_returns_when_it_answers(home: Home) -> None:
    """It says where, where its logs are, and how to stop it; the process is in a session of its own."""
    started = home.detach()

    control = f"https://127.0.0.1:{home.ports[0]}"
    quoted = str(home.folder).replace("'", "'\"'\"'")
    assert started.stdout.splitlines() == [
        f"ready {control}",
        f"logs  {home.folder}/logs",
        f"stop  python -m sandbox stop --state '{quoted}'",
    ]
    assert (started.returncode, started.stderr) == (0, "")
    assert requests.get(f"{control}/_sandbox/health", verify=home.folder / "tls/ca.pem", timeout=30).ok
    pid = home.status()["pid"]
    assert os.getsid(pid) == pid


def test_of_two_that_start_it_at_once_one_does(home: Home) -> None:
    """The other finds it running, and says the same."""
    with ThreadPoolExecutor(3) as pool:
        ended = list(pool.map(lambda _: home.detach(), range(3)))

    assert {each.returncode for each in ended} == {0}, [each.stderr for each in ended]
    assert len({each.stdout for each in ended}) == 1
    assert sum(" -m sandbox start " in line for line in home.processes()) == 1


def test_a_detached_start_on_other_ports_than_it_has_is_refused(home: Home) -> None:
    home.detach()

    refused = home.detach(port=free_ports()[0])

    assert refused.returncode == 1
    assert f"runs already, with other ports, on https://127.0.0.1:{home.ports[0]}" in refused.stderr


@pytest.mark.parametrize("position", [0, 1, 2])
def test_ports_of_another_sandbox_name_its_folder(home: Home, tmp_path: Path, position: int) -> None:
    """Two projects with the same ports: which one it is, how to stop it, how to choose others."""
    home.detach()
    other = Home(tmp_path / "other")

    refused = other.detach(port=home.ports[0] - position)

    option = ("--port", "--lake-port", "--identity-port")[position]
    assert refused.returncode == 1
    assert (
        f"port {home.ports[0]} on 127.0.0.1 is in use by the local Azure of {home.folder}" in refused.stderr
    )
    assert "python -m sandbox stop --state" in refused.stderr
    assert f"choose another port with {option}" in refused.stderr
    assert other.status()["status"] == "stopped"


def test_a_port_of_another_program_names_it(home: Home) -> None:
    with socket.create_server(("127.0.0.1", home.ports[1])):
        refused = home.detach()

    assert refused.returncode == 1
    assert f"port {home.ports[1]} on 127.0.0.1 is in use by another program (" in refused.stderr
    assert f"pid {os.getpid()})" in refused.stderr


def test_status_says_where_it_is_and_what_it_does(home: Home) -> None:
    """And how long it is idle: looking is nothing to do."""
    home.detach("--idle-minutes", "60")
    time.sleep(1.1)

    found = home.status()
    text = home.command("status")

    assert (found["status"], found["ports"]) == ("running", list(home.ports))
    assert (found["runs"], found["started_triggers"], found["idle_minutes"]) == ([], [], 60)
    assert found["idle_seconds"] >= 1
    assert found["bytes"]["all"] > found["bytes"]["lake"] >= 0
    assert json.loads((home.folder / "endpoints.json").read_text())["identity_header"] not in str(found)
    assert text.returncode == 0
    for said in (f"pid {found['pid']}", found["control"], found["lake"], found["identity"], "stop --state"):
        assert said in text.stdout
    assert "stops after 60 minutes without request, run and started trigger" in text.stdout


def test_nothing_runs_in_a_folder_that_is_not_there(home: Home) -> None:
    """Looking and stopping make nothing."""
    status, stop = home.command("status"), home.command("stop")

    assert (status.returncode, stop.returncode) == (1, 0)
    assert stop.stdout == f"no local Azure runs on {home.folder}\n"
    assert f"no local Azure runs on {home.folder}" in status.stdout
    assert not home.folder.exists()


def test_stop_returns_when_everything_has_ended(home: Home) -> None:
    """Ports, lock and folder are free: the next start is at once."""
    home.detach()
    pid = home.status()["pid"]

    stopped = home.command("stop")

    assert (stopped.returncode, stopped.stdout) == (
        0,
        f"stopped the local Azure of {home.folder} (pid {pid})\n",
    )
    assert home.processes() == []
    assert home.detach().returncode == 0


def test_a_lock_with_the_number_of_somebody_elses_process_stops_nobody(home: Home) -> None:
    """What a killed sandbox left, where the system has given its pid to another program since."""
    home.detach()
    home.command("stop", "--now")
    with subprocess.Popen(["sleep", "60"]) as other:
        (home.folder / "lock").write_text(str(other.pid))

        assert home.command("stop").stdout == f"no local Azure runs on {home.folder}\n"
        assert home.detach().returncode == 0
        (home.folder / "lock").write_text(str(other.pid))  # held, and signed with another's number
        refused = home.command("stop")

        assert refused.returncode == 1
        assert f"(pid {other.pid}) is no process of yours on this machine" in refused.stderr
        assert other.poll() is None
        other.kill()
    (home.folder / "lock").write_text(str(home.status()["pid"]))


def test_a_copied_folder_is_not_the_one_it_was_copied_from(home: Home, tmp_path: Path) -> None:
    """Its endpoints.json leads to the other: neither used, nor stopped, and it starts on ports of its own."""
    home.detach()
    copy = Home(tmp_path / "copy")
    shutil.copytree(home.folder, copy.folder)

    assert copy.status()["status"] == "stopped"
    assert copy.command("stop").stdout == f"no local Azure runs on {copy.folder}\n"
    assert copy.detach().stdout.startswith(f"ready https://127.0.0.1:{copy.ports[0]}\n")
    assert home.status()["status"] == "running"
    copy.command("stop")


def test_a_deleted_folder_ends_its_sandbox(home: Home) -> None:
    """So that people can begin anew, at once and on the same ports; what takes its place is left alone."""
    home.detach()
    pid = home.status()["pid"]
    shutil.rmtree(home.folder)

    assert home.detach().returncode == 0
    assert dead(pid)
    assert home.status()["status"] == "running"


def test_a_start_that_fails_says_what_the_process_said(home: Home) -> None:
    home.folder.mkdir()
    (home.folder / "thesis.txt").write_text("mine")

    refused = home.detach()

    assert refused.returncode == 1
    assert refused.stderr.startswith(f"the folder {home.folder} holds something else ('thesis.txt')")
    assert [file.name for file in home.folder.iterdir()] == ["thesis.txt"]


def test_a_start_that_is_killed_leaves_nothing_that_the_next_one_minds(home: Home) -> None:
    """Whatever it was doing: making certificates, starting the lake, importing, telling that it is ready."""
    for tenths in range(1, 9):
        line = [sys.executable, "-m", "sandbox", "--state", str(home.folder), "--port", str(home.ports[0])]
        with subprocess.Popen(line, cwd=PROJECT, stdout=subprocess.DEVNULL) as process:
            time.sleep(tenths / 10)
            process.kill()

    started = home.detach()

    assert (started.returncode, started.stderr) == (0, "")
    assert home.command("stop").returncode == 0
    assert home.processes() == []


def test_a_second_ctrl_c_insists(start_sandbox: Callable[..., LocalAzure], tmp_path: Path) -> None:
    """While a request that would take minutes holds the first one up."""
    running = start_sandbox(tmp_path)
    running.order_fault(service="control", method="PUT", path="slow", action="delay", seconds=600)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(running.arm, "PUT", "/subscriptions/s/resourceGroups/slow", {"location": "x"})
        eventually(waiting.running)
        time.sleep(0.5)
        for _ in range(2):
            running.process.send_signal(signal.SIGINT)
            time.sleep(0.2)

        assert running.process.wait(timeout=60) == 130
        with pytest.raises(requests.ConnectionError):
            waiting.result()
    assert not (tmp_path / "endpoints.json").exists()


def test_a_request_in_progress_is_answered_before_the_stop(
    start_sandbox: Callable[..., LocalAzure], tmp_path: Path
) -> None:
    running = start_sandbox(tmp_path)
    running.order_fault(service="control", method="PUT", path="slow", action="delay", seconds=3)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(running.arm, "PUT", "/subscriptions/s/resourceGroups/slow", {"location": "x"})
        time.sleep(1.5)  # by now it is there, on a busy machine too

        assert running.stop() == 0
        assert waiting.result().status_code == 201


def test_a_stop_leaves_no_process_and_every_run_says_why(
    start_sandbox: Callable[..., LocalAzure], tmp_path: Path
) -> None:
    """A factory's run that waits for an ML run, whose step has a child: all ended when `stop` returns."""
    home = Home(tmp_path / "state")
    machine = Machine(home.folder, start_sandbox)
    azure = machine.azure
    machine.json("PUT", "/subscriptions/s/resourceGroups/rg", {"location": "x"})
    machine.json("PUT", WORKSPACE, {"location": "x"})
    machine.json("PUT", f"{WORKSPACE}/computes/cpu", {"properties": {"computeType": "AmlCompute"}})
    mark = tmp_path / "pids"
    pipeline = machine.publish({"step.py": STEP}, [str(mark), "slow"])
    run_id = run_in_factory(machine, pipeline)
    processes = pids(mark)
    said = home.status()["runs"]

    assert home.command("stop").returncode == 0

    assert_the_log_tells(home.folder / "logs/runs.log", run_id)
    assert said[0].startswith(f"pipeline run {run_id} of adf-fault/score")
    assert "ml run" in said[1]
    assert all(dead(process) for process in processes)
    assert home.processes() == []
    for port in azure.ports:
        socket.create_server(("127.0.0.1", port)).close()
    machine.start()
    run = machine.json("GET", f"{FACTORY}/pipelineruns/{run_id}")
    activities = machine.json("POST", f"{FACTORY}/pipelineruns/{run_id}/queryActivityruns", FOREVER)["value"]
    assert (run["status"], run["message"]) == ("Failed", STOPPED)
    assert [one["error"]["message"] for one in activities] == [STOPPED]
    history = f"/history/v1.0{WORKSPACE}/experiments/p/runs:query"
    runs = machine.json("POST", history, {})["value"]
    assert {(one["status"], one["error"]["error"]["message"]) for one in runs} == {("Failed", STOPPED)}


def assert_the_log_tells(log: Path, run_id: str) -> None:
    """Which run, of what, invoked by whom; its steps, and where their logs are."""
    lines = [line.split(" I sandbox.runs ")[1] for line in log.read_text().splitlines()]
    assert lines[0] == f"pipeline run {run_id} of adf-fault/score: InProgress, invoked by Manual"
    assert re.fullmatch(r"ml run \S+ of w/\S+: started", lines[1])
    step = re.fullmatch(r"ml run \S+ of w/\S+: step 'step' started, its log: (\S+)", lines[2])
    assert step is not None
    assert Path(step[1]).is_file()


def run_in_factory(machine: Machine, pipeline: str) -> str:
    subscription, group, workspace = "s", "rg", "w"
    machine.json("PUT", FACTORY, {"location": "x", "identity": {"type": "SystemAssigned"}})
    service = {
        "type": "AzureMLService",
        "typeProperties": {
            "subscriptionId": subscription,
            "resourceGroupName": group,
            "mlWorkspaceName": workspace,
            "authentication": "MSI",
        },
    }
    machine.json("PUT", f"{FACTORY}/linkedservices/ml", {"properties": service})
    activity = {
        "name": "score",
        "type": "AzureMLExecutePipeline",
        "linkedServiceName": {"referenceName": "ml", "type": "LinkedServiceReference"},
        "typeProperties": {"mlPipelineId": pipeline},
    }
    machine.json("PUT", f"{FACTORY}/pipelines/score", {"properties": {"activities": [activity]}})
    return str(machine.json("POST", f"{FACTORY}/pipelines/score/createRun")["runId"])


@pytest.mark.parametrize("words", [(), ("--despite-triggers",)])
def test_a_started_trigger_keeps_what_was_started_by_hand(
    start_sandbox: Callable[..., LocalAzure], tmp_path: Path, words: tuple[str, ...]
) -> None:
    """And does not keep what a command started for itself."""
    running = start_sandbox(tmp_path / "state", "--idle-minutes", "0.1", *words)
    running.arm("PUT", GROUP, {"location": "x"}).raise_for_status()
    running.arm("PUT", FACTORY, {"location": "x"}).raise_for_status()
    pipeline = {"activities": [{"name": "w", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 1}}]}
    running.arm("PUT", f"{FACTORY}/pipelines/p", {"properties": pipeline}).raise_for_status()
    recurrence = {"frequency": "Month", "interval": 1, "startTime": "2026-01-01T00:00:00Z", "timeZone": "UTC"}
    reference = {"referenceName": "p", "type": "PipelineReference"}
    trigger = {
        "type": "ScheduleTrigger",
        "pipelines": [{"pipelineReference": reference, "parameters": {}}],
        "typeProperties": {"recurrence": recurrence},
    }
    made = running.arm("PUT", f"{FACTORY}/triggers/t", {"properties": trigger})
    assert made.ok, made.text
    running.arm("POST", f"{FACTORY}/triggers/t/start").raise_for_status()

    if words:
        assert running.process.wait(timeout=30) == 0
        return
    time.sleep(9)
    assert running.process.poll() is None
    running.arm("POST", f"{FACTORY}/triggers/t/stop").raise_for_status()
    assert running.process.wait(timeout=30) == 0


def test_a_run_keeps_it_from_stopping(start_sandbox: Callable[..., LocalAzure], tmp_path: Path) -> None:
    """However long it takes; the idle time begins at its end."""
    running = start_sandbox(tmp_path / "state", "--idle-minutes", "0.1")
    running.arm("PUT", GROUP, {"location": "x"}).raise_for_status()
    running.arm("PUT", FACTORY, {"location": "x"}).raise_for_status()
    pipeline = {"activities": [{"name": "w", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 10}}]}
    running.arm("PUT", f"{FACTORY}/pipelines/p", {"properties": pipeline}).raise_for_status()
    running.arm("POST", f"{FACTORY}/pipelines/p/createRun").raise_for_status()

    time.sleep(9)
    assert running.process.poll() is None
    assert running.process.wait(timeout=30) == 0
