"""Runs in their order, and what a run and its receipt say together."""

from __future__ import annotations

import json

import pytest

from adf.errors import NotFound, Unreachable
from adf.windows import Grid
from deployment.errors import LakeError, LockLostError, NothingDeployedError
from deployment.report import run_document, run_errors, run_table
from deployment.runs import Runner, RunOrder, first_error, scoring_request, training_request
from deployment.windows_said import window_of
from ml_pipelines.steps.check_results import judged, whole
from tests.unit.deployment.fakes import FakeLake, Told

DAY = Grid.parse("day")
TRAINING = RunOrder(training_request("churn"))


class Factory:
    """Runs that pass through the states they are given."""

    def __init__(self, *states: str, activities: list[dict] | None = None) -> None:
        self.states = list(states)
        self.activities = activities or []
        self.created: list[tuple[str, dict]] = []

    def create_run(self, pipeline: str, parameters: dict) -> str:
        self.created.append((pipeline, parameters))
        return "run-1"

    def run(self, run_id: str) -> dict:
        status = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {
            "runId": run_id,
            "runGroupId": "group-1",
            "pipelineName": self.created[-1][0],
            "parameters": self.created[-1][1],
            "status": status,
        }

    def activity_runs(self, _: str) -> list[dict]:
        return self.activities


RECEIPT = {
    "status": "committed",
    "group_id": "group-1",
    "adf_run_id": "run-1",
    "ml_run_id": "ml-1",
    "model": "churn",
    "window_start": "2026-11-22T00:00:00Z",
    "window_end": "2026-11-23T00:00:00Z",
    "rows_in": 10,
    "rows_scored": 9,
    "rows_quarantined": 1,
    "path": "predictions/churn/window=2026-11-22T00-00-00Z/predictions.parquet",
    "error": "",
}


def lake_with(**changes: object) -> FakeLake:
    return FakeLake({"_landing/churn/_runs/group-1.json": json.dumps(RECEIPT | changes).encode()})


def runner(factory: Factory, lake: FakeLake) -> Runner:
    return Runner(factory, lake, Told(), "dev", 0.0)


def score() -> RunOrder:
    return RunOrder(scoring_request("churn", window_of("2026-11-22", DAY)))


def test_a_run_is_created_once_waited_for_and_joined_with_its_receipt():
    """Data Factory says how it ended, the receipt of the run group says what landed."""
    factory = Factory("Queued", "InProgress", "Succeeded")

    (report,) = runner(factory, lake_with()).run_all([score()])

    parameters = {"window_start": "2026-11-22T00:00:00Z", "window_end": "2026-11-23T00:00:00Z"}
    assert factory.created == [("score_churn", parameters)]
    assert (report.status, report.ml_run_id, report.adf_run_id) == ("Succeeded", "ml-1", "run-1")
    assert (report.rows_in, report.rows_scored, report.rows_quarantined) == (10, 9, 1)
    assert report.output == RECEIPT["path"]


def test_the_receipts_error_says_more_than_the_activity():
    """A step's own words, where it left some."""
    lake = lake_with(status="failed", error="patients.csv has no column bmi")

    report = runner(Factory("Failed"), lake).run(score())

    assert report.error == "churn, window 2026-11-22T00-00-00Z: patients.csv has no column bmi"


def trained(**changes: object) -> FakeLake:
    """The receipt of a training run: no window, no path, no row."""
    nothing = {"window_start": "", "window_end": "", "path": "", "rows_in": 0, "rows_scored": 0}
    return lake_with(**{**nothing, "rows_quarantined": 0, **changes})


def test_a_training_run_says_its_ml_run_and_the_version_that_it_registered():
    """Rows, which it has none of, are not known rather than 0."""
    report = runner(Factory("Succeeded"), trained(model_version="3")).run(TRAINING)

    assert (report.ml_run_id, report.model_version, report.output) == ("ml-1", "3", "version 3")
    assert (report.window_start, report.rows_in, report.error) == (None, None, None)


def test_a_training_run_that_failed_names_the_cause():
    """The script's own words, not the sentence that Azure has for every failure."""
    said = "churn: train.py failed: exit code 1; its last line: alpha is negative"
    generic = [{"activityName": "train", "status": "Failed", "error": {"message": "ML pipeline failed"}}]

    report = runner(Factory("Failed", activities=generic), trained(status="failed", error=said)).run(TRAINING)

    assert (report.error, report.output) == (said, None)


def test_a_training_run_says_what_the_gate_decided_and_where_its_report_is():
    """In the run's document, and beside the version in the table; its checks are the gate's."""
    checks = whole([judged("metrics.r2", "0.3", ">= 0.4", passed=False)])
    receipt = trained(
        status="failed", model_version="4", decision="refused", report="r.html", error="no", checks=checks
    )

    found = runner(Factory("Failed"), receipt).run(TRAINING)

    assert run_table([found]).rows[0][3] == "4 refused"
    assert {name: run_document(found)[name] for name in ("output", "decision", "gate_report", "checks")} == {
        "output": "version 4",
        "decision": "refused",
        "gate_report": "r.html",
        "checks": [{"check": "metrics.r2", "outcome": "failed", "found": "0.3", "allowed": ">= 0.4"}],
    }


