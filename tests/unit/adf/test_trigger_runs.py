"""Which window a trigger run is of, and what became of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adf.trigger_runs import newest
from adf.windows import Window

START, END = datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)
ISO = {"windowStartTime": "2026-11-22T00:00:00Z", "windowEndTime": "2026-11-23T00:00:00Z"}
AMERICAN = {"windowStartTime": "11/22/2026 12:00:00 AM", "windowEndTime": "11/23/2026 12:00:00 AM"}


def trigger_run(run_id: str = "r-1", status: str = "Failed", at: int = 1, **further: object) -> dict:
    return {
        "triggerRunId": run_id,
        "triggerName": "tr_score_churn_daily",
        "triggerRunTimestamp": f"2026-11-23T00:00:{at:02}.1234567Z",
        "status": status,
        "message": "no",
        "properties": {"TriggerTime": "x", **ISO},
        "triggeredPipelines": {"score_churn": "run-1"},
        **further,
    }


@pytest.mark.parametrize("said", [{"properties": ISO}, {"properties": AMERICAN}, {"runDimension": ISO}])
def test_a_window_is_known_in_whichever_form_it_is_said(said):
    """As the local Azure writes it, as the service's examples write times, and as a dimension."""
    run = newest([trigger_run(**{"properties": {}, **said})])[START]

    assert run.window == Window(START, END)
    assert (run.trigger, run.run_id, run.pipeline_run) == ("tr_score_churn_daily", "r-1", "run-1")


def test_a_run_without_a_window_is_nobodys():
    """A schedule trigger's; and one whose window nobody can read."""
    unreadable = {"windowStartTime": "yesterday", "windowEndTime": "today"}

    assert newest([trigger_run(properties={}), trigger_run(properties=unreadable)]) == {}


@pytest.mark.parametrize("order", [1, -1])
def test_of_a_windows_runs_the_newest_counts(order):
    """Whatever order they are listed in."""
    runs = [trigger_run("old", at=1), trigger_run("new", "Succeeded", at=2)]

    assert newest(runs[::order])[START].run_id == "new"


@pytest.mark.parametrize(
    ("said", "status", "goes_on"),
    [
        ("Succeeded", "Succeeded", False),
        ("Failed", "Failed", False),
        ("Canceled", "Cancelled", False),
        ("Cancelled", "Cancelled", False),
        ("Inprogress", "Inprogress", True),
        ("WaitingOnDependency", "Inprogress", True),
    ],
)
def test_what_is_not_over_goes_on(said, status, goes_on):
    """Under whatever word the service has for it."""
    run = newest([trigger_run(status=said)])[START]

    assert (run.status, run.goes_on) == (status, goes_on)
