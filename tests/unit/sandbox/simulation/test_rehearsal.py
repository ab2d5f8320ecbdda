"""A rehearsal tells what the local Data Factory does, and nothing that it does not."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from adf.recurrence import Recurrence
from adf.windows import TumblingWindow, format_instant
from sandbox.simulation.request import Minutes, StandIn
from tests.conformance.cases import cases
from tests.unit.sandbox.simulation.small_factory import at, column, ml_activity, on_itself, on_trigger

if TYPE_CHECKING:
    from tests.unit.sandbox.simulation.small_factory import SmallFactory


def within_a_year(case: dict[str, Any]) -> list[datetime]:
    """When it fires, as far as a rehearsal reaches."""
    fires = [datetime.fromisoformat(text) for text in case.get("expected", ())]
    return [
        fire for fire in fires if fire - datetime.fromisoformat(case["triggerStartedAt"]) < timedelta(365)
    ]


LEGAL = [
    case
    for case in cases("schedules.json")
    if not {"illegal", "docs_illegal"} & {*case.values[0]} and (within_a_year(case.values[0]) or case.marks)
]
QUICK = StandIn(minutes=Minutes(1))
HALF_AN_HOUR = StandIn(minutes=Minutes(30), nodes=1)
IN_BERLIN = {
    "frequency": "Day",
    "interval": 1,
    "startTime": "2026-01-01T00:00:00",
    "timeZone": "W. Europe Standard Time",
}


# ------------------------------------------------------------------------------------------- when it fires


@pytest.mark.parametrize("month", ["2026-03", "2026-10"])
def test_a_month_with_a_change_of_the_clocks_agrees_with_the_recurrence(
    factory: SmallFactory, month: str
) -> None:
    """Also at local times that the day does not have, or has twice."""
    recurrence = {**IN_BERLIN, "schedule": {"hours": [0, 2, 12], "minutes": [0, 30]}}
    factory.pipeline("p")
    factory.schedule("t", "p", recurrence)
    start, end = f"{month}-01", "2026-11-01" if month == "2026-10" else "2026-04-01"

    told = factory.rehearse(start, end, QUICK)

    expected = [format_instant(fire) for fire in Recurrence.from_json(recurrence).between(at(start), at(end))]
    assert len(expected) >= 6 * 30
    assert column(told["runs"], "due") == expected
    assert column(told["runs"], "started") == expected


@pytest.mark.parametrize("case", LEGAL)
def test_a_schedule_fires_when_the_engine_fires(factory: SmallFactory, case: dict[str, Any]) -> None:
    """Microsoft's own engine, in the cases that were measured on it; as far as a rehearsal reaches."""
    started, expected = datetime.fromisoformat(case["triggerStartedAt"]), within_a_year(case)
    factory.pipeline("p")
    factory.schedule("t", "p", case["recurrence"])
    start, end = started + timedelta(seconds=1), expected[-1] + timedelta(seconds=1)

    told = factory.rehearse(start.isoformat()[:19], end.isoformat()[:19], QUICK)

    assert column(told["runs"], "due") == [format_instant(fire) for fire in expected]


def test_windows_agree_with_their_table(factory: SmallFactory) -> None:
    """Those that are due in the span, each once, with its bounds and its delay."""
    factory.pipeline("p")
    factory.tumbling("t", "p", "2025-12-01T06:00:00Z", 6, delay="01:30:00", maxConcurrency=5)
    trigger = TumblingWindow.from_type_properties(
        {"frequency": "Hour", "interval": 6, "startTime": "2025-12-01T06:00:00Z", "delay": "01:30:00"}
    )
    expected = [
        w for w in trigger.due(at("2026-02-01")) if at("2026-01-01") <= trigger.due_at(w) < at("2026-02-01")
    ]

    told = factory.rehearse("2026-01-01", "2026-02-01", QUICK)

    assert column(told["runs"], "window_start", "window_end", "due", "started") == [
        (*map(format_instant, (w.start, w.end, trigger.due_at(w), trigger.due_at(w))),) for w in expected
    ]


