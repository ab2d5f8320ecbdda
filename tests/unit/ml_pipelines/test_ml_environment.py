"""The example's ML environment can be built."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

FILE = Path("ml_pipelines/examples/diabetes/ml_environment.yml")


def pip_part() -> tuple[str, list[str]]:
    """Its Python, and what pip is to install."""
    dependencies = YAML(typ="safe").load(FILE)["dependencies"]
    python = next(each for each in dependencies if str(each).startswith("python="))
    return python.removeprefix("python="), next(
        each["pip"] for each in dependencies if isinstance(each, dict)
    )


def test_it_has_what_a_parallel_run_step_and_the_steps_need():
    """Azure ML's driver needs the first two; the steps import the others."""
    names = {each.split("[")[0].split(">")[0].split("~")[0] for each in pip_part()[1]}

    assert {
        "azureml-core", "azureml-dataset-runtime", "azure-storage-file-datalake", "azure-identity",
        "tzdata", "pandas", "pyarrow", "scikit-learn",
    } <= names  # fmt: skip


def test_its_packages_have_a_solution_for_its_own_python():
    """What one package holds back, another must accept."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        pytest.skip("uv is not installed beside this Python")
    python, packages = pip_part()

    found = subprocess.run(
        [uv, "pip", "compile", "--python-version", python, "--no-header", "--no-annotate", "-"],
        input="\n".join(packages),
        capture_output=True,
        text=True,
        check=False,
    )

    if "Failed to fetch" in found.stderr or "dns error" in found.stderr:
        pytest.skip("no package index can be reached")
    assert found.returncode == 0, found.stderr
    assert "azure-identity==" in found.stdout
