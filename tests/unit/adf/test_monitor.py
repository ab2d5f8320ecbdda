"""What watches a factory: which resources, what they count, and what is expected to have run."""

import re
from typing import Any

import pytest

from adf.entities import Entity
from adf.factory import build
from adf.monitor import resources
from adf.monitor.alerts import told
from adf.monitor.expected import Expected, expected
from adf.monitor.kinds import TYPES, azure_name, ours
from adf.monitor.queries import QUERIES, Place
from adf.pipelines import score_name
from tests.unit.adf.builders import calendar, contracts, event, model, settings, tumbling

WORKSPACE = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-logs"
    "/providers/Microsoft.OperationalInsights/workspaces/log-demo"
)
RECEIVERS = {"emails": {"on-call": "on-call@example.org"}}


def watched(*models: dict[str, Any], monitoring: dict[str, Any] | None = None, **parts: Any) -> list[Entity]:
    said = {"workspace_id": WORKSPACE, "receivers": RECEIVERS, **(monitoring or {})}
    made = settings(*models, monitoring=said, **parts)
    return resources.build(made, build(made, contracts(*made.models)))


def scheduled(**schedules: Any) -> dict[str, Any]:
    return model(training={"data": "raw/diabetes/training"}, schedules={"score": schedules})


def of(kind: str, found: list[Entity]) -> dict[str, Any]:
    """Name → properties of those of a kind."""
    return {each.name: each.properties["properties"] for each in found if each.kind == kind}


def expectations(*models: dict[str, Any], **parts: Any) -> list[Expected]:
    said = {"workspace_id": WORKSPACE, "receivers": RECEIVERS}
    made = settings(*models, **{"monitoring": said, **parts})
    return list(expected(made, build(made, contracts(*made.models))))


# ------------------------------------------------------------------------------------------- which


def test_nothing_is_watched_that_nobody_asked_for():
    made = settings()

    assert resources.build(made, build(made, contracts("diabetes"))) == []


def test_all_of_it_stands_in_the_order_in_which_it_refers_to_each_other():
    """Names are the project's and the environment's, so that installations share a resource group."""
    found = watched(scheduled(daily=tumbling()))

    assert [str(each) for each in found] == [
        "diagnostic_setting adf-batch-scoring-demo-dev",
        "action_group demo-dev",
        "metric_alert demo-dev-failed-pipelines",
        "metric_alert demo-dev-failed-triggers",
        "metric_alert demo-dev-elapsed-time",
        "log_alert demo-dev-did-not-run",
        "workbook demo-dev",
        "dashboard demo-dev",
    ]


def test_what_can_have_tags_says_whose_it_is():
    for each in watched(scheduled(daily=tumbling())):
        if each.kind != "diagnostic_setting":
            owned = {"managed-by": "adf-batch-scoring", "project": "demo", "env": "dev"}
            assert owned.items() <= each.properties["tags"].items(), each


def test_alerts_that_are_off_leave_the_logs_and_the_screens():
    found = watched(scheduled(daily=tumbling()), monitoring={"alerts": "off", "receivers": {}})

    assert {each.kind for each in found} == {"diagnostic_setting", "workbook", "dashboard"}


def test_without_triggers_none_can_fail_and_none_can_be_missed():
    assert list(of("metric_alert", watched())) == ["demo-dev-failed-pipelines", "demo-dev-elapsed-time"]
    assert of("log_alert", watched()) == {}


def test_nothing_holds_more_than_what_is_compared_with_azures_answer():
    """Else a second plan would never be empty."""
    for each in watched(scheduled(daily=tumbling())):
        assert ours(TYPES[each.kind].shape, each.properties) == each.properties, each


def test_the_names_in_azure_are_those_that_it_takes_and_always_the_same():
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", azure_name("workbook", "demo-dev"))
    assert re.fullmatch(r"[a-z0-9-]{3,24}", azure_name("dashboard", "demo-dev"))
    assert azure_name("workbook", "demo-dev") == azure_name("workbook", "Demo-Dev")
    assert azure_name("workbook", "demo-dev") != azure_name("workbook", "demo-prod")