def test_the_ends_of_the_span_are_half_open(factory: SmallFactory) -> None:
    factory.pipeline("p")
    factory.schedule("t", "p", {"frequency": "Day", "interval": 1, "startTime": "2026-01-01T00:00:00Z"})

    told = factory.rehearse("2026-02-01", "2026-02-03", QUICK)

    assert column(told["runs"], "due") == ["2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z"]


def test_what_began_within_the_span_is_followed_to_its_end(factory: SmallFactory) -> None:
    factory.pipeline("p")
    factory.schedule("t", "p", {"frequency": "Day", "interval": 1, "startTime": "2026-01-01T23:00:00Z"})

    told = factory.rehearse("2026-02-01", "2026-02-02", StandIn(minutes=Minutes(600)))

    assert column(told["runs"], "ended", "status") == [("2026-02-02T09:00:00Z", "Succeeded")]


def test_triggers_that_are_new_run_what_is_past(factory: SmallFactory) -> None:
    """Otherwise they have long been running, and it has succeeded."""
    factory.pipeline("p")
    factory.tumbling("t", "p", "2026-01-01T00:00:00Z")

    settled = factory.rehearse("2026-01-05", "2026-01-06", HALF_AN_HOUR)
    new = factory.rehearse("2026-01-05", "2026-01-06", HALF_AN_HOUR, as_new=True)

    assert column(settled["runs"], "window_start") == ["2026-01-04T00:00:00Z"]
    assert column(new["runs"], "window_start", "started") == [
        ("2026-01-01T00:00:00Z", "2026-01-05T00:00:00Z"),
        ("2026-01-02T00:00:00Z", "2026-01-05T00:30:00Z"),
        ("2026-01-03T00:00:00Z", "2026-01-05T01:00:00Z"),
        ("2026-01-04T00:00:00Z", "2026-01-05T01:30:00Z"),
    ]


# ------------------------------------------------------------------------------------------- who waits


def test_a_window_waits_for_those_it_depends_on(factory: SmallFactory) -> None:
    """For the last of its day's hours, here; what lay before the span has succeeded."""
    factory.pipeline("clean")
    factory.pipeline("score")
    factory.tumbling("hourly", "clean", "2026-01-01T00:00:00Z", 1)
    factory.tumbling("daily", "score", "2026-01-01T00:00:00Z", dependsOn=[on_trigger("hourly")])

    told = factory.rehearse("2026-01-05", "2026-01-06T06:00:00", HALF_AN_HOUR)

    daily = [run for run in told["runs"] if run["trigger"] == "daily"]
    assert column(daily, "window_start", "started") == [
        ("2026-01-04T00:00:00Z", "2026-01-05T00:30:00Z"),
        ("2026-01-05T00:00:00Z", "2026-01-06T00:30:00Z"),
    ]
    assert daily[1]["waited_for"] == [{"trigger": "hourly", "window_start": "2026-01-05T23:00:00Z"}]


def test_a_failed_window_stops_all_that_follow_it(factory: SmallFactory) -> None:
    """Each waits for the one before; after 7 days it has failed itself."""
    factory.pipeline("p")
    factory.tumbling("t", "p", "2026-01-01T00:00:00Z", dependsOn=[on_itself("-1.00:00:00")])
    fails = StandIn(
        minutes=Minutes(5), fails_when="@equals(pipeline().parameters.window, '2026-01-06T00:00:00Z')"
    )

    told = factory.rehearse("2026-01-06", "2026-01-16", fails)

    assert column(told["runs"], "window_start", "status") == [
        ("2026-01-05T00:00:00Z", "Succeeded"),
        ("2026-01-06T00:00:00Z", "Failed"),
    ]
    assert column(told["not_run"], "window_start", "status") == [
        ("2026-01-07T00:00:00Z", "Failed"),
        *((f"2026-01-{day:02}T00:00:00Z", "Waiting") for day in range(8, 15)),
    ]
    assert "7 days" in told["not_run"][0]["why"]