def test_a_training_step_that_was_killed_leaves_the_factorys_words():
    """Nobody could write the receipt: it is still `started`."""
    killed = [{"activityName": "train", "status": "Failed", "error": {"message": "exit code -9"}}]

    report = runner(Factory("Failed", activities=killed), trained(status="started")).run(TRAINING)

    assert (report.error, report.ml_run_id) == ("churn: train: exit code -9", "ml-1")


def test_without_a_receipt_the_first_failed_activity_is_the_reason():
    """What fails after it is only a consequence."""
    activities = [
        {"activityName": "fail_score", "status": "Failed", "activityRunEnd": "2", "error": {"message": "so"}},
        {
            "activityName": "score",
            "status": "Failed",
            "activityRunEnd": "1",
            "error": {"message": "no compute"},
        },
        {"activityName": "other", "status": "Succeeded", "activityRunEnd": "0", "error": {"message": ""}},
    ]

    report = runner(Factory("Failed", activities=activities), FakeLake()).run(score())

    assert report.error == "churn, window 2026-11-22T00-00-00Z: score: no compute"
    assert first_error([]) is None


PLACE = "churn, window 2026-11-22T00-00-00Z: "


def test_a_receipt_that_names_its_place_is_told_as_it_stands():
    """The error always names model and window, and once only."""
    said = f"{PLACE}a.csv: score.py run() raised KeyError: 'age'"

    assert runner(Factory("Failed"), lake_with(status="failed", error=said)).run(score()).error == said


class RefusingLake(FakeLake):
    def read(self, path: str) -> bytes | None:  # noqa: ARG002 - whatever it is
        raise LakeError("the lake refused it", hint="ask for a role")


@pytest.mark.parametrize(
    ("unreadable", "said"),
    [
        (RefusingLake(), "its receipt cannot be read: the lake refused it (ask for a role)"),
        (FakeLake({"_landing/churn/_runs/group-1.json": b"{"}), "_runs/group-1.json is damaged: "),
    ],
)
def test_a_receipt_that_cannot_be_read_hides_no_run(unreadable, said):
    """What Data Factory says is worth telling without it."""
    failed = [{"activityName": "score", "status": "Failed", "error": {"message": "no compute"}}]

    report = runner(Factory("Failed", activities=failed), unreadable).run(score())

    assert (report.status, report.adf_run_id) == ("Failed", "run-1")
    assert report.error.startswith(f"{PLACE}score: no compute; ")
    assert said in report.error


class Dying(Factory):
    """Data Factory that answers no more once a run has been looked at."""

    def run(self, run_id: str) -> dict:
        if not self.states:
            raise Unreachable("read run", "connection refused", sent=False)
        return super().run(run_id) | {"status": self.states.pop()}


def test_a_run_that_cannot_be_watched_any_more_is_reported_and_nothing_more_is_started():
    """It may go on: its id and its last known status are in the table, and the exit code is 1."""
    factory = Dying("InProgress")
    watching = runner(factory, FakeLake())

    begun, other = watching.run(score()), watching.run(score())

    assert (begun.status, begun.adf_run_id) == ("InProgress", "run-1")
    assert begun.error.startswith(f"{PLACE}lost sight of it: no answer from Azure")
    assert (other.status, other.adf_run_id, other.succeeded) == ("NotStarted", None, False)
    assert other.error.startswith(f"{PLACE}not started: no answer from Azure")
    assert len(factory.created) == 1


@pytest.mark.parametrize(
    "lost", [Unreachable("run pipeline", "refused", sent=False), LockLostError("running windows in dev")]
)
def test_what_has_ended_is_reported_though_nothing_more_can_be_started(lost):
    """Azure does not answer, or somebody else may be starting the same by now: one window after the other."""
    factory, asked = Factory("Succeeded"), iter([None, lost])
    one_by_one = Runner(factory, lake_with(), Told(), "dev", 0.0, lambda: _raised(next(asked)))
    days = [scoring_request("churn", window_of(day, DAY)) for day in ("2026-11-22", "2026-11-23")]

    ended, other = one_by_one.run_all([RunOrder(each) for each in days], at_once=1)

    assert (ended.status, other.status) == ("Succeeded", "NotStarted")
    assert str(lost) in (other.error or "")
    assert len(factory.created) == 1
    (line,) = run_errors([ended, other])
    assert line.text.startswith("score_churn: churn, window 2026-11-23T00-00-00Z: not started: ")


def _raised(error: Exception | None) -> None:
    if error is not None:
        raise error


def test_a_pipeline_that_is_not_deployed_is_said_to_be_so():
    """With the command that deploys it."""
    factory = Factory("Queued")
    factory.create_run = _refuse

    with pytest.raises(NothingDeployedError) as raised:
        runner(factory, FakeLake()).run(score())
    assert raised.value.hint == "python deploy.py --env dev"


def _refuse(_pipeline: str, _parameters: dict) -> str:
    raise NotFound("run pipeline", status=404, code="NotFound", message="no such pipeline", correlation_id="")