# ------------------------------------------------------------------------------------------- alerts


def test_alerts_count_what_is_ours_and_nothing_else():
    """In a factory that others use too."""
    rules = of("metric_alert", watched(scheduled(daily=tumbling()), model("iris")))
    counted = {name: rule["criteria"]["allOf"][0]["dimensions"][0]["values"] for name, rule in rules.items()}

    assert counted == {
        "demo-dev-failed-pipelines": ["score_diabetes", "score_iris", "train_diabetes"],
        "demo-dev-failed-triggers": ["tr_score_diabetes_daily"],
        "demo-dev-elapsed-time": ["score_diabetes", "score_iris"],
    }


def test_thresholds_and_severities_are_the_configurations():
    said = {"failed_pipelines": {"threshold": 3}, "elapsed_time": {"severity": 4}}
    rules = of("metric_alert", watched(monitoring=said))

    assert rules["demo-dev-failed-pipelines"]["criteria"]["allOf"][0]["threshold"] == 3
    assert rules["demo-dev-failed-pipelines"]["severity"] == 1
    assert rules["demo-dev-elapsed-time"]["severity"] == 4


def test_every_alert_tells_the_group():
    found = watched(scheduled(daily=tumbling()))
    rules = [each for each in found if each.kind in ("metric_alert", "log_alert")]

    assert len(rules) == 4
    assert [told(each) for each in rules] == [["demo-dev"]] * 4
    assert [told(each) for each in found if each not in rules] == [[]] * 4


def test_receivers_are_in_order_and_the_short_name_is_short():
    receivers = {"emails": {"b": "b@example.org", "a": "a@example.org"}, "webhooks": {"c": "https://c.org/x"}}
    group = of("action_group", watched(monitoring={"receivers": receivers}, project="a-very-long-project"))
    (said,) = group.values()

    assert [each["name"] for each in said["emailReceivers"]] == ["a", "b"]
    assert said["webhookReceivers"][0]["serviceUri"] == "https://c.org/x"
    assert said["groupShortName"] == "a-very-long-"


# ------------------------------------------------------------------------------------------- what is expected


@pytest.mark.parametrize(
    ("schedule", "window", "hours"),
    [
        (tumbling(), "day", 24),
        (tumbling(interval=6, start=None), "6 hours", 6),
        (calendar(hours=[6, 18]), "day", 12),
        (calendar(frequency="Week", week_days=["Monday", "Friday"], hours=[5]), "day", 96),
        (calendar(hours=[6], time_zone="W. Europe Standard Time"), "day", 25),
    ],
)
def test_a_pause_is_the_longest_between_two_fires_and_the_run_itself(
    schedule: dict[str, Any], window: str, hours: int
):
    """A day that ends daylight saving has 25 hours."""
    made = model(schedules={"score": {"it": schedule}}, window={"every": window})

    assert [each.minutes for each in expectations(made)] == [hours * 60 + 60]


def test_a_run_that_takes_long_and_a_grace_are_waited_for():
    made = model(
        scoring={"input": "raw/diabetes", "expected_minutes": 90}, schedules={"score": {"daily": tumbling()}}
    )
    said = {"workspace_id": WORKSPACE, "receivers": RECEIVERS, "did_not_run": {"grace_minutes": 30}}

    assert [each.minutes for each in expectations(made, monitoring=said)] == [24 * 60 + 90 + 30]


def test_nothing_is_expected_of_files_of_what_is_stopped_and_of_training():
    trained = {"train": {"weekly": calendar(frequency="Week")}, "score": {"arrived": event()}}
    training = {"data": "raw/diabetes/training"}

    assert expectations(model(training=training, schedules=trained)) == []
    assert expectations(scheduled(daily=tumbling()), schedules="off") == []