def test_windows_of_a_trigger_take_turns(factory: SmallFactory) -> None:
    factory.pipeline("p")
    factory.tumbling("t", "p", "2026-01-01T00:00:00Z", 1)

    told = factory.rehearse("2026-01-02", "2026-01-02T02:00:00", StandIn(minutes=Minutes(90)))

    assert column(told["runs"], "due", "started", "waited_for") == [
        ("2026-01-02T00:00:00Z", "2026-01-02T00:00:00Z", []),
        ("2026-01-02T01:00:00Z", "2026-01-02T01:30:00Z", []),
    ]


def test_a_pipelines_concurrency_queues_its_runs(factory: SmallFactory) -> None:
    factory.pipeline("p", concurrency=1)
    for name in ("a", "b"):
        factory.schedule(name, "p", {"frequency": "Day", "interval": 1, "startTime": "2026-01-01T00:00:00Z"})

    told = factory.rehearse("2026-02-01", "2026-02-02", HALF_AN_HOUR)

    assert column(told["runs"], "started", "launched", "ended") == [
        ("2026-02-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-02-01T00:30:00Z"),
        ("2026-02-01T00:00:00Z", "2026-02-01T00:30:00Z", "2026-02-01T01:00:00Z"),
    ]


def test_ml_runs_wait_for_nodes_in_the_order_of_their_coming(factory: SmallFactory) -> None:
    """A small one does not overtake a large one, which would never begin."""
    for number, nodes in enumerate((1, 2, 1)):
        factory.pipeline(f"p{number}", ml_activity(f"on_{nodes}"))
        recurrence = {"frequency": "Day", "interval": 1, "startTime": f"2026-01-01T00:0{number}:00Z"}
        factory.schedule(f"t{number}", f"p{number}", recurrence)
    stand_ins = [StandIn(activity=f"on_{nodes}", minutes=Minutes(30), nodes=nodes) for nodes in (1, 2)]

    told = factory.rehearse("2026-02-01", "2026-02-02", *stand_ins, nodes=2)

    assert [(one["asked"][11:16], one["began"][11:16]) for run in told["runs"] for one in run["ml"]] == [
        ("00:00", "00:00"),
        ("00:01", "00:30"),
        ("00:02", "01:00"),
    ]


def test_a_thousand_models_at_midnight_do_not_wait_for_each_other(factory: SmallFactory) -> None:
    """As many activities reach outside at one time as a region lets; a laptop serves fewer."""
    factory.pipeline("p")
    for number in range(60):
        recurrence = {"frequency": "Day", "interval": 1, "startTime": "2026-01-01T00:00:00Z"}
        factory.schedule(f"t{number}", "p", recurrence)

    told = factory.rehearse("2026-02-01", "2026-02-02", HALF_AN_HOUR)

    assert column(told["runs"], "ended") == ["2026-02-01T00:30:00Z"] * 60


# ------------------------------------------------------------------------------------------- what fails


def test_an_activity_is_tried_again_and_ends_at_its_time_limit(factory: SmallFactory) -> None:
    """The policy's own seconds, on the virtual clock."""
    factory.pipeline("p", ml_activity("score", timeout="0.01:00:00", retry=1, retryIntervalInSeconds=600))
    factory.schedule("t", "p", {"frequency": "Day", "interval": 1, "startTime": "2026-01-01T00:00:00Z"})

    told = factory.rehearse("2026-02-01", "2026-02-02", StandIn(minutes=Minutes(90), nodes=1))

    (run,) = told["runs"]
    assert (run["ended"], run["status"], run["retried"]) == ("2026-02-01T02:10:00Z", "Failed", ["score"])
    assert "timed out after 1:00:00" in run["error"]
    assert column(run["ml"], "began", "ended") == [
        ("2026-02-01T00:00:00Z", "2026-02-01T01:00:00Z"),
        ("2026-02-01T01:10:00Z", "2026-02-01T02:10:00Z"),
    ]


