"""Runs of everything, killed at every moment: by exhaustion."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.contract.datafactory.factories import GROUP, ML_SCOPE, SUBSCRIPTION, publish_step
from tests.fault.runs.world import ACCOUNT, FILE_SYSTEM, NEW

if TYPE_CHECKING:
    from tests.conftest import LocalAzure

PROJECT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def ml_pipeline(sandbox: LocalAzure) -> str:
    """An ML pipeline whose steps do nothing, quickly; and the file that is copied."""
    with contextlib.closing(sandbox.lake_client(ACCOUNT)) as client:
        client.create_file_system(FILE_SYSTEM).get_file_client("source").upload_data(NEW, overwrite=True)
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    sandbox.arm("PUT", group, {"location": "x"}).raise_for_status()
    return publish_step(sandbox, "", parameters=("run",))


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("sweep", "first", "step", "at_least"),
    [
        ("writes", 0, 2, 80),
        ("writes", 1, 2, 80),
        ("requests", 0, 1, 20),
        ("copy", 0, 1, 12),
        ("learn", 0, 1, 8),
    ],
)
def test_whenever_it_dies_runs_end_as_they_must_and_can_be_repaired(
    sandbox: LocalAzure, ml_pipeline: str, tmp_path: Path, sweep: str, first: int, step: int, at_least: int
) -> None:
    """ForEach, Until, IfCondition, Switch, ExecutePipeline, Script, Delete, Copy, WebActivity with retries,
    Wait, variables, a handled failure, queued runs, Azure ML. At every write to the store, and at every
    request to the outside, before it and after its answer: what was interrupted is Failed and does nothing
    more, what was queued runs once, files are whole, and a rerun from the failure does what is left and
    nothing that had Succeeded.
    """
    script = [
        sys.executable,
        "-m",
        "tests.fault.runs.at_every_moment",
        tmp_path,
        sandbox.state / "endpoints.json",
    ]

    swept = subprocess.run(
        [*map(str, script), ML_SCOPE, ml_pipeline, sweep, str(first), str(step)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert swept.returncode == 0, swept.stderr
    assert int(swept.stdout.split()[1]) >= at_least, swept.stdout
