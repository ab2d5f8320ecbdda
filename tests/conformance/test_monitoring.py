"""Metrics, logs and their columns, alerts and the workbook: against what Azure documents of them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from adf.monitor.queries import METRICS, NAMESPACE, QUERIES, Place
from adf.monitor.resources import LOGS
from sandbox.monitor import alerts as sandbox_alerts
from sandbox.monitor import logs as sandbox_logs
from tests.conformance.cases import FOLDER
from tests.unit.adf.builders import tumbling
from tests.unit.adf.test_monitor import of, scheduled, watched

FILE = FOLDER / "monitoring.json"
pytestmark = pytest.mark.skipif(
    not FILE.is_file(), reason=f"no monitoring.json in {FOLDER}: set CONFORMANCE_DIR to a folder that has it"
)
WORD = re.compile(r"(?<![\w'.$])[A-Z_]\w*(?!\w*')")
MADE = re.compile(r"\b([A-Z]\w*)\s*(?:=(?!=)|:)")


@pytest.fixture(scope="module")
def facts() -> Any:
    return json.loads(FILE.read_text(encoding="utf-8"))


def test_metrics_are_those_of_a_factory_in_total_by_name(facts):
    """And the local Azure knows the same, with the same dimensions."""
    known = facts["metrics"]["list"]

    assert facts["metrics"]["namespace"] == NAMESPACE == sandbox_alerts.METRIC_NAMESPACE
    for metric in METRICS:
        _, aggregation, dimensions = known[metric.name]
        assert aggregation == "Total"
        assert "Name" in dimensions
    for name, dimensions in sandbox_alerts.METRICS.items():
        assert list(dimensions) == known[name][2]


def test_logs_are_sent_to_tables_of_their_own(facts):
    (setting,) = of("diagnostic_setting", watched()).values()

    assert set(LOGS) <= set(facts["diagnosticCategories"]) == set(sandbox_logs.CATEGORIES)
    assert "Dedicated" in facts["destination"]
    assert setting["logAnalyticsDestinationType"] == "Dedicated"


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_a_query_names_tables_and_columns_that_there_are(facts, query):
    """Every capitalised word is a table, a column of one that is asked, or made in the query."""
    text = re.sub(r"'(\\.|[^'\\])*'", "''", query.asked(Place("f", "demo", "prod")))
    tables = {table for table in facts["tables"] if table in text}
    columns = {column for table in tables for column in facts["tables"][table]}
    made = set(MADE.findall(text))

    assert tables
    assert set(WORD.findall(text)) - tables - columns - made == set()


@pytest.mark.parametrize("key", ["PipelineFailedRuns", "TriggerFailedRuns", "PipelineElapsedTimeRuns"])
def test_alerts_look_as_often_and_as_far_as_is_usual(facts, key):
    """Aggregation, operator, threshold, window, frequency and severity."""
    usual = next(each for each in facts["typical_alerts"] if each.get("metric") == key)
    rules = of("metric_alert", watched(scheduled(daily=tumbling()))).values()
    rule = next(each for each in rules if each["criteria"]["allOf"][0]["metricName"] == key)
    criterion = rule["criteria"]["allOf"][0]

    assert {each: rule[each] for each in ("windowSize", "evaluationFrequency", "severity")} == {
        each: usual[each] for each in ("windowSize", "evaluationFrequency", "severity")
    }
    assert criterion["timeAggregation"] == usual["aggregation"]
    assert (criterion["operator"], criterion["threshold"]) == (usual["operator"], usual["threshold"])


def test_what_did_not_run_is_asked_of_the_log(facts):
    usual = next(each for each in facts["typical_alerts"] if "log" in each)
    (rule,) = of("log_alert", watched(scheduled(daily=tumbling()))).values()

    assert usual["table"] in rule["criteria"]["allOf"][0]["query"]


def test_an_alert_is_of_its_documented_type(facts):
    from adf.monitor.kinds import TYPES

    resource = facts["alert_resource"]
    alert = next(each for each in watched() if each.kind == "metric_alert")
    criteria = alert.properties["properties"]["criteria"]

    assert (TYPES["metric_alert"].name, TYPES["metric_alert"].api_version) == (
        resource["type"],
        resource["apiVersion"],
    )
    assert alert.properties["location"] == resource["location"]
    assert criteria["odata.type"].rpartition(".")[2] in resource["odataType"]
    assert criteria["allOf"][0]["criterionType"] == resource["criterionType"]
    assert TYPES["log_alert"].name == facts["typical_alerts"][-1]["type"]


def test_a_workbook_has_items_and_drawings_that_there_are(facts):
    from adf.monitor.kinds import TYPES

    known = facts["workbook"]
    (book,) = of("workbook", watched()).values()
    content = book["serializedData"]

    assert TYPES["workbook"].name.lower() == known["type"]
    assert content["version"] == known["serialized"]
    assert {str(each["type"]) for each in content["items"]} <= known["item_types"].keys()
    drawn = {each["content"].get("visualization") for each in content["items"]} - {None}
    assert drawn <= set(known["visualizations"])