def test_a_window_that_failed_is_tried_again(factory: SmallFactory) -> None:
    """As often, and after as long, as the trigger's retryPolicy says."""
    factory.pipeline("p")
    factory.tumbling("t", "p", "2026-01-01T00:00:00Z", retryPolicy={"count": 2, "intervalInSeconds": 900})

    told = factory.rehearse(
        "2026-01-02", "2026-01-02T02:00:00", StandIn(minutes=Minutes(5), fails_percent=100)
    )

    assert column(told["runs"], "attempt", "started", "status") == [
        (1, "2026-01-02T00:00:00Z", "Failed"),
        (2, "2026-01-02T00:20:00Z", "Failed"),
        (3, "2026-01-02T00:40:00Z", "Failed"),
    ]


def test_an_expression_that_fails_in_the_factory_fails_here(factory: SmallFactory) -> None:
    """Though nothing is sent to Azure ML."""
    broken = ml_activity("score")
    broken["typeProperties"]["mlPipelineParameters"]["window"] = "@convertToUtc('no time', 'UTC')"
    factory.pipeline("p", broken)
    factory.schedule("t", "p", {"frequency": "Day", "interval": 1, "startTime": "2026-01-01T00:00:00Z"})

    (run,) = factory.rehearse("2026-02-01", "2026-02-02", QUICK)["runs"]

    assert run["status"] == "Failed"
    assert "The expression cannot be evaluated" in run["error"]


def test_a_child_pipeline_belongs_to_its_parents_fire(factory: SmallFactory) -> None:
    child = {"pipeline": {"referenceName": "child", "type": "PipelineReference"}, "waitOnCompletion": True}
    factory.pipeline("parent", {"name": "run_child", "type": "ExecutePipeline", "typeProperties": child})
    factory.pipeline("child")
    factory.schedule("t", "parent", {"frequency": "Day", "interval": 1, "startTime": "2026-01-01T00:00:00Z"})

    told = factory.rehearse("2026-02-01", "2026-02-02", HALF_AN_HOUR)

    assert column(told["runs"], "pipeline", "parent", "trigger", "ended") == [
        ("child", "parent", "t", "2026-02-01T00:30:00Z"),
        ("parent", None, "t", "2026-02-01T00:30:00Z"),
    ]


# ------------------------------------------------------------------------------------------- chance

DRAWN = StandIn(minutes=Minutes(20, spread=0.6), fails_percent=20, nodes=1)


def drawn_month(factory: SmallFactory, seed: int) -> str:
    return json.dumps(factory.rehearse("2026-03-01", "2026-04-01", DRAWN, seed=seed, nodes=1))


def test_the_same_seed_is_the_same_bytes(factory: SmallFactory) -> None:
    """Ids of runs are random in the factory: none is told, not even in an error."""
    naming = {
        "name": "no",
        "type": "Fail",
        "typeProperties": {"message": "@pipeline().RunId", "errorCode": "1"},
    }
    naming["dependsOn"] = [{"activity": "score", "dependencyConditions": ["Failed"]}]
    factory.pipeline("p", ml_activity("score"), naming)
    factory.tumbling("a", "p", "2026-01-01T00:00:00Z", 6, retryPolicy={"count": 1, "intervalInSeconds": 60})
    factory.tumbling("b", "p", "2026-01-01T00:00:00Z", 24, dependsOn=[on_trigger("a")])

    first, again, other = drawn_month(factory, 1), drawn_month(factory, 1), drawn_month(factory, 2)

    assert first == again
    assert first != other
    assert "Failed" in first


def test_another_schedule_leaves_the_draws_of_one_as_they_are(factory: SmallFactory) -> None:
    """So two rehearsals differ in what was changed, and not in luck."""

    def took() -> list[Any]:
        told = factory.rehearse("2026-03-01", "2026-04-01", DRAWN)
        return [(run["due"], run["ended"], run["status"]) for run in told["runs"] if run["trigger"] == "a"]

    factory.pipeline("p")
    factory.tumbling("a", "p", "2026-01-01T00:00:00Z", 6)
    alone = took()
    factory.schedule("b", "p", {"frequency": "Hour", "interval": 1, "startTime": "2026-01-01T00:00:00Z"})

    assert took() == alone