def test_a_schedule_is_expected_from_its_first_fire_to_its_end():
    end = calendar(start="2026-11-01T06:00:00", end="2027-01-01T00:00:00", time_zone="Tokyo Standard Time")
    found = expectations(scheduled(it=end, open=tumbling(start=None, end="2027-01-01T00:00:00Z")))

    assert [(each.begins, each.until) for each in found] == [
        ("2026-10-31T21:00:00Z", "2026-12-31T15:00:00Z"),
        ("2020-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
    ]


def test_the_alert_is_told_of_what_it_can_see_and_the_workbook_of_all():
    """A log alert looks back two days."""
    weekly = calendar(frequency="Week", week_days=["Monday"])
    found = watched(scheduled(weekly=weekly), model("iris", schedules={"score": {"daily": tumbling()}}))
    (alert,) = of("log_alert", found).values()
    (book,) = of("workbook", found).values()
    query = alert["criteria"]["allOf"][0]["query"]

    assert "'score_iris'" in query
    assert "'score_diabetes'" not in query
    assert "'tr_score_diabetes_weekly', 10140m" in str(book["serializedData"])
    assert of("log_alert", watched(scheduled(weekly=weekly))) == {}


# ------------------------------------------------------------------------------------------- queries


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_a_query_is_whole_and_asks_of_one_factory(query: Any):
    """No field is left open; parentheses and quotes close."""
    place = Place("/subscriptions/0/factories/adf", "demo", "prod", (Expected("p", "t", 5, "2026", None),))
    text = query.asked(place)
    without_texts = re.sub(r"'(\\.|[^'\\])*'", "", text)

    assert "let factory = '/subscriptions/0/factories/adf';" in text
    assert "_ResourceId =~ factory" in text
    assert not re.search(r"\{\w+\}", text)
    assert "'" not in without_texts
    for opening, closing in ("()", "[]"):
        assert without_texts.count(opening) == without_texts.count(closing)


@pytest.mark.parametrize(
    ("annotations", "is_ours"),
    [
        ('["managed-by:adf-batch-scoring","project:demo","env:prod","model:churn"]', True),
        ("managed-by:adf-batch-scoring, project:demo, env:prod", True),
        ('["managed-by:adf-batch-scoring","project:demo","env:prod-eu"]', False),
        ('["managed-by:adf-batch-scoring","project:another-demo","env:prod"]', False),
        ('["project:demo","env:prod"]', False),
        ("", False),
    ],
)
def test_a_query_takes_the_runs_with_our_annotations_only(annotations: str, is_ours: bool):  # noqa: FBT001
    """Whole ones, in whatever form the log has the list."""
    text = QUERIES[0].asked(Place("f", "demo", "prod"))
    patterns = [each.replace("\\\\", "\\") for each in re.findall(r"matches regex '(.*)'", text)]

    assert len(patterns) == 3
    assert all(re.search(each, annotations) for each in patterns) == is_ours


def test_the_model_is_what_the_annotation_says():
    (pattern,) = set(
        re.findall(r"extract\('(.*?)'", QUERIES[0].text + QUERIES[0].asked(Place("f", "a", "b")))
    )
    annotations = str(next(iter(build(settings(), contracts("diabetes")))).properties["annotations"])
    pipeline = next(e for e in build(settings(), contracts("diabetes")) if e.name == score_name("diabetes"))

    assert re.findall(pattern, annotations) == []
    assert re.findall(pattern, str(pipeline.properties["annotations"])) == ["diabetes"]


def test_queries_ask_for_activities_properties_and_fields_that_there_are():
    """Of the score pipeline: the activities by name, the user properties, and what a receipt has."""
    from dataclasses import fields

    from ml_pipelines.steps.landing import Receipt

    pipeline = next(e for e in build(settings(), contracts("diabetes")) if e.name == "score_diabetes")
    activities = {each["name"]: each for each in pipeline.properties["activities"]}
    text = "".join(query.asked(Place("f", "demo", "prod")) for query in QUERIES)
    asked = {each["name"] for each in activities["score"]["userProperties"]}

    assert set(re.findall(r"ActivityName == '(\w+)'", text)) <= activities.keys()
    assert set(re.findall(r"Asked\.(\w+)", text)) <= asked
    assert set(re.findall(r"Receipt\.(?:\[')?(\w+)", text)) <= {each.name for each in fields(Receipt)}
