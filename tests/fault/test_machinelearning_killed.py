"""A local Azure that is killed in mid-run: nothing goes on without it, what was published is still there."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from sandbox.machinelearning.models import RUN_AFTER_PORT
from tests.fault.machine import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import LocalAzure

WORKSPACE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/w"
STEP = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])
open(sys.argv[1], 'w').write(f'{os.getpid()} {child.pid}')
time.sleep(60 if sys.argv[2] == 'slow' else 0)
"""
DRIVE = """
import os, runpy, sys
os.environ['items'] = sys.argv.pop(1)
runpy.run_path(sys.argv.pop(1), run_name='__main__')
"""
SCORE = """
import os, sys, time
def run(files):
    open(sys.argv[-1], 'w').write(str(os.getpid()))
    time.sleep(60)
"""


class Machine:
    """One state folder and the local Azure on it; `start` again after a `kill`."""

    def __init__(self, state: Path, launch: Callable[[Path], LocalAzure]) -> None:
        self.state = state
        self._launch = launch
        self.azure = launch(state)

    def start(self) -> None:
        self.azure = self._launch(self.state)

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self.azure.arm(method, path, body)

    def json(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.call(method, path, body)
        assert answer.ok, answer.text
        return answer.json()

    def pipelines(self, method: str, path: str, body: Any = None) -> Any:
        return self.json(method, f"/pipelines/v1.0{WORKSPACE}{path}", body)

    def submit(self, pipeline: str) -> str:
        return str(self.pipelines("POST", f"/PipelineRuns/PipelineSubmit/{pipeline}", {})["Id"])

    def ended(self, run_id: str) -> Any:
        return eventually(lambda: self._ended(run_id))

    def _ended(self, run_id: str) -> Any:
        status = self.pipelines("GET", f"/PipelineRuns/{run_id}")["Status"]
        return status if status["StatusCode"] in {"Finished", "Failed", "Canceled"} else None

    def publish(self, files: dict[str, str], arguments: list[str], script: str = "step.py") -> str:
        """One step, as the SDK would send it."""
        module = {
            "Name": "step",
            "StorageId": self._snapshot(files),
            "StructuredInterface": {
                "Inputs": [],
                "Outputs": [{"Name": RUN_AFTER_PORT}],
                "Parameters": [{"Name": "Target"}, {"Name": "Script"}],
                "MetadataParameters": [],
                "Arguments": [{"ValueType": "Literal", "Value": one} for one in arguments],
            },
        }
        entity = self.pipelines("POST", "/Modules", module)
        values = {"Target": "cpu", "Script": script}
        node = {
            "Id": "n1",
            "ModuleId": entity["Id"],
            "ModuleParameters": [{"Name": k, "Value": v, "ValueType": "0"} for k, v in values.items()],
        }
        graph = {"ModuleNodes": [node], "Edges": []}
        return str(self.pipelines("POST", "/Pipelines/Create", {"Name": "p", "Graph": graph})["Id"])

    def _snapshot(self, files: dict[str, str]) -> str:
        content = f"/content/v2.0{WORKSPACE}/snapshots"
        nodes = self.json("POST", f"{content}/getblob", {"FileNames": list(files)})["fileNodes"]
        for node in nodes:
            url = node["blobUri"].replace("stlocal.blob.@", "")
            requests.put(
                url, files[node["fullName"]].encode(), verify=self.azure.bundle, timeout=10
            ).raise_for_status()
        tree = {"children": {name: {"type": "File"} for name in files}}
        revisions = [{"FullName": node["fullName"], "BlobUri": node["blobUri"]} for node in nodes]
        body = {"DirTreeNode": tree, "FileRevisionList": {"FileNodes": revisions}}
        return str(self.json("POST", f"{content}/snap-1", body)["id"])


def pids(file: Path) -> list[int]:
    return eventually(lambda: file.exists() and [int(word) for word in file.read_text().split()])


def dead(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.fixture
def machine(tmp_path: Path, start_sandbox: Callable[..., LocalAzure]) -> Machine:
    made = Machine(tmp_path / "state", start_sandbox)
    made.json("PUT", "/subscriptions/s/resourceGroups/rg", {"location": "x"})
    made.json("PUT", WORKSPACE, {"location": "x"})
    made.json("PUT", f"{WORKSPACE}/computes/cpu", {"properties": {"computeType": "AmlCompute"}})
    return made


def test_a_kill_ends_the_steps_and_the_next_start_fails_the_run(machine: Machine, tmp_path: Path) -> None:
    """kill -9: the step and its children die; the run is Failed and says why; the pipeline still runs."""
    mark = tmp_path / "pids"
    slow = machine.publish({"step.py": STEP}, [str(mark), "slow"])
    quick = machine.publish({"step.py": STEP}, [str(tmp_path / "second"), "quick"])
    run_id = machine.submit(slow)
    processes = pids(mark)

    machine.azure.kill()

    assert eventually(lambda: all(dead(process) for process in processes))
    machine.start()
    status = machine.ended(run_id)
    assert (status["StatusCode"], status["StatusDetail"]) == (
        "Failed",
        "the local Azure stopped while this ran",
    )
    assert machine.ended(machine.submit(quick))["StatusCode"] == "Finished"
    assert not list(machine.state.glob("machinelearning/*/running/*"))


def test_a_stop_ends_the_steps_too(machine: Machine, tmp_path: Path) -> None:
    """SIGTERM: within moments, and the run is Failed before the process is gone."""
    mark = tmp_path / "pids"
    run_id = machine.submit(machine.publish({"step.py": STEP}, [str(mark), "slow"]))
    processes = pids(mark)

    machine.azure.stop()

    assert eventually(lambda: all(dead(process) for process in processes))
    machine.start()
    assert machine.ended(run_id)["StatusCode"] == "Failed"


def test_the_workers_of_a_parallel_run_step_die_with_it(machine: Machine, tmp_path: Path) -> None:
    """Sandbox → supervisor → driver → worker: none outlives the first."""
    items = tmp_path / "items"
    items.mkdir()
    (items / "one").write_text("1")
    mark = tmp_path / "worker"
    options = {
        "scoring_module_name": "score.py",
        "run_invocation_timeout": "50",
        "process_count_per_node": "1",
        "mark": str(mark),
    }
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    driver = str(Path(__file__).parents[2] / "sandbox" / "machinelearning" / "parallel_run_driver.py")
    files = {"score.py": SCORE, "step.py": DRIVE}
    run = [str(items), driver, "--input_fds_0", "items", *arguments]
    machine.submit(machine.publish(files, run))
    (worker,) = pids(mark)
    driver_process = int(Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[1])

    machine.azure.kill()

    assert eventually(lambda: dead(worker) and dead(driver_process))


def test_everything_published_survives_a_restart(machine: Machine) -> None:
    """Pipelines, endpoints and their versions, ended runs with their logs."""
    pipeline = machine.publish({"step.py": "print('kept')"}, [])
    endpoint = machine.pipelines("POST", "/PipelineEndpoints/Create", {"Name": "e", "PipelineId": pipeline})
    run_id = machine.submit(pipeline)
    before = machine.ended(run_id)

    machine.azure.kill()
    machine.start()

    assert machine.pipelines("GET", f"/PipelineEndpoints/Id/{endpoint['Id']}")["DefaultVersion"] == "0"
    assert machine.ended(run_id) == before
    path = f"/pipelines/v1.0{WORKSPACE}/PipelineRuns/{run_id}/Graph/Shareable/STDOUT"
    assert machine.call("POST", path, ["n1"]).text == "kept\n"


def test_a_step_killed_from_outside_is_failed_by_that_name(machine: Machine, tmp_path: Path) -> None:
    """As the kernel does when memory runs out."""
    mark = tmp_path / "pids"
    run_id = machine.submit(machine.publish({"step.py": STEP}, [str(mark), "slow"]))

    os.kill(pids(mark)[0], signal.SIGKILL)

    assert "the process was killed by SIGKILL" in machine.ended(run_id)["StatusDetail"]
