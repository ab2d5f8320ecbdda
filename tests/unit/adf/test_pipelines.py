"""What the generated pipelines amount to when Data Factory runs them."""

from itertools import product
from typing import Any

import pytest

from adf.language import Scope, evaluate
from ml_pipelines.steps.landing import gate_report_path
from tests.unit.adf.builders import built, contracts, model, settings
from tests.unit.adf.pipeline_run import Outcome, PipelineRun

GROUP = "1d2b1a40-0000-4000-8000-000000000001"
RECEIPT = {
    "status": "committed",
    "group_id": GROUP,
    "window_start": "2026-11-22T00:00:00Z",
    "error": "",
}
STATUSES = ["started", "committed", "unchanged", "superseded", "failed"]
ML_FAILED: Outcome = ("Failed", {"error": {"errorCode": "4126", "message": "ML run abc failed"}})
ML_SUCCEEDED: Outcome = ("Succeeded", {"output": {}})


def read(**changes: Any) -> Outcome:
    return "Succeeded", {"output": {"firstRow": {**RECEIPT, **changes}}}


UNREADABLE: Outcome = ("Failed", {"error": {"message": "The file does not exist"}})


def run(score: Outcome, receipt: Outcome, **parameters: str) -> PipelineRun:
    body = built()["score_diabetes"].properties
    defaults = {name: declared["defaultValue"] for name, declared in body["parameters"].items()}
    pipeline = {"RunId": "run-1", "GroupId": GROUP, "parameters": {**defaults, **parameters}}
    return PipelineRun(body, {"score": score, "read_receipt": receipt}, pipeline)


@pytest.mark.parametrize("status", ["committed", "unchanged"])
def test_a_run_is_green_when_its_receipt_says_the_window_landed(status: str):
    """Committed by this run group, or nothing was left to do."""
    ran = run(ML_SUCCEEDED, read(status=status))

    assert ran.status() == "Succeeded"
    assert ran.messages == []


def test_nothing_else_is_green():
    """Every other way of ending is a failed run with exactly one message: score, receipt, group, status."""
    receipts = [read(status=s, group_id=g) for s, g in product([*STATUSES, ""], [GROUP, "another"])]
    empty: Outcome = ("Succeeded", {"output": {}})
    landed = {read(status=s)[1]["output"]["firstRow"]["status"] for s in ("committed", "unchanged")}
    for score, receipt in product([ML_SUCCEEDED, ML_FAILED], [*receipts, UNREADABLE, empty, ("Failed", {})]):
        ran = run(score, receipt)
        row = receipt[1].get("output", {}).get("firstRow", {})
        if score is ML_SUCCEEDED and row.get("status") in landed and row["group_id"] == GROUP:
            continue

        assert ran.status() == "Failed", (score, receipt)
        assert len(ran.messages) == 1


def test_a_failed_score_says_the_receipts_first_error_and_azures():
    """Who is on call reads the reason in ADF Monitor, not only that a run failed."""
    ran = run(ML_FAILED, read(status="failed", error="column bmi is missing"))
    ran.status()

    said = "diabetes: scoring window 2026-11-22T00:00:00Z failed: column bmi is missing."
    assert ran.messages == [f"{said} Azure ML: ML run abc failed"]


def test_a_failed_score_without_a_receipt_is_no_crash():
    """The window is then what was asked for."""
    ran = run(ML_FAILED, UNREADABLE, fire_time="2026-11-23T06:00:00Z")
    ran.status()

    assert ran.messages == [
        "diabetes: scoring window last complete at 2026-11-23T06:00:00Z failed. Azure ML: ML run abc failed"
    ]


def test_a_window_that_did_not_land_says_model_window_status_and_error():
    """The ML run may succeed and the landing still be refused: a later attempt was first."""
    ran = run(ML_SUCCEEDED, read(status="superseded", error="landed by attempt 7"))
    ran.status()

    [message] = ran.messages
    assert message.startswith("diabetes: window 2026-11-22T00:00:00Z has not landed.")
    assert message.endswith(f"The receipt of run group {GROUP} says superseded: landed by attempt 7")


def test_a_missing_receipt_names_the_file():
    """The ML run succeeded, so the place to look at is the lake."""
    ran = run(ML_SUCCEEDED, UNREADABLE)
    ran.status()

    assert f"_landing/diabetes/_runs/{GROUP}.json cannot be read: The file does not exist" in ran.messages[0]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, "last complete"),
        ({"fire_time": "2026-11-23T06:00:00Z"}, "last complete at 2026-11-23T06:00:00Z"),
        ({"event_path": "data/raw/2026/11/22/_SUCCESS"}, "that of data/raw/2026/11/22/_SUCCESS"),
        (
            {"window_start": "2026-11-22T00:00:00Z", "window_end": "2026-11-23T00:00:00Z"},
            "2026-11-22T00:00:00Z to 2026-11-23T00:00:00Z",
        ),
    ],
)
def test_adf_monitor_shows_model_version_window_and_output(parameters: dict[str, str], expected: str):
    """As user properties of the scoring activity, at most five."""
    ran = run(ML_SUCCEEDED, read(), **parameters)
    properties = ran.body["activities"][0]["userProperties"]
    shown = {each["name"]: evaluate(each["value"], ran.scope()) for each in properties}

    assert shown == {
        "model": "diabetes",
        "model_version": "approved",
        "window": expected,
        "output": "predictions/diabetes",
    }


