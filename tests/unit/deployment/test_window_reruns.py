"""A window that a tumbling trigger has run is run again by that trigger, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adf.errors import AccessDenied, Unreachable
from adf.trigger_runs import newest
from adf.windows import Grid
from deployment.resources import Owner
from deployment.runs import Runner, RunOrder, scoring_request
from deployment.window_reruns import Rerun, of_pipelines, of_window
from deployment.windows_said import window_of
from tests.unit.deployment.fakes import FakeLake, Live, Told

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WINDOW = window_of("2026-11-22", Grid.parse("day"))
OWNER = Owner("shop", "prod")
DENIED = AccessDenied("rerun", status=403, code="AuthorizationFailed", message="no", correlation_id="")


def trigger_run(status: str, pipeline_run: str | None = "run-1", message: str = "") -> dict[str, Any]:
    return {
        "triggerRunId": "t-1",
        "triggerName": "tr_score_churn_daily",
        "triggerRunTimestamp": "2026-11-23T00:00:01.0000000Z",
        "status": status,
        "message": message,
        "properties": {"windowStartTime": "2026-11-22T00:00:00Z", "windowEndTime": "2026-11-23T00:00:00Z"},
        "triggeredPipelines": {} if pipeline_run is None else {"score_churn": pipeline_run},
    }


class Azure:
    """The window's trigger run and its pipeline runs, as scripted: each look of a trigger run is the next."""

    def __init__(self, *trigger_runs: dict[str, Any], runs: dict[str, list[str]], lost: bool = False) -> None:
        self.trigger = list(trigger_runs)
        self.states = runs
        self.reruns: list[tuple[str, str]] = []
        self.lost = lost
        self.refusal: Exception | None = None

    def now(self) -> datetime:
        return NOW

    def trigger_runs(self, after: datetime, before: datetime, **equal: str) -> list[dict[str, Any]]:
        assert equal == {"TriggerName": "tr_score_churn_daily"}
        at = datetime(2026, 11, 23, 0, 0, 1, tzinfo=UTC)
        if not after <= at <= before:
            return []
        return [self.trigger.pop(0) if len(self.trigger) > 1 else self.trigger[0]]

    def rerun_window(self, trigger: str, trigger_run_id: str) -> None:
        self.reruns.append((trigger, trigger_run_id))
        if self.refusal is not None:
            raise self.refusal
        if self.lost:
            raise Unreachable("rerun", "connection reset", sent=True)

    def create_run(self, pipeline: str, parameters: dict[str, str]) -> str:
        raise AssertionError(pipeline, parameters)

    def activity_runs(self, _: str) -> list[dict[str, Any]]:
        return []

    def run(self, run_id: str) -> dict[str, Any]:
        states = self.states[run_id]
        return {
            "runId": run_id,
            "pipelineName": "score_churn",
            "parameters": dict(scoring_request("churn", WINDOW).parameters),
            "status": states.pop(0) if len(states) > 1 else states[0],
            "invokedBy": {"name": "tr_score_churn_daily", "invokedByType": "TumblingWindowTrigger"},
        }


def order(before: dict[str, Any]) -> RunOrder:
    return RunOrder(scoring_request("churn", WINDOW), of_trigger=newest([before])[WINDOW.start])


def runner(azure: Azure) -> Runner:
    return Runner(azure, FakeLake(), Told(), "prod", 0.0)


FAILED = trigger_run("Failed", "run-1", "no input")


def test_the_trigger_runs_its_window_again_and_the_new_run_is_what_is_reported():
    """Not the one of before, which the trigger run goes on to name until the new one has begun."""
    azure = Azure(
        trigger_run("Inprogress"),
        trigger_run("Inprogress", "run-2"),
        trigger_run("Succeeded", "run-2"),
        runs={"run-2": ["InProgress", "Succeeded"]},
    )

    (report,) = runner(azure).run_all([order(FAILED)])

    assert azure.reruns == [("tr_score_churn_daily", "t-1")]
    assert (report.status, report.adf_run_id, report.trigger) == (
        "Succeeded",
        "run-2",
        "tr_score_churn_daily",
    )


def test_a_window_that_is_tried_again_has_ended_with_its_last_try():
    """Data Factory retries it by the trigger's policy: the first failure is not the window's."""
    azure = Azure(
        trigger_run("Inprogress", "run-2"),
        trigger_run("Inprogress", "run-2"),
        trigger_run("Inprogress", "run-3"),
        trigger_run("Succeeded", "run-3"),
        runs={"run-2": ["Failed"], "run-3": ["Succeeded"]},
    )

    (report,) = runner(azure).run_all([order(FAILED)])

    assert (report.status, report.adf_run_id, len(azure.reruns)) == ("Succeeded", "run-3", 1)


def test_a_window_that_the_trigger_runs_already_is_waited_for():
    """Nobody asks for a second run of it."""
    azure = Azure(trigger_run("Succeeded"), runs={"run-1": ["InProgress", "Succeeded"]})

    (report,) = runner(azure).run_all([order(trigger_run("Inprogress"))])

    assert (azure.reruns, report.status, report.adf_run_id) == ([], "Succeeded", "run-1")


