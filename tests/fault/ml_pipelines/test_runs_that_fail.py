"""Batch runs that fail: the run is red, and the receipt and Azure ML both say why. All of them at once."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from pyarrow import parquet

from ml_pipelines.steps.check_results import from_text
from tests.functional.ml_pipelines.workspace import WINDOW, Ran, Workspace, day_of, new_model, script

if TYPE_CHECKING:
    from pathlib import Path

    from config.schema import Model

GOOD = b"id,x\n1,1\n2,2\n"
FINE = "def run(b):\n    return b['x']\n"
FULL = (
    "import resource\ndef run(b):\n"
    "    resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))\n    return b['x']\n"
)
"""As on a disk with 300 bytes left, once the rows are scored."""

NO_MEMORY = (
    "import resource\ndef run(b):\n"
    "    resource.setrlimit(resource.RLIMIT_AS, (1 << 33, 1 << 33))\n    return bytearray(1 << 34)\n"
)
HANGS = "import time\ndef run(b):\n    time.sleep(600)\n"


@dataclass(frozen=True)
class Case:
    """A model that fails, and what whoever is on call reads."""

    said: str
    score: str = FINE
    files: dict[str, bytes] = field(default_factory=lambda: {"a.csv": GOOD})
    registered: bool = True
    scoring: dict[str, Any] = field(default_factory=dict)
    checks: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)


CASES = {
    "run_raises": Case("a.csv: score.py run() raised KeyError: 'age'", "def run(b):\n    return b['age']\n"),
    "too_few": Case("run() was given 2 rows and returned 1 results", "def run(b):\n    return [1]\n"),
    "nothing": Case("run() returned None", "def run(b):\n    pass\n"),
    "exits": Case("score.py run() raised SystemExit: 1", "import sys\ndef run(b):\n    sys.exit(1)\n"),
    "no_folder": Case("no such path at", files={}),
    "empty_file": Case("1 file without a byte at", files={"a.csv": b""}),
    "no_key": Case("'a.csv' has no column 'id' (`scoring.row_key`); it has x", files={"a.csv": b"x\n1\n"}),
    "not_registered": Case("nothing is registered under that name", registered=False),
    "duplicates": Case("b.csv, row 2 (line 3): 1", files={"a.csv": GOOD, "b.csv": b"id,x\n3,3\n1,1\n"}),
    "a_check": Case(
        "the check `columns.prediction.maximum` found 2 (1 of 2 rows are beyond); allowed: at most 1",
        checks={"minimum_rows": 1, "columns": {"prediction": {"maximum": 1}}},
    ),
    "disk_full": Case("[Errno 27]", FULL),
    "out_of_memory": Case("a.csv: score.py run() raised MemoryError", NO_MEMORY),
    "off_grid": Case("no window of the grid", parameters={"window_start": "2026-11-22T06:00:00Z"}),
}


@pytest.fixture(scope="module")
def runs(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """Every case submitted before the first is waited for: a step is mostly start-up."""
    weights = tmp_path_factory.mktemp("model") / "weights.txt"
    weights.write_text("1")
    started = {}
    for name, case in CASES.items():
        output = {"path": f"out/{name}", "checks": case.checks}
        source = script(tmp_path_factory.mktemp(name), case.score)
        model = new_model(source, scoring=case.scoring, output=output)
        workspace.put({f"{day_of(model)}/{file}": content for file, content in case.files.items()})
        if case.registered:
            workspace.gateway.register_model(model.name, weights, {"approved": "true"})
        day = {"window_start": "2026-11-22T00:00:00Z", "adf_group_id": name}
        started[name] = model, workspace.submit(workspace.publish(model), **day | case.parameters)
    return {
        name: Ran(workspace.ended(run_id), workspace.receipt(model, name))
        for name, (model, run_id) in started.items()
    }


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", CASES)
def test_a_failed_run_says_why(runs, name):
    """A failed score can never end green, and the receipt names the cause."""
    ran = runs[name]

    assert ran.ml_run.status == "Failed"
    assert ran.outcome.status == "failed"
    assert CASES[name].said in ran.outcome.error


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", CASES)
def test_a_failed_run_lands_nothing(runs, workspace, name):
    """Completely or not at all."""
    assert runs[name].outcome.path == ""
    assert workspace.names(f"out/{name}") == []


@pytest.mark.timeout(600)
def test_the_file_that_failed_a_check_is_there_to_be_looked_at(runs, workspace):
    """Where the receipt says; with all that the checks found."""
    outcome = runs["a_check"].outcome
    rows = parquet.read_table(io.BytesIO(workspace.lake.read(outcome.staged)))

    assert rows["prediction"].to_pylist() == [1, 2]
    assert [result.outcome for result in from_text(outcome.checks)] == ["passed", "failed"]


@pytest.mark.timeout(600)
def test_azure_mls_own_report_names_the_cause_too(runs, workspace):
    """`status RUN_ID` shows the log's tail where there is no factory around it."""
    ran = runs["run_raises"]

    assert "KeyError: 'age'" in ran.ml_run.error
    assert "KeyError: 'age'" in workspace.gateway.log_tail(ran.ml_run.id)


KILLED = "import os, signal\ndef run(b):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
ONCE = """import os, signal, pathlib
MARK = pathlib.Path("MARKED")
def run(b):
    if b["x"].max() == 2 and not MARK.exists():
        MARK.touch()
        END
    return b["x"]
"""


def scored(workspace: Workspace, folder: Path, text: str, **scoring: object) -> tuple[Model, Ran]:
    model = new_model(script(folder, text), scoring=scoring)
    workspace.put({f"{day_of(model)}/a.csv": GOOD, f"{day_of(model)}/b.csv": b"id,x\n3,1\n"})
    weights = folder / "weights.txt"
    weights.write_text("1")
    workspace.gateway.register_model(model.name, weights, {"approved": "true"})
    return model, workspace.score(model)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("text", "scoring"),
    [(KILLED, {}), (HANGS, {"run_invocation_timeout_seconds": 3})],
    ids=["killed", "hanging"],
)
def test_a_worker_that_cannot_say_why_fails_the_run_and_lands_nothing(workspace, tmp_path, text, scoring):
    """Nobody can write a receipt then: it stays `started`, and the run is red."""
    model, ran = scored(workspace, tmp_path, text, **scoring)

    assert (ran.ml_run.status, ran.outcome.status) == ("Failed", "started")
    assert workspace.names(f"out/{model.name}") == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("end", ["os.kill(os.getpid(), signal.SIGKILL)", "import time; time.sleep(600)"])
def test_a_mini_batch_whose_worker_is_lost_is_delivered_again_and_lands_once(workspace, tmp_path, end):
    """Another worker does what the first was at; the rows of both deliveries are counted once."""
    text = ONCE.replace("MARKED", str(tmp_path / "mark")).replace("END", end)
    again = {"run_max_try": 3, "run_invocation_timeout_seconds": 10, "files_per_work_item": 1}
    model, ran = scored(workspace, tmp_path, text, **again)

    assert (ran.ml_run.status, ran.outcome.status) == ("Completed", "committed")
    assert (ran.outcome.rows_in, ran.outcome.rows_scored) == (3, 3)
    landed = workspace.lake.read(f"out/{model.name}/window={WINDOW}/predictions.csv")
    assert pd.read_csv(io.BytesIO(landed))["id"].tolist() == [1, 2, 3]
