"""`kill -9` of the local Azure under a command that waits for it, and what the next command finds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import LocalAzure
from tests.ports import three_free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parents[2]
LANDED = "predictions/churn/window=2026-11-22T00-00-00Z/predictions.csv"
CONFIGURATION = """\
project: shop
schedules: off
azure: {cloud: local, subscription_id: 00000000-0000-0000-0000-000000000000, resource_group: rg-shop}
data_factory: {name: adf-shop}
machine_learning: {workspace: ml-shop, compute: cpu-cluster}
lake: {account: shop, file_system: data}
"""
MODEL = """\
source: code
scoring: {input: raw/churn}
output: {path: predictions/churn, format: csv}
"""


@dataclass
class Project:
    folder: Path
    port: int

    def line(self, verb: str, *arguments: str) -> list[str]:
        where = ["--env", "local", "--project-dir", str(self.folder), "-o", "json"]
        return [sys.executable, "deploy.py", verb, *where, "--set", f"sandbox.port={self.port}", *arguments]

    def ended(self, verb: str, *arguments: str) -> tuple[int, dict[str, Any]]:
        line = self.line(verb, *arguments)
        done = subprocess.run(line, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=120)
        return done.returncode, json.loads(done.stdout)

    @property
    def endpoints(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / ".sandbox/endpoints.json").read_text())
        return found

    def hold_the_first_receipt(self) -> None:
        """The lake takes its time for what `stage` writes first: so the run is under way, and stays so."""
        running = LocalAzure(self.folder / ".sandbox", None, (0, 0, 0), self.endpoints)
        running.order_fault(service="lake", action="delay", seconds=600, method="PUT", path="_runs")

    def kill(self) -> None:
        os.kill(self.endpoints["pid"], signal.SIGKILL)

    def processes(self) -> set[str]:
        """Modules and scripts that still run for this project."""
        lines = [_command_line(each) for each in Path("/proc").glob("[0-9]*/cmdline")]
        return {" ".join(line[1:3]) for line in lines if any(str(self.folder) in word for word in line)}


def _command_line(file: Path) -> list[str]:
    try:
        return file.read_text(errors="replace").split("\0")
    except OSError:
        return []


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """One model, and a window of it that has landed."""
    for path, text in {
        "config/base.yaml": CONFIGURATION,
        "config/local.yaml": f"sandbox: {{files: {{{LANDED}: landed.csv}}}}\n",
        "config/models/churn.yaml": MODEL,
        "code/score.py": "def run(mini_batch):\n    return [0] * len(mini_batch)\n",
        "code/ml_environment.yml": "dependencies: [python=3.11]\n",
        "landed.csv": "id,prediction\n1,9\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    made = Project(tmp_path, three_free_ports())
    yield made
    made.kill()


def test_a_run_whose_azure_is_killed_is_reported_at_once_and_failed_at_the_next_start(project):
    """The command ends within seconds and names the run; what had landed is still there; nothing runs on."""
    assert project.ended("deploy")[0] == 0
    project.hold_the_first_receipt()
    with subprocess.Popen(
        project.line("run", "--window", "2026-11-22"),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as waiting:
        assert waiting.stderr is not None
        while "InProgress" not in waiting.stderr.readline():
            assert waiting.poll() is None
        project.kill()
        stdout, _ = waiting.communicate(timeout=60)

    (lost,) = json.loads(stdout)["runs"]
    assert (waiting.returncode, lost["status"]) == (1, "InProgress")
    assert lost["error"].startswith("churn, window 2026-11-22T00-00-00Z: lost sight of it: no answer from")

    code, status = project.ended("status")
    (found,) = status["runs"]
    assert (code, found["adf_run_id"], found["status"]) == (0, lost["adf_run_id"], "Failed")
    assert found["error"].startswith("churn, window 2026-11-22T00-00-00Z: ")
    assert (project.folder / ".sandbox/lake/shop/data" / LANDED).read_text() == "id,prediction\n1,9\n"
    assert {each for each in project.processes() if "sandbox" not in each} == set()


def test_a_deployment_whose_azure_is_killed_says_what_failed_and_is_made_good_by_the_next(project):
    """Not that the lock was lost: what is done stays done, and the rest is done then."""
    with subprocess.Popen(
        project.line("deploy"), cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as deploying:
        assert deploying.stderr is not None
        while "ml_pipeline score_churn: creating" not in deploying.stderr.readline():
            assert deploying.poll() is None
        project.kill()
        stdout, stderr = deploying.communicate(timeout=90)

    error = json.loads(stdout)["error"]
    assert (deploying.returncode, error["code"]) == (1, "apply"), stderr
    assert error["message"].startswith("ml_pipeline score_churn: ")
    assert "the lock is free in 60 s only" in stderr
    assert project.ended("plan")[1]["summary"]["unchanged"] == 1
