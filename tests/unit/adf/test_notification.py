"""Whoever is told that a run failed, and that it then still ends red."""

from itertools import product
from typing import Any

import pytest

from adf.checks import endings
from adf.entities import Entity
from adf.language import evaluate
from adf.validation import validate
from adf.walk import Walked, activities
from tests.unit.adf.builders import built, contracts, model
from tests.unit.adf.pipeline_run import Outcome, PipelineRun

GROUP = "1d2b1a40-0000-4000-8000-000000000001"
WEBHOOK = "https://prod-17.westeurope.logic.azure.com/workflows/1?sig=Zm9vYmFyZm9vYmFyZm9vYmFy"
RECEIPT = {
    "status": "committed",
    "group_id": GROUP,
    "ml_run_id": "5f0f3c5e",
    "window_start": "2026-11-22T00:00:00Z",
    "path": "predictions/diabetes/window=2026-11-22T00-00-00Z/predictions.parquet",
    "attempt_started": "2026-11-23T06:00:00.123456+00:00",
    "model_version": "7",
    "rows_scored": 3,
    "error": "",
}
TOLD = {"vault": "kv-demo", "secret": "failure-webhook"}
PLACE = {"server": "reporting.database.windows.net", "database": "reporting"}
TABLE = {"table": "dbo.scores", "columns": {"prediction": "float"}}
DONE: Outcome = ("Succeeded", {"output": {}})
TELLING: dict[str, Outcome] = {
    "read_webhook": ("Succeeded", {"output": {"value": WEBHOOK}}),
    "post_failure": DONE,
}
TABLE_STEPS = ("prepare_tables", "copy_window", "swap_window")


def failed(message: str) -> Outcome:
    return "Failed", {"error": {"message": message}}


def read(**changes: Any) -> Outcome:
    return "Succeeded", {"output": {"firstRow": RECEIPT | changes}}


def factory(*, warehouse: bool = False, **parts: Any) -> dict[str, Entity]:
    output = {"path": "predictions/diabetes"} | ({"warehouse": TABLE} if warehouse else {})
    made = model(training={"data": "raw/diabetes/training"}, output=output)
    return built(made, notification=TOLD, warehouse=PLACE, **parts)


def run(pipeline: str = "score_diabetes", *, warehouse: bool = False, **outcomes: Outcome) -> PipelineRun:
    body = factory(warehouse=warehouse)[pipeline].properties
    good = dict.fromkeys(("score", "train", *TABLE_STEPS), DONE)
    parameters = {name: each["defaultValue"] for name, each in body["parameters"].items()}
    said = {
        "RunId": "run-1",
        "GroupId": GROUP,
        "Pipeline": pipeline,
        "DataFactory": "adf-demo",
        "TriggerName": "tr_score_diabetes_daily",
        "parameters": parameters,
    }
    return PipelineRun(body, {**good, "read_receipt": read(), **TELLING, **outcomes}, said)


def posted(ran: PipelineRun) -> Any:
    """What goes to the workflow."""
    post = next(each for each in ran.body["activities"] if each["name"] == "post_failure")
    return evaluate(post["typeProperties"]["body"], ran.scope())


@pytest.mark.parametrize("warehouse", [False, True])
def test_a_run_that_landed_is_green_and_nobody_is_told(*, warehouse: bool):
    ran = run(warehouse=warehouse)

    assert ran.status() == "Succeeded"
    assert {ran.statuses[name] for name in (*TELLING, "fail_run")} == {"Skipped"}


def test_a_run_that_failed_is_red_whatever_becomes_of_telling():
    """However it failed, somebody is told once, and `fail_run` ends it with the reason."""
    bad = failed("no")
    ways: list[dict[str, Outcome]] = [
        {"score": bad},
        {"score": bad, "read_receipt": bad},
        {"read_receipt": bad},
        {"read_receipt": read(status="failed")},
        {"read_receipt": read(group_id="another")},
    ]
    tables = [{name: bad} for name in TABLE_STEPS]
    for warehouse, way, telling in product(
        (False, True), (*ways, *tables), ({}, {"read_webhook": bad}, {"post_failure": bad})
    ):
        if way in tables and not warehouse:
            continue
        ran = run(warehouse=warehouse, **way, **telling)

        assert ran.status() == "Failed", (warehouse, way, telling)
        assert ran.statuses["read_webhook"] != "Skipped", (warehouse, way)
        reason, last = ran.messages
        assert last.startswith(reason)
        assert ("Nobody was told" in last) == bool(telling)


