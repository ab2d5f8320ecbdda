"""A warehouse table from deploy to rows, on a local Azure of its own.

The tests run in the order in which they stand: the days of one table.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.test_deployment import FACTORY, REPOSITORY, Project, wait_until
from tests.ports import three_free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = "2026-11-20"
INCOMING = REPOSITORY / "ml_pipelines/examples/diabetes/sample_data/incoming/2026/11/20"
SERVER = "reporting.database.windows.net"
COLUMNS = "{patient_id: nvarchar(20), prediction: float}"
WITH_TABLE = [
    word
    for option in (
        f"warehouse={{server: {SERVER}, database: reporting}}",
        f"models.diabetes.output.warehouse={{table: dbo.scores, columns: {COLUMNS}}}",
        "models.diabetes.output.checks.drift=null",
    )
    for word in ("--set", option)
]
ONE_CLINIC = (
    "--set",
    "models.diabetes.scoring.input=raw/diabetes/incoming/{window_start:yyyy/MM/dd}/clinic_a.csv",
)
FULL = "CREATE TRIGGER full BEFORE DELETE ON scores BEGIN SELECT RAISE(ABORT, 'the log is full'); END"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = Project(tmp_path_factory.mktemp("local") / "azure", three_free_ports())
    made.document("deploy", *WITH_TABLE)
    made.document("run", "--training", *WITH_TABLE)
    yield made
    made.stop()


def rows(project: Project, query: str) -> list[tuple[Any, ...]]:
    """As any SQLite client is asked."""
    with closing(sqlite3.connect(project.state / f"warehouse/{SERVER}/reporting.db")) as connection:
        found = connection.execute(query).fetchall()
        connection.commit()
        return found


def patients(*clinics: str) -> list[tuple[str]]:
    lines = [line for each in clinics for line in (INCOMING / each).read_text().splitlines()[1:]]
    return [(line.split(",")[0],) for line in sorted(lines)]


def in_table(project: Project) -> list[tuple[str]]:
    return rows(project, "SELECT patient_id FROM scores ORDER BY patient_id")


def without_retries(project: Project) -> None:
    """Somebody's hand takes them out: a failure is then seen at once."""

    def plain(body: Any) -> Any:
        if isinstance(body, dict):
            return {key: 0 if key == "retry" else plain(value) for key, value in body.items()}
        return [plain(each) for each in body] if isinstance(body, list) else body

    live = project.factory("GET", "pipelines/score_diabetes")
    project.factory("PUT", "pipelines/score_diabetes", {"properties": plain(live["properties"])})


def test_a_window_that_lands_is_in_the_table(project):
    """With its run's columns; the row of its window says how many rows there are."""
    [run] = project.document("run", "--window", DAY, *WITH_TABLE)["runs"]

    assert in_table(project) == patients("clinic_a.csv", "clinic_b.csv")
    assert rows(project, "SELECT DISTINCT substr(window_start, 1, 19), model_version FROM scores") == [
        (f"{DAY} 00:00:00", 1)
    ]
    assert rows(project, "SELECT row_count FROM scores_windows") == [(run["rows_scored"],)]
    assert rows(project, "SELECT * FROM scores_staging") == []


def test_a_table_that_somebody_emptied_is_filled_by_a_run_that_has_nothing_to_do(project):
    """The landing is `unchanged`."""
    rows(project, "DELETE FROM scores")

    [run] = project.document("run", "--window", DAY, *WITH_TABLE)["runs"]

    assert run["status"] == "Succeeded"
    assert in_table(project) == patients("clinic_a.csv", "clinic_b.csv")


def test_a_swap_that_fails_leaves_the_table_as_it_was_and_a_rerun_completes_it(project):
    """It stops between copy and swap: the lake has the new rows, the table the old ones, the run is red."""
    project.document("deploy", *WITH_TABLE, *ONE_CLINIC)
    without_retries(project)
    rows(project, FULL)

    [run] = project.document("run", "--window", DAY, *WITH_TABLE, *ONE_CLINIC, code=1)["runs"]

    assert "has landed in the lake" in run["error"]
    assert "is not in the table dbo.scores" in run["error"]
    assert "the log is full" in run["error"]
    assert in_table(project) == patients("clinic_a.csv", "clinic_b.csv")
    assert len(rows(project, "SELECT * FROM scores_staging")) == len(patients("clinic_a.csv"))

    rows(project, "DROP TRIGGER full")
    rerun_from_failure(project, run["adf_run_id"])

    assert in_table(project) == patients("clinic_a.csv")
    assert rows(project, "SELECT * FROM scores_staging") == []


def rerun_from_failure(project: Project, run_id: str) -> None:
    query = f"api-version=2018-06-01&referencePipelineRunId={run_id}&isRecovery=true&startFromFailure=true"
    path = f"{FACTORY}/pipelines/score_diabetes/createRun?{query}"
    again = project.request("POST", "control", path).json()["runId"]

    def ended() -> bool:
        status = project.factory("GET", f"pipelineruns/{again}")["status"]
        assert status in ("Queued", "InProgress", "Succeeded")
        return bool(status == "Succeeded")

    wait_until(ended)


def test_a_window_without_rows_empties_its_window_in_the_table(project):
    """Though the file that lands without rows has none of the table's columns but by chance."""
    nothing = (
        "--set",
        "models.diabetes.scoring.input=raw/diabetes/nowhere",
        "--set",
        "models.diabetes.scoring.empty_window=land_empty",
        "--set",
        "models.diabetes.output.checks=null",
    )
    project.document("deploy", "--force", *WITH_TABLE, *nothing)

    project.document("run", "--window", DAY, *WITH_TABLE, *nothing)

    assert in_table(project) == []
    assert rows(project, "SELECT row_count FROM scores_windows") == [(0,)]
