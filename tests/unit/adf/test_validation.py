"""A factory of ours is valid; every mistake that could be made in one is found, at its place."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from adf.entities import EndpointId, Entity
from adf.factory import build
from adf.validation import Problem, validate
from tests.unit.adf.builders import calendar, contracts, event, model, settings, tumbling

SCHEDULES = {
    "score": {"daily": calendar(), "hourly": tumbling(), "arrived": event()},
    "train": {"weekly": calendar(frequency="Week", week_days=["Monday"], hours=[6])},
}
MODEL = model(training={"data": "raw/patients.csv"}, schedules=SCHEDULES)
Change = Callable[[dict[str, Any]], object]


def factory() -> dict[str, Entity]:
    made = build(settings(MODEL), contracts("diabetes"))
    return {entity.name: copy.deepcopy(entity) for entity in made}


def problems_after(name: str, change: Change) -> list[Problem]:
    entities = factory()
    change(entities[name].properties)
    return validate(list(entities.values()), contracts("diabetes"))


def test_what_we_build_is_valid():
    """With its contracts and without."""
    assert validate(list(factory().values()), contracts("diabetes")) == []
    assert validate(list(factory().values())) == []


def score(properties: dict[str, Any]) -> dict[str, Any]:
    return properties["activities"][0]


def recurrence(properties: dict[str, Any]) -> dict[str, Any]:
    return properties["typeProperties"]["recurrence"]


def waits_for(properties: dict[str, Any], trigger: str, **span: str) -> None:
    reference = {"type": "TriggerReference", "referenceName": trigger}
    dependency = {"type": "TumblingWindowTriggerDependencyReference", "referenceTrigger": reference, **span}
    properties["typeProperties"]["dependsOn"] = [dependency]


SCORE, DAILY, WEEKLY = "score_diabetes", "tr_score_diabetes_daily", "tr_train_diabetes_weekly"
HOURLY, ARRIVED = "tr_score_diabetes_hourly", "tr_score_diabetes_arrived"


@pytest.mark.parametrize(
    ("name", "change", "path", "fact"),
    [
        # shape
        ("ls_lake", lambda p: p.update(type="AzureBlobFs"), "type", "did you mean 'AzureBlobFS'?"),
        (
            "ls_lake",
            lambda p: p["typeProperties"].update(uri="x"),
            "typeProperties.uri",
            "did you mean 'url'?",
        ),
        ("ls_lake", lambda p: p.pop("typeProperties"), "", "'typeProperties' is missing"),
        (
            "ls_lake",
            lambda p: p["typeProperties"].update(sasToken={}),
            "typeProperties.sasToken",
            "nothing that",
        ),
        (SCORE, lambda p: score(p).update(type="Wait"), "activities[0].type", "is 'Wait'"),
        (SCORE, lambda p: p["parameters"].update(x={"type": "Text"}), "parameters.x.type", "is 'Text'"),
        (
            DAILY,
            lambda p: recurrence(p).update(interval="1"),
            "typeProperties.recurrence.interval",
            "an integer",
        ),
        (HOURLY, lambda p: p.update(pipelines=[p.pop("pipeline")]), "pipelines", "did you mean 'pipeline'?"),
        # names
        (SCORE, lambda p: score(p).update(name="a.b"), "activities[0].name", "refuses the name 'a.b'"),
        (SCORE, lambda p: score(p).update(name="x" * 56), "activities[0].name", "refuses the name"),
        (SCORE, lambda p: p["activities"][1].update(name="SCORE"), "activities[1].name", "two activities"),
        # references
        (
            SCORE,
            lambda p: score(p)["linkedServiceName"].update(referenceName="ls"),
            "",
            "no linked_service 'ls'",
        ),
        (DAILY, lambda p: p["pipelines"][0]["parameters"].update(when="x"), "", "no parameter 'when'"),
        (
            SCORE,
            lambda p: p["activities"][1]["typeProperties"]["dataset"]["parameters"].pop("file_name"),
            "activities[1].typeProperties.dataset",
            "needs the parameter 'file_name'",
        ),
        # order
        (
            SCORE,
            lambda p: score(p).update(dependsOn=[{"activity": "no", "dependencyConditions": ["Failed"]}]),
            "activities[0].dependsOn[0]",
            "depends on 'no'",
        ),
        (
            SCORE,
            lambda p: score(p).update(
                dependsOn=[{"activity": "read_receipt", "dependencyConditions": ["Completed"]}]
            ),
            "activities",
            "wait for each other",
        ),
        (
            SCORE,
            lambda p: p["activities"][1]["dependsOn"][0].update(dependencyConditions=[]),
            "activities[1].dependsOn[0]",
            "has no condition",
        ),
        # expressions
        (SCORE, lambda p: score(p)["typeProperties"].update(experimentName="@concat("), "", "experimentName"),
        (
            SCORE,
            lambda p: score(p)["typeProperties"].update(experimentName="@foo()"),
            "",
            "no function 'foo'",
        ),
        (
            SCORE,
            lambda p: score(p)["typeProperties"].update(experimentName="@pipeline().parameters.x"),
            "activities[0].typeProperties.experimentName",
            "no parameter 'x'",
        ),
        (
            SCORE,
            lambda p: score(p)["typeProperties"].update(experimentName="@trigger().startTime"),
            "",
            "trigger() does not exist in a pipeline",
        ),
        (
            SCORE,
            lambda p: score(p)["typeProperties"].update(experimentName="@activity('read_receipt').output"),
            "",
            "activity('read_receipt') has not ended",
        ),
        (
            SCORE,
            lambda p: score(p)["typeProperties"].update(experimentName="@concat('" + "x" * 8200 + "')"),
            "activities[0].typeProperties.experimentName",
            "8192",
        ),
        (
            "ds_lake_receipt",
            lambda p: p["typeProperties"]["location"].update(folderPath="@dataset().folder"),
            "typeProperties.location.folderPath",
            "no parameter 'folder'",
        ),
        # limits
        (
            SCORE,
            lambda p: score(p)["policy"].update(timeout="0.00:05:00"),
            "activities[0].policy.timeout",
            "10",
        ),
        (
            SCORE,
            lambda p: score(p)["policy"].update(timeout="soon"),
            "activities[0].policy.timeout",
            "'soon'",
        ),
        (SCORE, lambda p: score(p)["policy"].update(retryIntervalInSeconds=5), "", "30 to 86400"),
        (SCORE, lambda p: score(p)["userProperties"].extend(score(p)["userProperties"]), "", "more than 5"),
        (SCORE, lambda p: p.update(description="x" * 210_000), "", "KB"),
        (
            SCORE,
            lambda p: p["parameters"].update(
                {f"p{n}": {"type": "String", "defaultValue": "-"} for n in range(60)}
            ),
            "parameters",
            "more than 50",
        ),
        ("train_diabetes", lambda p: p.update(activities=[]), "activities", "without activities"),
        # schedules
        (DAILY, lambda p: p.update(pipelines=[]), "pipelines", "starts no pipeline"),
        (DAILY, lambda p: recurrence(p).update(interval=0), "", "expected 1 to 1000"),
        (DAILY, lambda p: recurrence(p).update(timeZone="Europe/Berlin"), "", "W. Europe Standard Time"),
        (DAILY, lambda p: recurrence(p).update(startTime="2026-11-01T06:00:00"), "", "it ends in Z"),
        (
            DAILY,
            lambda p: recurrence(p).update(schedule={"weekDays": ["Monday"]}),
            "",
            "means nothing every Day",
        ),
        (DAILY, lambda p: recurrence(p).update(schedule={"minutes": [30]}), "", "say the hours too"),
        (
            DAILY,
            lambda p: recurrence(p).update(frequency="Month", schedule={"monthDays": [0, 32]}),
            "",
            "32 is no day",
        ),
        (WEEKLY, lambda p: recurrence(p)["schedule"].update(weekDays=["Montag"]), "", "'Montag'"),
        (HOURLY, lambda p: p["typeProperties"].update(maxConcurrency=51), "typeProperties", "not 1 to 50"),
        (HOURLY, lambda p: p["typeProperties"].update(frequency="Minute", interval=4), "", "5 minutes"),
        (
            DAILY,
            lambda p: recurrence(p).update(
                frequency="Month", interval=12, startTime="2026-02-01T00:00:00Z", schedule={"monthDays": [31]}
            ),
            "typeProperties.recurrence",
            "never fires",
        ),
        (DAILY, lambda p: recurrence(p).update(endTime="2026-10-01T00:00:00Z"), "", "never fires"),
        (DAILY, lambda p: recurrence(p).update(schedule={"hours": [6]}), "", "start earlier"),
        # windows that wait
        (HOURLY, lambda p: waits_for(p, "tr_absent"), "", "there is no trigger 'tr_absent'"),
        (HOURLY, lambda p: waits_for(p, DAILY), "typeProperties.dependsOn", "which has no windows"),
        (HOURLY, lambda p: waits_for(p, HOURLY), "typeProperties.dependsOn", "wait for each other"),
        (HOURLY, lambda p: waits_for(p, HOURLY, size="00:00:00"), "typeProperties", "not positive"),
        (ARRIVED, lambda p: p.update(pipelines=[]), "pipelines", "starts no pipeline"),
        (
            ARRIVED,
            lambda p: p["typeProperties"].update(scope="demolake"),
            "typeProperties.scope",
            "resource id",
        ),
        (ARRIVED, lambda p: p["typeProperties"].update(events=[]), "typeProperties.events", "is no list of"),
        (
            ARRIVED,
            lambda p: p["typeProperties"].update(blobPathBeginsWith="", blobPathEndsWith=""),
            "typeProperties.blobPathBeginsWith",
            "is required",
        ),
        # machine learning
        (SCORE, lambda p: score(p).pop("linkedServiceName"), "activities[0]", "has no linkedServiceName"),
        (
            SCORE,
            lambda p: score(p)["typeProperties"]["mlPipelineParameters"].update(input_path=""),
            "activities[0].typeProperties.mlPipelineParameters.input_path",
            "not empty",
        ),
        (
            SCORE,
            lambda p: score(p)["typeProperties"]["mlPipelineParameters"].pop("fire_time"),
            "activities[0]",
            "'fire_time' is declared and not passed",
        ),
        (
            SCORE,
            lambda p: score(p)["typeProperties"]["mlPipelineParameters"].update(extra="x"),
            "activities[0]",
            "'extra' is passed and not declared",
        ),
    ],
)
def test_a_mistake_is_found_at_its_place(name: str, change: Change, path: str, fact: str):
    """With the entity, the path into it, what is wrong, and where one can be given, a hint."""
    found = problems_after(name, change)
    matching = [problem for problem in found if fact in str(problem) and problem.path.startswith(path)]

    assert matching, [str(problem) for problem in found]
    assert all(problem.entity.endswith(f" {name}") for problem in matching)


def test_names_that_differ_in_case_only_are_one_name():
    """Data Factory does not tell them apart."""
    entities = [*factory().values(), Entity("pipeline", "SCORE_Diabetes", factory()[SCORE].properties)]

    assert [problem.entity for problem in validate(entities)] == ["pipeline SCORE_Diabetes"]


@pytest.mark.parametrize(
    ("kind", "name", "fact"),
    [
        ("linked_service", "ls-lake", "no dashes"),
        ("dataset", "a/b", "refuses this name"),
        ("trigger", "", "refuses"),
    ],
)
def test_a_name_that_azure_refuses_is_found(kind: Any, name: str, fact: str):
    """Before Azure is asked."""
    originals = {"linked_service": "ls_lake", "dataset": "ds_lake_receipt", "trigger": DAILY}
    entities = [*factory().values(), Entity(kind, name, factory()[originals[kind]].properties)]

    assert fact in str(validate(entities)[0])


def test_all_problems_are_reported_at_once():
    """Nobody repairs a factory one error a run."""
    entities = factory()
    score(entities[SCORE].properties)["policy"]["timeout"] = "never"
    entities["ls_lake"].properties["typeProperties"]["link"] = "x"
    recurrence(entities[DAILY].properties)["interval"] = 5000

    assert {problem.entity for problem in validate(list(entities.values()))} >= {
        "pipeline score_diabetes",
        "linked_service ls_lake",
        "trigger tr_score_diabetes_daily",
    }


def test_a_missing_contract_counts_every_parameter_as_undeclared():
    """An ML pipeline that nobody declares takes nothing."""
    entities = [e for e in factory().values() if e.name == SCORE]
    undeclared = [p for p in validate(entities, {}) if "is passed and not declared" in p.message]

    assert len(undeclared) == 9
    assert score(entities[0].properties)["typeProperties"]["mlPipelineEndpointId"] == EndpointId(SCORE)