@pytest.mark.parametrize(
    "heard", [trigger_run("Inprogress"), trigger_run("Succeeded", "run-2")], ids=["goes on", "is over"]
)
def test_an_answer_that_got_lost_is_looked_for_and_nothing_is_asked_twice(heard):
    """The trigger run tells whether Azure heard it."""
    azure = Azure(heard, trigger_run("Succeeded", "run-2"), runs={"run-2": ["Succeeded"]}, lost=True)

    (report,) = runner(azure).run_all([order(FAILED)])

    assert (len(azure.reruns), report.status) == (1, "Succeeded")


def test_a_request_that_was_never_heard_is_an_error_and_nothing_runs():
    """The trigger run is as it was."""
    azure = Azure(FAILED, runs={}, lost=True)

    with pytest.raises(Unreachable, match="connection reset"):
        runner(azure).run_all([order(FAILED)])
    assert len(azure.reruns) == 1


def test_a_refusal_is_an_error_unless_somebody_else_was_faster():
    """A window that is under way cannot be rerun: theirs is waited for."""
    refused = Azure(FAILED, runs={})
    faster = Azure(
        trigger_run("Inprogress", "run-2"), trigger_run("Succeeded", "run-2"), runs={"run-2": ["Succeeded"]}
    )
    refused.refusal = faster.refusal = DENIED

    with pytest.raises(AccessDenied):
        runner(refused).run_all([order(FAILED)])
    assert runner(faster).run_all([order(FAILED)])[0].adf_run_id == "run-2"


def test_a_trigger_that_gives_up_before_there_is_a_run_says_why():
    """As after seven days of waiting for another window: the report has no run, and the trigger's words."""
    gave_up = trigger_run("Failed", "run-1", "Its dependencies were not met within 7 days.")

    (report,) = runner(Azure(gave_up, runs={})).run_all([order(FAILED)])

    assert (report.status, report.adf_run_id) == ("Failed", None)
    assert report.error == "churn, window 2026-11-22T00-00-00Z: Its dependencies were not met within 7 days."


def test_a_rerun_that_nobody_takes_up_fails_after_some_patience():
    """Queries may lag behind; a trigger run that stays as it was was never run again."""
    seconds = [0.0]
    before = newest([FAILED])[WINDOW.start]
    rerun = Rerun(Azure(FAILED, runs={}), "score_churn", {}, before, lambda: seconds[-1])
    rerun.ask()

    assert rerun.look()["status"] == "Queued"
    seconds.append(180.0)
    assert rerun.look() | {"invokedBy": None} == {
        "runId": "",
        "pipelineName": "score_churn",
        "parameters": {},
        "status": "Failed",
        "message": "tr_score_churn_daily did not run it again: no input",
        "invokedBy": None,
    }


@pytest.mark.parametrize(("seen", "run_id"), [("run-2", "run-2"), ("run-1", None)])
def test_who_does_not_wait_is_told_the_run_where_it_begins_at_once(seen, run_id):
    """And that the trigger has it where it does not."""
    azure = Azure(trigger_run("Inprogress", seen), runs={"run-1": ["Failed"], "run-2": ["Queued"]})

    report = runner(azure).start(order(FAILED))

    assert (report.status, report.adf_run_id, report.trigger) == ("Queued", run_id, "tr_score_churn_daily")
    assert len(azure.reruns) == 1


# ------------------------------------------------------------------------------------------- whose it is


def tumbling(**changed: Any) -> Live:
    properties = {
        "type": "TumblingWindowTrigger",
        "annotations": OWNER.annotations,
        "pipeline": {"pipelineReference": {"referenceName": "score_churn"}},
        "runtimeState": "Started",
        **changed,
    }
    return Live("trigger", "tr_score_churn_daily", properties, "e")


class Listed(Azure):
    def __init__(self, run: dict[str, Any], *triggers: Live) -> None:
        super().__init__(run, runs={})
        self.listed = triggers

    def list(self, kind: str) -> tuple[Live, ...]:
        assert kind == "trigger"
        return self.listed


@pytest.mark.parametrize(
    ("run", "changed", "is_its"),
    [
        (FAILED, {}, True),
        (trigger_run("Inprogress"), {}, True),
        (FAILED, {"runtimeState": "Stopped"}, True),
        (trigger_run("Inprogress"), {"runtimeState": "Stopped"}, False),
        (FAILED, {"annotations": ["project:shop"]}, False),
        (FAILED, {"pipeline": {"pipelineReference": {"referenceName": "score_fraud"}}}, False),
    ],
    ids=["over", "going on", "stopped", "stopped in the middle", "not ours", "of another model"],
)
def test_a_window_is_a_triggers_where_that_has_run_it(run, changed, is_its):
    """Where it is ours; what a stopped one left waiting may wait for ever, and is nobody's."""
    found = of_pipelines(Listed(run, tumbling(**changed)), OWNER, {"score_churn": WINDOW.end}, NOW)

    assert (of_window(found["score_churn"], WINDOW) is not None) == is_its


def test_a_window_to_come_is_nobodys():
    """Nothing is asked of a time that has not been."""
    found = of_pipelines(Listed(FAILED, tumbling()), OWNER, {"score_churn": NOW + timedelta(days=1)}, NOW)

    assert found == {"score_churn": {}}