def test_a_training_run_that_failed_is_told_too():
    """Its receipt is read then, for the link to the ML run; a good run reads none."""
    good, bad = run("train_diabetes"), run("train_diabetes", train=failed("r2 is 0.1"))

    assert (good.status(), good.statuses["read_receipt"]) == ("Succeeded", "Skipped")
    assert bad.status() == "Failed"
    assert bad.messages == ["diabetes: training failed. Azure ML: r2 is 0.1"] * 2
    assert posted(bad)["failure"]["ml_run_id"] == "5f0f3c5e"


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (
            {"score": failed("ML run abc failed"), "read_receipt": read(error="no column bmi")},
            "no column bmi",
        ),
        ({"read_receipt": failed("The file does not exist")}, "cannot be read: The file does not exist"),
        ({"read_receipt": read(status="superseded", error="attempt 7 was first")}, "attempt 7 was first"),
        ({"swap_window": failed("Login failed")}, "is not in the table dbo.scores: Login failed"),
    ],
)
def test_the_message_says_why(outcomes: dict[str, Outcome], expected: str):
    """In the words of the run's own error; no more is said of the activities it stood in."""
    ran = run(warehouse="swap_window" in outcomes, **outcomes)
    ran.status()
    message = posted(ran)["failure"]["message"]

    assert expected in message
    assert message.startswith("diabetes: ")
    assert message == ran.messages[-1]


def test_both_runs_are_one_click_away():
    ran = run(score=failed("no"))
    ran.status()
    said = posted(ran)
    group = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-demo"
    factory_id = f"{group}/providers/Microsoft.DataFactory/factories/adf-demo"
    links = [
        f"https://adf.azure.com/en/monitoring/pipelineruns/run-1?factory={factory_id}",
        f"https://ml.azure.com/runs/5f0f3c5e?wsid={group}/workspaces/mlw-demo",
    ]

    assert [said["failure"]["adf_run_url"], said["failure"]["ml_run_url"]] == links
    assert [each["url"] for each in said["attachments"][0]["content"]["actions"]] == links


def test_without_a_receipt_the_link_leads_to_the_workspace():
    ran = run(score=failed("no"), read_receipt=failed("no"))
    ran.status()

    assert posted(ran)["failure"]["ml_run_id"] == ""
    assert posted(ran)["failure"]["ml_run_url"].startswith("https://ml.azure.com/?wsid=/subscriptions/")


def test_an_error_is_shown_as_it_is_and_not_without_end():
    """No Markdown, no link of somebody else's; and within the 28 KB that Teams takes."""
    ran = run(score=failed("[click](https://elsewhere) @{x}" + "ä" * 9000))
    ran.status()
    said = posted(ran)
    (_, block) = said["attachments"][0]["content"]["body"]

    assert block["type"] == "RichTextBlock"
    assert block["inlines"][0]["type"] == "TextRun"
    assert "[click](https://elsewhere) @{x}" in block["inlines"][0]["text"]
    assert len(str(said).encode()) < 28 * 1024


@pytest.mark.parametrize("pipeline", ["score_diabetes", "train_diabetes"])
def test_the_address_is_read_by_identity_and_shown_nowhere(pipeline: str):
    made = {each["name"]: each for _, each in activities(factory()[pipeline].properties)}
    read_webhook, post = made["read_webhook"], made["post_failure"]

    assert read_webhook["typeProperties"] == {
        "method": "GET",
        "url": "https://kv-demo.vault.azure.net/secrets/failure-webhook?api-version=7.4",
        "authentication": {"type": "MSI", "resource": "https://vault.azure.net"},
    }
    assert read_webhook["policy"]["secureOutput"] is True
    assert post["policy"]["secureInput"] is True
    assert post["policy"]["secureOutput"] is True
    assert "post_failure')?.error" not in str(made["fail_run"])


def test_a_local_environment_asks_the_local_vault():
    azure = {"cloud": "local", "subscription_id": "0", "resource_group": "rg"}
    body = factory(azure=azure, sandbox={"port": 12345})["score_diabetes"].properties
    read_webhook = next(each for each in body["activities"] if each["name"] == "read_webhook")

    assert read_webhook["typeProperties"]["url"].startswith(
        "https://127.0.0.1:12345/keyvault/kv-demo/secrets/failure-webhook?"
    )
    assert "'https://127.0.0.1:12345/portal/runs/', pipeline().RunId" in str(body)
    assert "azure.com/" not in str(body)


@pytest.mark.parametrize("warehouse", [False, True])
def test_the_rules_agree_that_it_ends_red(*, warehouse: bool):
    """And would not without `fail_run`: a run that tells of its failure is then green."""
    entities = list(factory(warehouse=warehouse).values())
    assert validate(entities, contracts("diabetes")) == []

    for entity in entities:
        if entity.kind == "pipeline":
            entity.properties["activities"].pop()

    assert {problem.rule for problem in endings.check([Walked.through(each) for each in entities])} == {
        "ADF801"
    }


def test_without_a_notification_the_pipelines_are_what_they_were():
    names = {each["name"] for each in built()["score_diabetes"].properties["activities"]}

    assert names == {"score", "read_receipt", "check_landing", "fail_score", "fail_receipt"}
