"""Storage events across kill -9: each file that appeared starts its trigger once, whoever dies when."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.conftest import GROUP as ACCOUNT_GROUP
from tests.conftest import STORAGE, SUBSCRIPTION

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import LocalAzure

GROUP = "/subscriptions/s/resourceGroups/rg"
FACTORY = f"{GROUP}/providers/Microsoft.DataFactory/factories/adf-events"
FOREVER = {"lastUpdatedAfter": "2020-01-01T00:00:00Z", "lastUpdatedBefore": "2100-01-01T00:00:00Z"}
SCOPE = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{ACCOUNT_GROUP}"
    "/providers/Microsoft.Storage/storageAccounts/killed"
)
WAIT = {"name": "w", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 0}}
NAME = "@triggerBody().fileName"
WAIT_SECONDS = 60
FILES = 40


class Machine:
    """A started event trigger on a lake, in one state folder; `restart` after the process died."""

    def __init__(self, state: Path, launch: Callable[..., LocalAzure]) -> None:
        self._state, self._launch = state, launch
        self.azure = launch(state)
        self.azure.account("killed")
        self.lake("PUT", "?resource=filesystem")
        self.azure.arm("PUT", GROUP, {"location": "x"}).raise_for_status()
        self.call("PUT", "", {"location": "x"})
        pipeline = {"activities": [WAIT], "parameters": {"name": {"type": "String"}}}
        self.call("PUT", "/pipelines/p", {"properties": pipeline})
        self.call("PUT", "/triggers/t", {"properties": on_events()})
        self.call("POST", "/triggers/t/start")

    def restart(self) -> None:
        self.azure.kill()
        self.azure = self._launch(self._state)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.azure.arm(method, FACTORY + path, body)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def lake(self, method: str, path: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.azure.token(STORAGE)}", "If-None-Match": "*"}
        url = f"{self.azure.lake}/killed/data{path}"
        return requests.request(method, url, headers=headers, verify=self.azure.bundle, timeout=10)

    def creates(self, name: str) -> None:
        """Exactly one creation, also where its answer got lost."""
        try:
            answer = self.lake("PUT", f"/in/{name}?resource=file")
        except requests.ConnectionError:
            return
        assert answer.status_code == 201

    def exists(self, name: str) -> bool:
        return (self._state / "lake/killed/data/in" / name).exists()

    def fired(self) -> list[str]:
        """The names of the files that started a run."""
        runs = self.call("POST", "/queryPipelineRuns", FOREVER)["value"]
        return sorted(run["parameters"]["name"] for run in runs)

    def trigger_runs(self) -> list[Any]:
        return self.call("POST", "/queryTriggerRuns", FOREVER)["value"]


def on_events() -> dict[str, Any]:
    reference = {"referenceName": "p", "type": "PipelineReference"}
    return {
        "type": "BlobEventsTrigger",
        "pipelines": [{"pipelineReference": reference, "parameters": {"name": NAME}}],
        "typeProperties": {
            "scope": SCOPE,
            "events": ["Microsoft.Storage.BlobCreated"],
            "blobPathBeginsWith": "/data/blobs/in/",
            "ignoreEmptyBlobs": False,
        },
    }


def eventually(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(0.05)
    raise TimeoutError


@pytest.fixture
def machine(tmp_path: Path, start_sandbox: Callable[..., LocalAzure]) -> Machine:
    return Machine(tmp_path / "state", start_sandbox)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lake_that_dies_around_a_change_tells_it_once_if_it_happened(machine: Machine, when: str):
    """Killed before the change: no file and no run. After it, before the answer: the file and one run."""
    machine.azure.order_fault(service="lake", method="PUT", path="in/a", action="kill", when=when, times=1)
    with pytest.raises(requests.ConnectionError):
        machine.lake("PUT", "/in/a?resource=file")
    machine.creates("b")

    expected = ["a", "b"] if when == "after" else ["b"]
    eventually(lambda: machine.fired() == expected)
    assert machine.exists("a") is (when == "after")


def test_events_of_the_last_moment_are_fired_by_the_next_process(machine: Machine):
    """All is killed at once, again and again, while files appear: no event lost, none fired twice."""
    for number in range(FILES):
        machine.creates(f"{number:02}")
        if number % 8 == 7:
            machine.restart()

    expected = [f"{number:02}" for number in range(FILES)]
    eventually(lambda: len(machine.fired()) >= FILES)
    assert machine.fired() == expected
    assert len(machine.trigger_runs()) == FILES


def test_a_stop_that_was_killed_leaves_no_trigger_that_fires(machine: Machine):
    """The lake was not told; the trigger is stopped all the same, and what it hears is dropped."""
    machine.azure.order_fault(service="control", method="POST", path="/stop", action="kill", when="after")
    with pytest.raises(requests.ConnectionError):
        machine.azure.arm("POST", f"{FACTORY}/triggers/t/stop")
    machine.restart()
    machine.creates("unheard")
    eventually(lambda: machine.call("GET", "/triggers/t/getEventSubscriptionStatus")["status"] == "Disabled")
    machine.call("POST", "/triggers/t/start")
    machine.creates("heard")

    eventually(machine.fired)
    assert machine.fired() == ["heard"]


def test_a_trigger_that_listens_does_not_keep_an_idle_local_azure_awake(
    tmp_path: Path, start_sandbox: Callable[..., LocalAzure]
):
    """It asks the lake all the time, which is no work; and a stop does not wait for the answer."""
    idle = Machine(
        tmp_path / "state", lambda state: start_sandbox(state, "--idle-minutes", "0.05", "--despite-triggers")
    )

    assert idle.azure.process.wait(WAIT_SECONDS) == 0