def test_azure_ml_is_given_strings_none_of_them_empty():
    """With no parameter given at all, too."""
    ran = run(ML_SUCCEEDED, read())
    passed = evaluate(ran.body["activities"][0]["typeProperties"]["mlPipelineParameters"], ran.scope())

    assert set(passed) == set(contracts("diabetes")["score_diabetes"])
    assert all(isinstance(value, str) and value for value in passed.values())
    assert (passed["adf_run_id"], passed["adf_group_id"], passed["window_start"]) == ("run-1", GROUP, "-")


@pytest.mark.parametrize("path", ["@raw/x", "raw/@{x}", "it's/@{x}", "@@a", "@", "a@@{b}", "raw/a@b.c", "@{"])
def test_a_path_is_handed_on_as_it_is_written(path: str):
    """An `@` in a configured path is not taken for an expression."""
    body = built(model(scoring={"input": path}))["score_diabetes"].properties
    given = body["activities"][0]["typeProperties"]["mlPipelineParameters"]["input_path"]

    assert evaluate(given, Scope()) == path


def test_the_receipt_is_looked_up_by_run_group():
    """A rerun from a failed activity has a new run id and the same group."""
    ran = run(ML_SUCCEEDED, read())
    lookup = ran.body["activities"][1]
    place = evaluate(lookup["typeProperties"]["dataset"]["parameters"], ran.scope())

    assert place == {"folder_path": "_landing/diabetes/_runs", "file_name": f"{GROUP}.json"}


def test_scoring_is_never_retried_by_the_factory():
    """A retry would be a second ML run that nobody asked for; the timeout is the configured one."""
    scoring = {"input": "raw", "timeout_minutes": 1530}
    policy = built(model(scoring=scoring))["score_diabetes"].properties["activities"][0]["policy"]

    assert (policy["retry"], policy["timeout"]) == (0, "1.01:30:00")


def test_there_is_a_train_pipeline_only_where_there_is_training():
    """Its training data can be given to a run, and is the configured one by default."""
    trained = built(model(training={"data": "raw/patients.csv"}))

    assert "train_diabetes" not in built()
    assert trained["train_diabetes"].properties["parameters"] == {
        "training_data": {"type": "String", "defaultValue": "raw/patients.csv"},
        "champion": {"type": "String", "defaultValue": "approved"},
    }


def training(train: Outcome, receipt: Outcome = UNREADABLE) -> PipelineRun:
    body = built(model(training={"data": "raw/patients.csv"}))["train_diabetes"].properties
    defaults = {name: declared["defaultValue"] for name, declared in body["parameters"].items()}
    pipeline = {"RunId": "run-1", "GroupId": GROUP, "parameters": defaults}
    return PipelineRun(body, {"train": train, "read_receipt": receipt}, pipeline)


def test_a_training_that_succeeds_is_green_whatever_else_can_be_read():
    """Its receipt is looked up only to say why it failed."""
    ran = training(ML_SUCCEEDED)

    assert (ran.status(), ran.messages, ran.statuses["read_receipt"]) == ("Succeeded", [], "Skipped")


@pytest.mark.parametrize(
    ("receipt", "said"),
    [
        (read(status="failed", error="diabetes: the gate demands r2"), ": diabetes: the gate demands r2"),
        (UNREADABLE, ""),
    ],
)
def test_a_training_whose_model_is_refused_is_red_and_says_why(receipt: Outcome, said: str):
    """In Data Factory itself; without a receipt in Azure ML's words alone."""
    ran = training(ML_FAILED, receipt)

    assert ran.status() == "Failed"
    assert ran.messages == [f"diabetes: training failed{said}. Azure ML: ML run abc failed"]


def test_adf_monitor_shows_what_a_new_model_is_compared_with_and_where_its_report_is():
    """The folder of the report is known before the run has begun."""
    ran = training(ML_SUCCEEDED)
    properties = ran.body["activities"][0]["userProperties"]
    shown = {each["name"]: evaluate(each["value"], ran.scope()) for each in properties}

    assert shown == {
        "model": "diabetes",
        "training_data": "raw/patients.csv",
        "champion": "approved",
        "gate_report": f"_landing/diabetes/_gate/{GROUP}",
    }
    assert gate_report_path("diabetes", GROUP, "ml").startswith(f"{shown['gate_report']}/")


@pytest.mark.parametrize(
    ("said", "champion"),
    [({}, "7"), ({"champion": "none"}, "-")],
)
def test_a_new_model_is_compared_with_what_is_in_use_or_with_nothing(said: dict[str, str], champion: str):
    """Which version that is stands in `scoring.model_version`."""
    scoring = {"input": "raw", "model_version": "7"}
    made = built(model(scoring=scoring, training={"data": "raw/patients.csv"} | said))

    assert made["train_diabetes"].properties["parameters"]["champion"]["defaultValue"] == champion


def test_settings_are_not_changed_by_building():
    """Twice the same settings are twice the same bodies."""
    assert settings() == settings()
    assert built(model(), model("iris")) == built(model("iris"), model())
