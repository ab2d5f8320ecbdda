"""What a step loads: most of a short run's time is imports."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"azureml", "azure", "pandas", "pyarrow", "sklearn"}
STEPS = ["stage", "score_entry", "publish", "prepare", "train", "evaluate", "register"]


def loaded(code: str) -> set[str]:
    """The top-level packages there are when the code has run in a Python of its own."""
    report = f"import sys; {code}; print(*{{name.split('.')[0] for name in sys.modules}})"
    ended = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return set(ended.stdout.split())


@pytest.mark.parametrize("step", STEPS)
def test_a_step_loads_nothing_heavy_before_it_needs_it(step):
    """It fails at once on a bad argument."""
    assert loaded(f"import ml_pipelines.steps.{step}") & HEAVY == set()


def test_a_lake_that_nobody_asks_costs_nothing():
    """train and evaluate only write to it when they fail."""
    assert loaded("from ml_pipelines.steps.lake import Lake; Lake('https://l', 'data')") & HEAVY == set()


def test_landing_needs_no_azureml():
    """A second in each publish, on a cluster too."""
    lake = "publish.Lake('https://l.dfs.core.windows.net', 'd', 'a2V5')"
    code = f"from ml_pipelines.steps import publish; {lake}._files"

    assert loaded(code) & {"azureml", "pandas", "sklearn"} == set()
