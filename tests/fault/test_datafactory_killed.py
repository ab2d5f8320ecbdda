"""A local Data Factory that is killed: nothing hangs, nothing runs twice, nothing is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from tests.fault.machine import FACTORY, FOREVER, STOPPED, eventually

if TYPE_CHECKING:
    from tests.fault.machine import Machine


def test_a_kill_in_mid_run_fails_the_run_at_the_next_start(machine: Machine) -> None:
    """kill -9: entities are there, the run and its activity are Failed and say why; it runs again."""
    machine.waits("p", 300)
    run_id = machine.call("POST", "/pipelines/p/createRun")["runId"]
    activities = f"/pipelineruns/{run_id}/queryActivityruns"
    eventually(lambda: machine.call("POST", activities, FOREVER)["value"])

    machine.azure.kill()
    machine.restart()

    run = machine.call("GET", f"/pipelineruns/{run_id}")
    (activity,) = machine.call("POST", activities, FOREVER)["value"]
    assert (run["status"], run["message"]) == ("Failed", STOPPED)
    assert (activity["status"], activity["error"]["message"]) == ("Failed", STOPPED)
    machine.waits("p", 0)
    machine.call("POST", "/pipelines/p/createRun")
    eventually(lambda: machine.runs()[-1]["status"] == "Succeeded")


def test_a_kill_in_mid_copy_leaves_the_old_file_whole(machine: Machine) -> None:
    """All of the local Azure at once, while blocks of the new one are under way: then a rerun copies it."""
    new = bytes(range(256)) * 20_000
    url = machine.azure.account("killedcopy")
    with machine.azure.lake_client("killedcopy") as client:
        files = client.create_file_system("data")
        for name, content in (("in", new), ("out", b"old")):
            files.create_file(name).upload_data(content, overwrite=True)
    copy_of(machine, url)
    machine.azure.order_fault(service="lake", method="PUT", path="blocklist", action="delay", seconds=60)
    run_id = machine.call("POST", "/pipelines/copy/createRun")["runId"]
    activities = f"/pipelineruns/{run_id}/queryActivityruns"
    eventually(lambda: machine.call("POST", activities, FOREVER)["value"])
    eventually(lambda: "blockid" in (machine.azure.state / "logs/lake.log").read_text())

    machine.azure.kill()
    machine.restart()

    assert machine.call("GET", f"/pipelineruns/{run_id}")["status"] == "Failed"
    copied = machine.azure.state / "lake/killedcopy/data/out"
    assert copied.read_bytes() == b"old"
    copy_of(machine, machine.azure.account("killedcopy"))
    rerun = f"/pipelines/copy/createRun?isRecovery=true&startFromFailure=true&referencePipelineRunId={run_id}"
    machine.call("POST", rerun)
    eventually(lambda: machine.runs()[-1]["status"] == "Succeeded")
    assert copied.read_bytes() == new


def copy_of(machine: Machine, url: str) -> None:
    """A pipeline that copies `in` to `out`; the lake's address is another one after a restart."""
    lake = {"type": "AzureBlobFS", "typeProperties": {"url": url}}
    machine.call("PUT", "/linkedservices/lake", {"properties": lake})
    service = {"referenceName": "lake", "type": "LinkedServiceReference"}
    for name in ("in", "out"):
        location = {"type": "AzureBlobFSLocation", "fileSystem": "data", "fileName": name}
        dataset = {
            "type": "Binary",
            "linkedServiceName": service,
            "typeProperties": {"location": location},
        }
        machine.call("PUT", f"/datasets/{name}", {"properties": dataset})
    source = {"type": "BinarySource", "storeSettings": {"type": "AzureBlobFSReadSettings"}}
    sink = {"type": "BinarySink", "storeSettings": {"type": "AzureBlobFSWriteSettings"}}
    copies = {
        "name": "copy",
        "type": "Copy",
        "inputs": [{"referenceName": "in", "type": "DatasetReference"}],
        "outputs": [{"referenceName": "out", "type": "DatasetReference"}],
        "typeProperties": {"source": source, "sink": sink},
    }
    machine.call("PUT", "/pipelines/copy", {"properties": {"activities": [copies]}})


def test_queued_runs_and_their_order_outlive_a_kill(machine: Machine) -> None:
    """The one under way is Failed; the two that waited run, once each, one after the other."""
    wait = {"name": "w", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 1}}
    machine.call("PUT", "/pipelines/p", {"properties": {"activities": [wait], "concurrency": 1}})
    ids = [machine.call("POST", "/pipelines/p/createRun")["runId"] for _ in range(3)]

    machine.azure.kill()
    machine.restart()

    eventually(lambda: [run["status"] for run in machine.runs()][1:] == ["Succeeded"] * 2)
    runs = {run["runId"]: run for run in machine.runs()}
    assert list(runs) == ids
    assert runs[ids[0]]["message"] == STOPPED
    assert runs[ids[1]]["runEnd"] <= runs[ids[2]]["runEnd"]


def test_a_create_run_whose_answer_is_lost_made_one_run(machine: Machine) -> None:
    """Killed after the change, before the answer: the caller finds exactly one run when it asks again."""
    machine.waits("p", 0)
    machine.azure.order_fault(service="control", method="POST", path="createRun", action="kill", when="after")
    with pytest.raises(requests.ConnectionError):
        machine.azure.arm("POST", f"{FACTORY}/pipelines/p/createRun")
    machine.azure.kill()
    machine.restart()

    assert [run["status"] for run in machine.runs()] == ["Failed"]


def test_a_kill_in_a_backfill_repeats_no_window_and_loses_none(machine: Machine) -> None:
    """Six windows, one at a time, killed twice: each has one run; those that were interrupted are Failed."""
    machine.waits("p", 1)
    machine.windows("p", 30)
    for started in (2, 4):
        eventually(lambda started=started: len(machine.trigger_runs()) >= started)
        machine.azure.kill()
        machine.restart()

    eventually(lambda: sum(run["status"] == "Succeeded" for run in machine.trigger_runs()) == 4)
    starts = [run["runDimension"]["windowStartTime"] for run in machine.trigger_runs()]
    assert len(starts) == len(set(starts)) == len(machine.runs()) == 6
    assert {run["message"] for run in machine.trigger_runs() if run["status"] == "Failed"} == {STOPPED}


def test_a_started_trigger_is_still_started_after_a_kill(machine: Machine) -> None:
    """Its state is read back, a PUT is still refused, and all its windows run without anybody's help."""
    machine.waits("p", 0)
    machine.windows("p", 15)
    machine.azure.kill()
    machine.restart()

    eventually(lambda: [run["status"] for run in machine.trigger_runs()][2:] == ["Succeeded"])
    assert machine.call("GET", "/triggers/t")["properties"]["runtimeState"] == "Started"
    assert machine.azure.arm("PUT", f"{FACTORY}/triggers/t", {"properties": {}}).status_code == 400
