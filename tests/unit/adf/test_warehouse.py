"""What follows a landing where a model has a warehouse table: how such a run ends, and what its JSON says."""

from itertools import product
from typing import Any

import pytest

from adf.language import evaluate
from adf.validation import validate
from adf.walk import activities
from tests.unit.adf.builders import built, contracts, model
from tests.unit.adf.pipeline_run import Outcome, PipelineRun

GROUP = "1d2b1a40-0000-4000-8000-000000000001"
RECEIPT = {
    "status": "committed",
    "group_id": GROUP,
    "window_start": "2026-11-22T00:00:00Z",
    "path": "predictions/diabetes/window=2026-11-22T00-00-00Z/predictions.parquet",
    "attempt_started": "2026-11-23T06:00:00.123456+00:00",
    "model_version": "7",
    "rows_scored": 3,
    "error": "",
}
PLACE = {"server": "reporting.database.windows.net", "database": "reporting"}
TABLE = {"table": "dbo.scores", "columns": {"patient_id": "bigint", "prediction": "float"}}
DONE: Outcome = ("Succeeded", {"output": {}})
STEPS = ("prepare_tables", "copy_window", "swap_window")


def failed(message: str) -> Outcome:
    return "Failed", {"error": {"message": message}}


def with_table(**output: Any) -> Any:
    return model(output={"path": "predictions/diabetes", "warehouse": TABLE, **output})


def body(**output: Any) -> Any:
    return built(with_table(**output), warehouse=PLACE)["score_diabetes"].properties


def run(receipt: dict[str, Any] | None = None, **outcomes: Outcome) -> PipelineRun:
    found = ("Succeeded", {"output": {"firstRow": RECEIPT | (receipt or {})}})
    made = {"score": DONE, "read_receipt": found, **dict.fromkeys(STEPS, DONE), **outcomes}
    properties = body()
    parameters = {name: each["defaultValue"] for name, each in properties["parameters"].items()}
    return PipelineRun(properties, made, {"RunId": "r", "GroupId": GROUP, "parameters": parameters})


def activity(name: str, **output: Any) -> Any:
    return next(each for _, each in activities(body(**output)) if each["name"] == name)


def test_a_run_is_green_when_the_window_is_in_the_lake_and_in_the_table():
    ran = run()

    assert ran.status() == "Succeeded"
    assert ran.messages == []
    assert ran.statuses["swap_window"] == "Succeeded"


def test_nothing_else_is_green():
    """Whatever fails, one message says why: the lake's where it did not land, the table's where it did."""
    bad = failed("no")
    unread: dict[str, Outcome] = {"read_receipt": bad}
    for receipt, lake, steps in product(
        ({}, {"status": "failed"}, {"group_id": "another"}),
        ({}, {"score": bad}, unread),
        product((DONE, bad), repeat=3),
    ):
        landed = not receipt and not lake
        ran = run(receipt, **dict(zip(STEPS, steps, strict=True)), **lake)
        if landed and bad not in steps:
            continue

        assert ran.status() == "Failed", (receipt, lake, steps)
        assert len(ran.messages) == 1
        assert ("is not in the table" in ran.messages[0]) == landed
        assert ran.statuses["prepare_tables"] == "Skipped" or landed


@pytest.mark.parametrize("name", ["prepare_tables", "swap_window"])
def test_a_failed_step_says_that_the_lake_has_the_window_and_the_table_has_not(name: str):
    """With the database's own words, and with what to do: no cluster has to score the window again."""
    ran = run(**{name: failed("Login failed for user '<token-identified principal>'")})
    ran.status()

    [message] = ran.messages
    assert message == (
        "diabetes: window 2026-11-22T00:00:00Z has landed in the lake "
        "(predictions/diabetes/window=2026-11-22T00-00-00Z/predictions.parquet), and is not in the table "
        "dbo.scores: Login failed for user '<token-identified principal>'. Mend it, then rerun this run from "
        "prepare_tables: nothing is scored again"
    )


def test_a_window_without_rows_is_swapped_without_a_copy():
    """The file that lands then need not have the table's columns; the window's old rows go all the same."""
    ran = run({"rows_scored": 0}, copy_window=failed("there is no column prediction"))

    assert ran.status() == "Succeeded"
    assert "copy_window" not in ran.statuses
    assert ran.statuses["swap_window"] == "Succeeded"


def test_the_swap_is_given_what_the_receipt_says():
    """As texts that datetime2 takes whatever the language of the login."""
    ran = run()
    ran.status()
    [script] = activity("swap_window")["typeProperties"]["scripts"]
    given = {each["name"]: evaluate(each["value"], ran.scope()) for each in script["parameters"]}

    assert given == {
        "run_group": GROUP,
        "window_start": "2026-11-22 00:00:00.0000000",
        "attempt_started": "2026-11-23 06:00:00.1234560",
        "model_version": 7,
        "row_count": 3,
    }


def test_the_copy_reads_the_landed_file_and_clears_its_own_group_before_each_try():
    ran = run()
    ran.status()
    copy = activity("copy_window")
    read = evaluate(copy["inputs"][0]["parameters"], ran.scope())

    assert read == {
        "folder_path": "predictions/diabetes/window=2026-11-22T00-00-00Z",
        "file_name": "predictions.parquet",
    }
    assert copy["outputs"][0]["parameters"] == {"schema": "dbo", "table": "scores_staging"}
    clearing = evaluate(copy["typeProperties"]["sink"]["preCopyScript"], ran.scope())
    assert clearing == f"DELETE FROM [dbo].[scores_staging] WHERE [run_group] = N'{GROUP}';"  # noqa: S608


def test_only_the_tables_columns_are_copied():
    """Others that a model's run() returns stay in the lake."""
    mappings = activity("copy_window")["typeProperties"]["translator"]["mappings"]

    assert [each["source"] for each in mappings] == [each["sink"] for each in mappings]
    assert [each["sink"]["name"] for each in mappings] == [
        "patient_id", "prediction", "scored_at", "run_group", "staged_at",
    ]  # fmt: skip


@pytest.mark.parametrize(("file_format", "kind"), [("parquet", "Parquet"), ("csv", "DelimitedText")])
def test_either_format_is_copied(file_format: str, kind: str):
    made = built(with_table(format=file_format), warehouse=PLACE)
    copy = activity("copy_window", format=file_format)

    assert made[copy["inputs"][0]["referenceName"]].properties["type"] == kind
    assert copy["typeProperties"]["source"]["type"] == f"{kind}Source"
    assert validate(list(made.values()), contracts("diabetes")) == []


@pytest.mark.parametrize("name", STEPS)
def test_the_steps_of_the_warehouse_are_retried(name: str):
    """Each may be done twice. Azure SQL may have to wake up, or to move."""
    policy = activity(name)["policy"]

    assert (policy["retry"], policy["timeout"] != "0.12:00:00") == (2, True)


def test_the_warehouse_is_reached_without_a_secret():
    """By the factory's own identity, over an encrypted connection whose certificate is looked at."""
    assert built(with_table(), warehouse=PLACE)["ls_warehouse"].properties["typeProperties"] == {
        **PLACE,
        "encrypt": "mandatory",
        "trustServerCertificate": False,
        "authenticationType": "SystemAssignedManagedIdentity",
    }


def test_without_a_table_there_is_nothing_of_a_warehouse():
    """Though the environment has a database."""
    assert built(warehouse=PLACE) == built()
