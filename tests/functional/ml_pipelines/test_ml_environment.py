"""The example's steps in the very environment that its conda file describes, on a local Azure of their own.

Built from nothing it costs a minute or so; it is kept in the user's cache (ml_environment.py).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from pyarrow import parquet

from tests.functional.ml_pipelines.ml_environment import built, versions
from tests.functional.ml_pipelines.workspace import EXAMPLE
from tests.functional.test_deployment import REPOSITORY
from tests.ports import three_free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.timeout(900)  # a first download over a slow line

PACKAGES = ("azure-identity", "pyarrow", "numpy", "pandas", "scikit-learn", "azureml-core")
REPORT = f"""
import sys
from importlib.metadata import version
import score as example

def init():
    example.init()

def run(mini_batch):
    found = {{name: version(name) for name in {PACKAGES}}}
    return mini_batch[[]].assign(prediction=example.run(mini_batch), python=sys.prefix, **found)
"""


@dataclass(frozen=True)
class Project:
    """The example on a local Azure whose steps run in `python`; its score script reports where it runs."""

    folder: Path
    python: Path
    port: int

    @property
    def state(self) -> Path:
        return self.folder / "azure"

    def deploy(self, verb: str, *options: str) -> Any:
        """The document of a command that ended well."""
        own = {
            "sandbox.port": self.port,
            "sandbox.state": self.state,
            "models.diabetes.source": self.folder / "source",
            "models.diabetes.score_script": "report.py",
        }
        settings = [word for name, value in own.items() for word in ("--set", f"{name}={value}")]
        ended = subprocess.run(
            [sys.executable, "deploy.py", verb, "--env", "local", "-o", "json", *settings, *options],
            cwd=REPOSITORY,
            env={**os.environ, "SANDBOX_STEP_PYTHON": str(self.python)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr + ended.stdout
        return json.loads(ended.stdout)

    def stop(self) -> None:
        endpoints = self.state / "endpoints.json"
        if endpoints.exists():
            os.kill(json.loads(endpoints.read_text())["pid"], signal.SIGTERM)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = Project(tmp_path_factory.mktemp("environment"), built(), three_free_ports())
    shutil.copytree(EXAMPLE, made.folder / "source")
    (made.folder / "source/report.py").write_text(REPORT)
    yield made
    made.stop()


def test_the_example_is_trained_and_scored_in_its_own_ml_environment(project):
    """prepare to register, then stage, score, publish: with the versions that its packages force."""
    project.deploy("deploy")
    project.deploy("run", "--training")
    (run,) = project.deploy("run", "--window", "2026-11-22")["runs"]

    assert (run["status"], run["rows_scored"]) == ("Succeeded", 147)
    landed = parquet.ParquetFile(next(project.state.rglob("predictions.parquet")))
    expected = versions(project.python, *PACKAGES)
    rows = landed.read().to_pandas()
    assert rows[list(PACKAGES)].drop_duplicates().to_dict("records") == [expected]
    assert set(rows["python"]) == {str(project.python.parent.parent)}
    assert landed.metadata.created_by == f"parquet-cpp-arrow version {expected['pyarrow']}"
